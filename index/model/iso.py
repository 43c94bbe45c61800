"""The one form in which moments are written for programs."""

from __future__ import annotations

from datetime import datetime


def iso(moment: datetime) -> str:
    """A moment with a time zone in ISO 8601, as RFC 3339 narrows it: with its own UTC offset, which is Z for UTC."""
    return moment.isoformat().replace("+00:00", "Z")
