"""The country that a host's top-level domain stands for."""

from __future__ import annotations

UNKNOWN = "UN"  # the country of a site that does not tell it
# Country-code domains sold worldwide.
_SOLD = frozenset(("ag", "ai", "am", "cc", "co", "fm", "gg", "io", "la", "me", "nu", "sh", "so", "st", "tv", "ws"))
_NOT_ISO = {"uk": "GB"}


def country(host: str) -> str:
    """The country of a host by its top-level domain, two capitals, mostly of ISO 3166-1; UN if that is of no country,
    or sold worldwide."""
    end = host.rpartition(".")[2].lower()
    return _NOT_ISO.get(end, end.upper()) if len(end) == 2 and end.isalpha() and end not in _SOLD else UNKNOWN
