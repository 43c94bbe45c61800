"""Relative dates: `منذ ساعتين`, `2 hours ago`, `yesterday 10:30`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import zip_longest

from crawler.extract.dates import Dated, Place
from crawler.extract.dates.calendars import SCRIPT, data, folded

_TEXT_MAX_CHARS = 60  # maximum characters of a relative date
_MAX_DAYS = 30  # older articles are expected to have a date
_UNITS = ("minutes", "hours", "days")
_ARABIC_SCRIPT = ("ar", "fa", "ur", "ckb")


def relative(text: str, place: Place) -> Dated | None:
    """The time that a short text gives relative to `place.fetched`, with its precision: to the minute, hour or day."""
    text = folded(text).strip().lower()
    if not text or len(text) > _TEXT_MAX_CHARS:
        return None
    now = place.fetched.astimezone(place.zone)
    for pattern in _patterns(*_languages(text, place)):
        if match := pattern.search(text):
            return _before(now, match)
    return _day_and_clock(text, now)


def _languages(text: str, place: Place) -> tuple[str, ...]:
    own = [tag.split("-")[0] for tag in place.languages]
    if SCRIPT.search(text):
        return tuple(dict.fromkeys([n for n in own if n in _ARABIC_SCRIPT] + list(_ARABIC_SCRIPT)))
    return tuple(dict.fromkeys({"no": "da", "nb": "da"}.get(n, n) for n in [*own, "en"] if n not in _ARABIC_SCRIPT))


def _before(now: datetime, match: re.Match[str]) -> Dated | None:
    unit = next(name for name in _UNITS if match[name] or match[f"two_{name}"])
    number = 2 if match[f"two_{unit}"] else int(match["number"] or 1)
    length = timedelta(**{unit: number})
    if length > timedelta(days=_MAX_DAYS):
        return None
    at = (now - length).replace(second=0, microsecond=0)
    if unit == "days":
        return Dated(at.replace(hour=0, minute=0), "day only, relative")
    return Dated(at if unit == "minutes" else at.replace(minute=0), "relative")


def _day_and_clock(text: str, now: datetime) -> Dated | None:
    for name, days in (("today", 0), ("yesterday", 1)):
        if match := _day(name).fullmatch(text):
            hour, minute = int(match[1]), int(match[2])
            if hour < 24 and minute < 60:
                day = now - timedelta(days=days)
                at = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
                return Dated(at, "relative") if at <= now else None
    return None


@cache
def _day(name: str) -> re.Pattern[str]:
    words = "|".join(re.escape(folded(word).lower()) for word in data()[name].split("; "))
    return re.compile(rf"(?:{words})\W{{0,4}}(?:at |um |à |a las |الساعه )?(\d{{1,2}})[:.h](\d{{2}})(?: uhr)?")


@cache
def _patterns(*languages: str) -> list[re.Pattern[str]]:
    return [pattern for language in languages if language in data()["ago"] for pattern in _ways(language)]


def _ways(language: str) -> Iterator[re.Pattern[str]]:
    """The patterns of one language: with the word for "ago" before and after."""
    before, after, *units = ([folded(word).lower() for word in part.split("; ")] for part in data()["ago"][language])
    end = "" if language in ("zh", "ja") else r"(?!\w)"  # written without spaces
    ones = (f"(?P<{name}>(?:{'|'.join(unit)}){end})" for name, unit in zip(_UNITS, units, strict=False))
    pairs = units[3] if len(units) > 3 else []
    twos = (f"(?P<two_{name}>{word or '(?!)'}{end})" for name, word in zip_longest(_UNITS, pairs, fillvalue=""))
    amount = rf"(?:(?:(?P<number>\d{{1,3}})\s?)?(?:{'|'.join(ones)})|{'|'.join(twos)})"
    if before != [""]:
        yield re.compile(rf"(?<!\w)(?:{'|'.join(before)})\s{amount}")
    if after != [""]:
        yield re.compile(rf"(?<!\w){amount}\s?(?:{'|'.join(after)}){end}")
