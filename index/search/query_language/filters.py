"""Filters of the query language: the syntax of their values, and their meaning for a whole query."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from index.model.query import FILTER_FIELDS, Count, Is, Period
from index.search.query_language.limits import MAX_FILTERS
from index.text.analysis import fold, words

DATES = ("after", "before", "on", "changed", "edited", "removed")
WHOLE_QUERY_FILTERS = ("copies", "versions")  # they choose what is searched at all, so not for part of a query
HAS = ("image", "author", "section", "date", "changes")
FILTERS = (*FILTER_FIELDS, *DATES, "gone", "has", *WHOLE_QUERY_FILTERS)
YES_NO = {"yes": "yes", "no": "no", "نعم": "yes", "لا": "no"}

_SHAPES = {
    "site": re.compile(r"[a-z0-9][a-z0-9-]{0,62}"),
    "country": re.compile(r"[A-Z]{2}"),
    "lang": re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,4}"),
}
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?(?:[-/.](\d{1,2}))?")
_NUMBER = re.compile(r"\d{1,9}")
_COMPARED = re.compile(r"(>=|<=|>|<|)(.*)", re.DOTALL)


def read(name: str, text: str) -> Is | str:
    """The filter of that name and value, or the key of the problem if the value is invalid."""
    if name in _SHAPES:
        value = text.upper() if name == "country" else text.lower()
        return Is(name, value) if _SHAPES[name].fullmatch(value) else name
    answer = YES_NO.get(text.lower())
    if name == "removed" and answer:
        return Is("gone", answer)
    if name in DATES:
        period = _period(name, text)
        own = name in ("changed", "edited", "removed")
        return Is(name if own else "date", period) if period else "date_or_no" if name == "removed" else "date"
    if name == "versions" and not answer:
        count = _count(text)
        return Is("number", count) if count else "versions"
    if name == "has":
        return Is(name, text.lower()) if text.lower() in HAS else "has"
    if name in ("gone", *WHOLE_QUERY_FILTERS):
        return Is(name, answer) if answer else "yes_no"
    return Is(name, text) if words(text) else "name"


def _count(text: str) -> Count | None:
    """The numbers of "2", "2..5", ">1" and the like."""
    low, high = _bounds(fold(text))
    if any(one and not _NUMBER.fullmatch(one[1]) for one in (low, high)):
        return None
    least, most = (one and int(one[1]) for one in (low, high))
    if low and low[0] == ">":
        least = int(low[1]) + 1
    if high and high[0] == "<":
        most = int(high[1]) - 1
    return Count(least, most) if low or high else None


def _period(name: str, text: str) -> Period | None:
    """The time of a date, of "2024-05..2024-07", ">2024-05" and the like; with after: and before:, from or up to the
    beginning of a date."""
    if name in ("after", "before"):
        whole = _unit(fold(text))
        return whole and (Period(whole.after, None) if name == "after" else Period(None, whole.after))
    low, high = _bounds(fold(text))
    first, last = (one and _unit(one[1]) for one in (low, high))
    if not (low or high) or (low and not first) or (high and not last):
        return None
    after = first and (first.before if low and low[0] == ">" else first.after)
    before = last and (last.after if high and high[0] == "<" else last.before)
    return Period(after or None, before or None)


_Bound = tuple[str, str] | None  # how it is compared, and with what


def _bounds(text: str) -> tuple[_Bound, _Bound]:
    """The lower and the upper bound that a value gives: "a" is both, "a..b" has two, ">a" one."""
    low, between, high = text.partition("..")
    if between:
        return (">=", low) if low else None, ("<=", high) if high else None
    match = _COMPARED.fullmatch(text)
    sign, value = (match[1], match[2]) if match else ("", text)
    bound = (sign or "=", value)
    return bound if "<" not in sign else None, bound if ">" not in sign else None


def _unit(text: str) -> Period | None:
    """The period of a day, month or year, in UTC."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        begin = datetime(year or 0, month or 1, day or 1, tzinfo=UTC)
        if day is None:
            later = begin.replace(day=28) + timedelta(days=4)
            end = datetime(begin.year + 1, 1, 1, tzinfo=UTC) if month is None else later.replace(day=1)
        else:
            end = begin + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return Period(begin, end)


def add(held: dict[str, Any], one: Is) -> bool:
    """Add a filter of the whole query to `held`, fields of Query; return False if there are too many already."""
    if isinstance(one.value, Period):
        if one.name == "date":
            held["after"], held["before"] = _both(Period(held.get("after"), held.get("before")), one.value)
        else:
            held[one.name] = Period(*_both(held.get(one.name, Period()), one.value))
    elif isinstance(one.value, Count):
        known = held.get("number", Count())
        least, most = (
            [n for n in bounds if n is not None]
            for bounds in ((known.least, one.value.least), (known.most, one.value.most))
        )
        held["number"] = Count(max(least, default=None), min(most, default=None))
    elif one.name in FILTER_FIELDS or one.name == "has":
        field = FILTER_FIELDS.get(one.name, "has")
        values = held.get(field, ())
        if len(values) >= MAX_FILTERS:
            return False
        held[field] = tuple(dict.fromkeys((*values, one.value)))
    else:
        held[one.name] = one.value == "yes"
    return True


def _both(one: Period, other: Period) -> tuple[datetime | None, datetime | None]:
    """The time that both periods have in common."""
    after = [moment for moment in (one.after, other.after) if moment]
    before = [moment for moment in (one.before, other.before) if moment]
    return max(after, default=None), min(before, default=None)
