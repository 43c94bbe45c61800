"""The time zone in which a page shows times to its readers, if its metadata is in UTC.

An American article of 2 a.m. UTC is from the day before: the page's URL and the time it shows tell so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import urlsplit

_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2})[:h.](\d{2})(?::\d{2})?(?![\d:.])\s?(?:(a|p)\.?m\b)?", re.IGNORECASE)
_DAY = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?:(?P<s>[/_-])(?P<m>0?[1-9]|1[0-2]|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})"
    r"(?P=s)(?P<d>0?[1-9]|[12]\d|3[01])|(?P<mm>0[1-9]|1[0-2])(?P<dd>0[1-9]|[12]\d|3[01]))(?!\d)",
    re.IGNORECASE,
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)  # https://www.iana.org/time-zones: the extreme zones
_NEAREST = (timedelta(hours=-8), timedelta(hours=12))  # limits if only the day is known: most people live between them
_LINE = 120  # maximum characters of a line with a time
_HOUR = timedelta(hours=1)
# From UTC, that zones have
_HALF_HOURS = frozenset(timedelta(hours=h) for h in (-9.5, -3.5, -2.5, 3.5, 4.5, 5.5, 6.5, 9.5, 10.5))


def local(at: datetime, day: date | None, lines: Iterable[str]) -> tuple[datetime, str] | None:
    """The time in the page's own time zone and how that is known; None if the page does not show it.

    `at` is in UTC. A time of day in `lines`, those near the headline, that differs from it as a zone does tells that
    zone, and the same time that the page shows UTC; else `day`, from the page's URL or text, if it is the day before or
    after: then the nearest zone with that day is used."""
    offsets = [offset for line in lines if len(line) <= _LINE for offset in _offsets(at, line)]
    fitting = [o for o in offsets if day is None or (at + o).date() == day]
    if fitting:
        return (at.astimezone(timezone(fitting[0])), "zone of the page") if all(fitting) else None
    offset = _towards(day, at) if day else None
    return (at.astimezone(timezone(offset)), "day of the page") if offset else None


def tells_time(line: str) -> bool:
    """Whether a line holds a time of day."""
    return len(line) <= _LINE and _CLOCK.search(line) is not None


def _offsets(at: datetime, line: str) -> Iterable[timedelta]:
    for match in _CLOCK.finditer(line):
        hour, minute = int(match[1]), int(match[2])
        if hour > 23 or minute > 59:
            continue
        if match[3]:
            hour = hour % 12 + (12 if match[3] in "pP" else 0)
        off = timedelta(hours=hour, minutes=minute) - timedelta(hours=at.hour, minutes=at.minute)
        for o in (off, off + timedelta(days=1), off - timedelta(days=1)):
            if _WEST <= o <= _EAST and (o % _HOUR == timedelta(0) or o in _HALF_HOURS):
                yield o


def day_of(url: str) -> date | None:
    """The day in the path of a URL; None if there are none or several."""
    try:
        found = _DAY.finditer(urlsplit(url).path)
        days = {date(int(m["y"]), _month(m["m"] or m["mm"]), int(m["d"] or m["dd"])) for m in found}
    except ValueError:
        return None
    return days.pop() if len(days) == 1 else None


def _month(said: str) -> int:
    return int(said) if said.isdigit() else _MONTHS.index(said[:3].lower()) + 1


def _towards(day: date, at: datetime) -> timedelta | None:
    """The smallest offset in whole hours that moves a time to `day`, the day before or after; None if out of range."""
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
    if day == at.date() - timedelta(days=1):
        offset = -timedelta(hours=(at - midnight) // timedelta(hours=1) + 1)
    elif day == at.date() + timedelta(days=1):
        offset = timedelta(hours=-((at - midnight - timedelta(days=1)) // timedelta(hours=1)))
    else:
        return None
    return offset if _NEAREST[0] <= offset <= _NEAREST[1] else None
