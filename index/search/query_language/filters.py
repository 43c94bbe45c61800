"""Filters of the query language: the syntax of their values, and their meaning for a whole query."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from index.model.query import FILTER_FIELDS, Is, Period
from index.search.query_language.limits import MAX_FILTERS
from index.text.analysis import fold, words

DATES = ("after", "before", "on", "changed")
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


def read(name: str, text: str) -> Is | str:
    """The filter of that name and value, or the key of the problem if the value is invalid."""
    if name in _SHAPES:
        value = text.upper() if name == "country" else text.lower()
        return Is(name, value) if _SHAPES[name].fullmatch(value) else name
    if name in DATES:
        period = _period(name, text)
        return Is("changed" if name == "changed" else "date", period) if period else "date"
    if name == "has":
        return Is(name, text.lower()) if text.lower() in HAS else "has"
    if name in ("gone", *WHOLE_QUERY_FILTERS):
        answer = YES_NO.get(text.lower())
        return Is(name, answer) if answer else "yes_no"
    return Is(name, text) if words(text) else "name"


def _period(name: str, text: str) -> Period | None:
    """The period of a day, month or year, in UTC; with after: and before:, from or up to its beginning."""
    match = _DATE.fullmatch(fold(text))
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
    return Period(None if name == "before" else begin, {"after": None, "before": begin}.get(name, end))


def add(held: dict[str, Any], one: Is) -> bool:
    """Add a filter of the whole query to `held`, fields of Query; return False if there are too many already."""
    if isinstance(one.value, Period):
        if one.name == "changed":
            held["changed"] = one.value
        else:
            narrow(held, one.value)
    elif one.name in FILTER_FIELDS or one.name == "has":
        field = FILTER_FIELDS.get(one.name, "has")
        values = held.get(field, ())
        if len(values) >= MAX_FILTERS:
            return False
        held[field] = tuple(dict.fromkeys((*values, one.value)))
    else:
        held[one.name] = one.value == "yes"
    return True


def narrow(held: dict[str, Any], period: Period) -> None:
    """Restrict the dates to this period as well."""
    after = [moment for moment in (held.get("after"), period.after) if moment]
    before = [moment for moment in (held.get("before"), period.before) if moment]
    held |= {"after": max(after, default=None), "before": min(before, default=None)}
