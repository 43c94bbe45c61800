"""The zone in which a page tells its readers the time, where it tells machines the moment in UTC.

An American article of 2 a.m. UTC is of the day before: its page says so in its address, and in the clock it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import urlsplit

_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2})[:h.](\d{2})(?::\d{2})?(?![\d:.])\s?(?:(a|p)\.?m\b)?", re.IGNORECASE)
_DAY = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?:(?P<s>[/_-])(?P<m>0?[1-9]|1[0-2])(?P=s)(?P<d>0?[1-9]|[12]\d|3[01])"
    r"|(?P<mm>0[1-9]|1[0-2])(?P<dd>0[1-9]|[12]\d|3[01]))(?!\d)"
)
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)  # https://www.iana.org/time-zones: the first and last zones
_NEAREST = (timedelta(hours=-8), timedelta(hours=12))  # what a day alone may tell: most people live between these
_LINE = 120  # characters of a line that tells a time


def local(at: datetime, day: date | None, lines: Iterable[str]) -> tuple[datetime, str] | None:
    """The moment in the page's own zone and how that is known; None where the page does not show it.

    `at` is in UTC. A clock in `lines`, those near the headline, that differs from it by whole or half hours tells the
    zone; else `day`, that of the page's address or text, if it is one off: then it is the nearest zone in which that is
    the day."""
    offsets = [offset for line in lines if len(line) <= _LINE for offset in _offsets(at, line)]
    fitting = [o for o in offsets if day is None or (at + o).date() == day]
    if fitting:
        return (at.astimezone(timezone(fitting[0])), "zone of the page") if fitting[0] else None
    offset = _towards(day, at) if day else None
    return (at.astimezone(timezone(offset)), "day of the page") if offset else None


def _offsets(at: datetime, line: str) -> Iterable[timedelta]:
    for match in _CLOCK.finditer(line):
        hour, minute = int(match[1]), int(match[2])
        if hour > 23 or minute > 59:
            continue
        if match[3]:
            hour = hour % 12 + (12 if match[3] in "pP" else 0)
        off = timedelta(hours=hour, minutes=minute) - timedelta(hours=at.hour, minutes=at.minute)
        if off % timedelta(minutes=30) == timedelta(0):
            yield from (o for o in (off, off + timedelta(days=1), off - timedelta(days=1)) if _WEST <= o <= _EAST)


def day_of(url: str) -> date | None:
    """The day in the path of an address; None where it has none, or several."""
    try:
        found = _DAY.finditer(urlsplit(url).path)
        days = {date(int(m["y"]), int(m["m"] or m["mm"]), int(m["d"] or m["dd"])) for m in found}
    except ValueError:
        return None
    return days.pop() if len(days) == 1 else None


def _towards(day: date, at: datetime) -> timedelta | None:
    """The least whole number of hours that brings a moment to the day before or after."""
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
    if day == at.date() - timedelta(days=1):
        offset = -timedelta(hours=(at - midnight) // timedelta(hours=1) + 1)
    elif day == at.date() + timedelta(days=1):
        offset = timedelta(hours=-((at - midnight - timedelta(days=1)) // timedelta(hours=1)))
    else:
        return None
    return offset if _NEAREST[0] <= offset <= _NEAREST[1] else None
