"""Dates in feeds and sitemaps, as `crawler.extract.dates.reader` reads them.

Nothing is guessed. A time without a time zone counts only if the caller knows the zone; so does a day without a time,
which stands for its first instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from crawler.extract.dates import reader

YEARS = range(1990, 2100)  # dates before the web are placeholders (1970-01-01, 0001-01-01), 9999 means "never"

_DAY_END = timedelta(hours=23, minutes=59, seconds=59)
_NEXT = re.compile(r"[\s,;]+(?=\d{4}-\d)")  # between two dates in one field


def parse(text: str | None, zone: tzinfo | None = None, languages: tuple[str, ...] = ()) -> datetime | None:
    """An aware date in the time zone in which it was written, or None. `zone` applies to dates without one; `languages`
    (BCP 47) are the source's."""
    return _read(text or "", zone, languages)[0]


def latest(text: str | None, zone: tzinfo | None = None) -> datetime | None:
    """The last of the dates in a `lastmod`: generators write several."""
    return max((at for part in _NEXT.split(text or "") if (at := parse(part, zone))), default=None)


def bound(text: str | None, zone: tzinfo | None = None) -> datetime | None:
    """The latest instant that a `lastmod` can mean: the end of a day without a time; UTC without a time zone. For
    skipping unchanged documents, where too late costs a request and too early an article."""
    read = (_read(part, zone or UTC, ()) for part in _NEXT.split(text or ""))
    return max((at if timed else at + _DAY_END for at, timed in read if at), default=None)


def _read(text: str, zone: tzinfo | None, languages: tuple[str, ...]) -> tuple[datetime | None, bool]:
    """The date, and whether it has a time."""
    found, timed = reader.epoch(text, languages), True
    if found is None and (read := reader.read(text, languages, zone)):
        local = None if zone is None else read.at.replace(tzinfo=zone)
        found, timed = read.at if read.at.tzinfo else local, read.timed
    return (found if found and found.year in YEARS else None), timed
