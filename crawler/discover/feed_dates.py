"""Machine-readable dates in feeds and sitemaps: RFC 822 (RSS) and W3C-DTF (Atom, sitemaps, JSON).

Nothing is guessed. A time without a time zone counts only if the caller knows the zone; so does a day without a time,
which stands for its first instant. Ambiguous zone names (AST, IST, BST) count as no zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

YEARS = range(1990, 2100)  # dates before the web are placeholders (1970-01-01, 0001-01-01), 9999 means "never"

_MONTHS = dict(
    zip(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), range(1, 13), strict=True)
)
_HOURS = {"ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6}
_HOURS |= {"pst": -8, "pdt": -7}  # up to here RFC 822, 5.1
_HOURS |= {"cet": 1, "cest": 2, "msk": 3}  # unambiguous names
_ZONE = r"(?P<zone>[A-Za-z]{1,5}(?![A-Za-z+-])|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?)?"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*" + _ZONE
_W3C = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:(?:T|\s+)" + _TIME + ")?", re.IGNORECASE)
_RFC822 = re.compile(
    r"(?:[^\W\d_]{2,12}\.?,?\s+)?(?P<day>\d{1,2})[\s-]+(?P<month>[A-Za-z]{3})[A-Za-z]{0,6}\.?,?[\s-]+(?P<year>\d{4}|\d{2})"
    r"(?:,?\s+" + _TIME + ")?",
    re.IGNORECASE,
)
_MAX_CHARS = 60  # a longer text is not a date


def parse(text: str | None, zone: tzinfo | None = None) -> datetime | None:
    """An aware date in the time zone in which it was written, or None. `zone` applies to dates without one."""
    text = (text or "").strip()
    if len(text) > _MAX_CHARS:
        return None
    match = _W3C.fullmatch(text) or _RFC822.fullmatch(text)
    if match is None:
        return None
    part = match.groupdict()
    named = _zone(part["zone"]) if part["zone"] else zone
    month = int(part["month"]) if part["month"].isdigit() else _MONTHS.get(part["month"].lower(), 0)
    # RFC 5322, 4.3
    year = int(part["year"]) + (0 if len(part["year"]) == 4 else 2000 if int(part["year"]) < 50 else 1900)
    if named is None or year not in YEARS:
        return None
    second = min(int(part["second"] or 0), 59)  # a leap second
    try:
        found = datetime(year, month, int(part["day"]), int(part["hour"] or 0), int(part["minute"] or 0))
        return found.replace(second=second, tzinfo=named)
    except ValueError:
        return None


def bound(text: str | None, zone: tzinfo | None = None) -> datetime | None:
    """The latest instant that a `lastmod` can mean: the end of a day without a time; UTC without a time zone. For
    skipping unchanged documents, where too late costs a request and too early an article."""
    found = parse(text, zone or UTC)
    return found if found is None or ":" in (text or "") else found + timedelta(hours=23, minutes=59, seconds=59)


def _zone(name: str) -> tzinfo | None:
    digits = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", name)
    if digits is None:
        hours = _HOURS.get(name.lower())
        return None if hours is None else timezone(timedelta(hours=hours)) if hours else UTC
    offset = timedelta(hours=int(digits[2]), minutes=int(digits[3] or 0))
    if offset > timedelta(hours=14):  # Kiritimati, the easternmost
        return None
    return timezone(-offset if digits[1] == "-" else offset)
