"""Which of 3/4/2025 is the month: what a page's language and country decide."""

from __future__ import annotations

import re
from datetime import date

from crawler.urls.country_domains import UNKNOWN

# Countries where the short form in some languages begins with the month (CLDR 48, `dateFormats/short`), and what does
# so where no country is known
_MONTH_FIRST = dict.fromkeys(("AS", "BI", "GU", "MH", "MP", "PH", "PR", "UM", "US", "VI", UNKNOWN), ("en", "fil"))
_MONTH_FIRST |= {"PA": ("en", "es"), "PR": ("en", "es")}
# Where people write both: in Canada, and in the States in languages whose own form begins with the day
_BOTH = ("CA", "US")  # https://en.wikipedia.org/wiki/Date_and_time_notation_in_Canada
# .NET's for en-US, which servers anywhere have by default
_BY_A_SERVER = re.compile(r"\d:\d\d:\d\d\s[AP]M\b")
_BY_DEFAULT = "en-US"  # what systems say of their pages if nobody tells them otherwise
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([/-])(\d{1,2})\2((?:19|20|25)\d\d)(?!\d)")  # 25: of the Thai calendar


def spelt_out(text: str, languages: tuple[str, ...], country: str) -> str | None:
    """The text with its first day in numbers (3/4/2025, 3-4-2025) in the form 2025-04-03; None if it has none, or if
    nothing decides. `languages` are BCP 47, the page's own first; `country` is ISO 3166-1, or UN if unknown."""
    match = _NUMBERS.search(text)
    if match is None:
        return None
    one, two, year = int(match[1]), int(match[3]), int(match[4])
    region = _region(languages, country)
    first = languages[0].split("-")[0] in _MONTH_FIRST.get(region, ())
    if one != two and not first and (region in _BOTH or _BY_A_SERVER.search(text)):
        return None
    try:
        day = date(year, one, two) if first else date(year, two, one)
    except ValueError:
        return None
    return f"{text[: match.start()]}{day.isoformat()}{text[match.end() :]}"


def _region(languages: tuple[str, ...], country: str) -> str:
    """The region of the page's own language, unless that is the default of a system; else the country."""
    own = languages[0].rpartition("-")[2]
    return own if len(own) == 2 and own.isupper() and languages[0] != _BY_DEFAULT else country
