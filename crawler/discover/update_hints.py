"""The polling hints of a feed and its server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from crawler.scheduling.poll_interval import UpdateHints
from crawler.scheduling.reasons import HintSource

PERIODS = {  # minutes; sy:updatePeriod of https://web.resource.org/rss/1.0/modules/syndication/
    "hourly": 60.0, "daily": 1_440.0, "weekly": 10_080.0, "monthly": 43_200.0, "yearly": 525_600.0,
}  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HEADER_CHARACTERS = 20_000  # maximum characters of a feed's head, before its first entry
_ENTRY = re.compile(r"<(?:item|entry)\b", re.IGNORECASE)
_TTL = re.compile(r"<ttl>\s*(\d{1,6})\s*</ttl>", re.IGNORECASE)
_PERIOD = re.compile(r"<\w+:updatePeriod>\s*(\w+)\s*</", re.IGNORECASE)
_FREQUENCY = re.compile(r"<\w+:updateFrequency>\s*(\d{1,4})\s*</", re.IGNORECASE)
_SKIPPED = re.compile(r"<skip(Hours|Days)>(.{0,2000}?)</skip\1>", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r">\s*(\w+)\s*<")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})")


def read_hints(text: str, headers: Mapping[str, str]) -> UpdateHints | None:
    """The hints in the head of a feed (RSS 2.0's ttl, skipHours and skipDays; sy:updatePeriod) and in Cache-Control's
    max-age, with the longest of several intervals; None if there are none. `headers` have lower-case names."""
    entry = _ENTRY.search(text, 0, HEADER_CHARACTERS)
    head = text[: entry.start() if entry else HEADER_CHARACTERS]
    span, by = max(_spans(head, headers), default=(0.0, None), key=lambda said: said[0])
    hours, days = set(), set()
    for what, words in ((part[1].lower(), _WORD.findall(part[2])) for part in _SKIPPED.finditer(head)):
        if what == "hours":
            hours |= {int(word) % 24 for word in words if word.isdecimal() and int(word) <= 24}
        else:
            days |= {WEEKDAYS.index(word.lower()) for word in words if word.lower() in WEEKDAYS}
    found = UpdateHints(timedelta(minutes=span), by, frozenset(hours), frozenset(days))
    return None if found == UpdateHints() else found


def _spans(head: str, headers: Mapping[str, str]) -> Iterator[tuple[float, HintSource | None]]:
    """The suggested intervals in minutes, with their origins."""
    if ttl := _TTL.search(head):
        yield float(ttl[1]), HintSource.TTL
    period, often = _PERIOD.search(head), _FREQUENCY.search(head)
    if period and period[1].lower() in PERIODS:
        yield PERIODS[period[1].lower()] / max(1, int(often[1]) if often else 1), HintSource.UPDATE_PERIOD
    control = headers.get("cache-control", "").lower()
    if (age := _MAX_AGE.search(control)) and "no-cache" not in control:
        yield int(age[1]) / 60, HintSource.CACHE_CONTROL
