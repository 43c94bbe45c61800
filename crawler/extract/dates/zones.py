"""The time zone that a written date names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from crawler.extract.dates import calendars

_EASTERNMOST = timedelta(hours=14)  # Kiritimati
_OFFSET = re.compile(r"(?:GMT|UTC?|Z)?\s?([+-])(\d{1,2}):?(\d{2})?", re.IGNORECASE)
_SPOKEN = re.compile(r"[بل]?توقيت (\w+)(?: (\w+))?")  # "by the time of"
_REGION = re.compile(r"[A-Za-z]+(?:/[A-Za-z_+-]+)+")
# Hours from UTC. Names of several zones (AST, BST, GST, IST) are not among them; `named` knows those by the site's
# zone, or the language of the page. EST to PDT are RFC 822's (5.1), so CST is America's.
_NAMES: dict[float, str] = {
    0: "UT UTC GMT Z WET", 1: "CET MET MEZ WEST WAT", 2: "CEST MEST MESZ EET CAT SAST", 3: "EEST MSK МСК EAT TRT",
    3.5: "IRST", 5: "PKT", 7: "WIB", 8: "HKT SGT AWST WITA", 9: "JST KST WIT", 9.5: "ACST", 10: "AEST", 10.5: "ACDT",
    11: "AEDT", 12: "NZST", 13: "NZDT", -10: "HST", -9: "AKST", -8: "PST AKDT", -7: "MST PDT", -6: "CST MDT",
    -5: "EST CDT", -4: "EDT", -3.5: "NST", -3: "BRT", -2.5: "NDT",
}  # fmt: skip
# Names of several zones, each by languages in which one of them is meant
_SPOKEN_IN = {
    "IST": {"Asia/Kolkata": "as bn gu hi kn ml mr or pa ta te", "Asia/Jerusalem": "he", "Europe/Dublin": "ga"},
    "BST": {"Asia/Dhaka": "bn", "Europe/London": "cy gd"},
    "CST": {"Asia/Shanghai": "zh ug bo"},
    "AST": {"Asia/Riyadh": "ar"},
    "GST": {"Asia/Dubai": "ar"},
}
_HOURS = {name: hours for hours, names in _NAMES.items() for name in names.split()}
_REGIONS = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}


def named(name: str, at: datetime, site: tzinfo | None = None, languages: tuple[str, ...] = ()) -> tzinfo | None:
    """The zone of this name or offset (`+3:00`, `GMT+0300`, `EET`, `Europe/Kyiv`), or None if nobody can know it.

    An abbreviation is that of `site`, the site's zone, if this is what it is called there `at` that moment (naive): CST
    is China's in Shanghai, and America's elsewhere.
    """
    if offset := _OFFSET.fullmatch(name):
        delta = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if delta > _EASTERNMOST or int(offset[3] or 0) > 59:
            return None
        return timezone(-delta if offset[1] == "-" else delta)
    if spoken := _SPOKEN.fullmatch(name):
        return _region(_spoken().get(f"{spoken[1]} {spoken[2]}") or _spoken().get(spoken[1], ""))
    if _REGION.fullmatch(name) or name.upper() in _REGIONS:
        return _region(_REGIONS.get(name.upper(), name))
    if site is not None and at.replace(tzinfo=site).tzname() == name.upper():
        return site
    spoken_in = _SPOKEN_IN.get(name.upper(), {})
    if own := [zone for zone, tongues in spoken_in.items() if {tag[:2] for tag in languages} & {*tongues.split()}]:
        return _region(own[0])
    hours = _HOURS.get(name.upper())
    return None if hours is None else timezone(timedelta(hours=hours)) if hours else UTC


def is_known(name: str) -> bool:
    """Whether a word, in any case, is the name of a zone."""
    return name.upper() in _HOURS or name.upper() in _REGIONS


@cache
def _spoken() -> dict[str, str]:
    """The Arabic names of cities and countries whose time is told -> IANA zones."""
    return {calendars.folded(n): zone for zone, names in calendars.data()["zones"].items() for n in names.split("; ")}


def _region(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
