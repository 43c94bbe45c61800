"""Candidate: an article's address as a source gave it. What feeds are parsed into, the frontier keeps, and a page that
says nothing of itself falls back on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address and whatever its source said of the article there.

    `url` is canonical; `published` and `modified` are aware, in the zone that the source gave, or None; `language` is
    BCP 47.
    """

    url: str
    title: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
