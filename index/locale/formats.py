"""Values as a language writes them, by CLDR (https://cldr.unicode.org): numbers, dates, durations, lists and names.

Digits are the Latin ones in every language: in Arabic too, as most newsrooms write them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache, lru_cache

from babel import Locale, core, dates, lists, numbers

from index.locale.catalogues import catalogue

CACHED = 4096  # results of a function here: a page of results has the same days and counts again and again
UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))

# Scripts (ISO 15924) that run from right to left: https://www.unicode.org/iso15924/, Unicode's Bidi_Class R and AL.
RTL_SCRIPTS = frozenset(
    (
        *("Adlm", "Arab", "Aran", "Armi", "Avst", "Chrs", "Cprt", "Elym", "Gara", "Hatr", "Hebr", "Hung", "Khar"),
        *("Lydi", "Mand", "Mani", "Mend", "Merc", "Mero", "Narb", "Nbat", "Nkoo", "Orkh", "Ougr", "Palm", "Phli"),
        *("Phlp", "Phnx", "Prti", "Rohg", "Samr", "Sarb", "Sogd", "Sogo", "Syrc", "Thaa", "Yezi"),
    )
)


def number(language: str, value: float) -> str:
    """A number with its groups, such as 1,234.5."""
    return _number(language, value)


def percent(language: str, share: float) -> str:
    """A share from 0 to 1 as a whole percentage."""
    return numbers.format_percent(share, locale=_locale(language))


def day(language: str, moment: date) -> str:
    """The day of a moment in its own zone, such as "8 June 2018" or "8 يونيو 2018"."""
    return _day(language, moment.year, moment.month, moment.day)


@lru_cache(CACHED)
def days(language: str, first: date, last: date) -> str:
    """A time of whole days, such as "8 June 2018", "8–14 Jun 2018" or "June 2018"."""
    if first == last:
        return day(language, first)
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and (first.year, first.month) == (last.year, last.month):
        return dates.format_skeleton("yMMMM", first, locale=_locale(language))
    return dates.format_interval(first, last, "yMMMd", locale=_locale(language))


def offset(moment: datetime) -> str:
    """How far the zone of a moment is from UTC, such as "UTC+3"; nothing after UTC where it is that."""
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return "UTC" + (("+" if minutes > 0 else "−") + str(hours) + (f":{rest:02}" if rest else "") if minutes else "")


def listed(language: str, values: Sequence[str]) -> str:
    """Several values in a row, such as "a, b and c"."""
    return lists.format_list(values, locale=_locale(language))


def unit(seconds: float) -> tuple[str, float]:
    """The largest of UNITS that a duration has twice or exactly once, and how many of it, to three digits."""
    name, size = next((one for one in UNITS if seconds >= 2 * one[1] or seconds == one[1]), UNITS[-1])
    amount = float(f"{seconds / size:.3g}")
    return name, int(amount) if amount.is_integer() else amount


def country(language: str, code: str) -> str:
    """A country's name by its code (ISO 3166-1, two letters); the code where it is none."""
    return str(_locale(language).territories.get(code.upper(), code))


def language_name(language: str, code: str) -> str:
    """The name of the language of this code (BCP 47), in `language`; the code where it has none."""
    return str(_locale(language).languages.get(code.lower().replace("-", "_"), code))


@cache
def own_name(language: str) -> str:
    """What a language of the catalogues calls itself."""
    return language_name(language, _locale(language).language)


@lru_cache(CACHED)
def direction(code: str | None) -> str:
    """Which way a text in this language (BCP 47) runs: rtl, ltr, or auto (by its first letter) where it is unknown."""
    if not code:
        return "auto"
    first, *rest = code.split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None) or _usual_script(first.lower())
    return "rtl" if script.title() in RTL_SCRIPTS else "ltr"


def _usual_script(language: str) -> str:
    language = core.get_global("language_aliases").get(language, language)
    likely = core.get_global("likely_subtags").get(language, "")
    return likely.split("_")[1] if "_" in likely else ""


def _locale(language: str) -> Locale:
    return catalogue(language).locale


@lru_cache(CACHED)
def _number(language: str, value: float) -> str:
    return numbers.format_decimal(value, locale=_locale(language))


@lru_cache(CACHED)
def _day(language: str, year: int, month: int, of_month: int) -> str:
    return dates.format_date(date(year, month, of_month), "long", locale=_locale(language))
