"""Formatting by language after CLDR (https://cldr.unicode.org): numbers, dates, durations, lists and names.

Digits are Latin in every language, Arabic included, as in most news media.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache, lru_cache

from babel import Locale, core, dates, lists, numbers, units

from index.locale.catalogues import catalogue

CACHED = 4096  # results per function: a page of results repeats the same days and counts
SIZES = (("gigabyte", 1e9), ("megabyte", 1e6), ("kilobyte", 1e3), ("byte", 1))
UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))

# Right-to-left scripts (ISO 15924): https://www.unicode.org/iso15924/, Unicode's Bidi_Class R and AL.
RTL_SCRIPTS = frozenset(
    (
        *("Adlm", "Arab", "Aran", "Armi", "Avst", "Chrs", "Cprt", "Elym", "Gara", "Hatr", "Hebr", "Hung", "Khar"),
        *("Lydi", "Mand", "Mani", "Mend", "Merc", "Mero", "Narb", "Nbat", "Nkoo", "Orkh", "Ougr", "Palm", "Phli"),
        *("Phlp", "Phnx", "Prti", "Rohg", "Samr", "Sarb", "Sogd", "Sogo", "Syrc", "Thaa", "Yezi"),
    )
)


def number(language: str, value: float) -> str:
    """A number with grouping, such as 1,234.5."""
    return _number(language, value)


def percent(language: str, share: float) -> str:
    """A share from 0 to 1 as a whole-number percentage."""
    return numbers.format_percent(share, locale=_locale(language))


def day(language: str, moment: date) -> str:
    """The day of a moment in its own zone, such as "8 June 2018" or "8 يونيو 2018"."""
    return _day(language, moment.year, moment.month, moment.day)


@lru_cache(CACHED)
def days(language: str, first: date, last: date) -> str:
    """A period of whole days, such as "8 June 2018", "8–14 Jun 2018" or "June 2018"."""
    if first == last:
        return day(language, first)
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and (first.year, first.month) == (last.year, last.month):
        return dates.format_skeleton("yMMMM", first, locale=_locale(language))
    return dates.format_interval(first, last, "yMMMd", locale=_locale(language))


def relative(language: str, apart: timedelta) -> str:
    """How far away a moment is from now, in whole minutes or a larger unit, such as "5 minutes ago" or "in 2 hours"."""
    minutes = max(timedelta(minutes=1), abs(apart))
    known = -minutes if apart < timedelta() else minutes
    return str(dates.format_timedelta(known, "minute", threshold=1, add_direction=True, locale=_locale(language)))


def offset(moment: datetime) -> str:
    """The UTC offset of a datetime, such as "UTC+3"; "UTC" if there is none."""
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return "UTC" + (("+" if minutes > 0 else "−") + str(hours) + (f":{rest:02}" if rest else "") if minutes else "")


def listed(language: str, values: Sequence[str]) -> str:
    """Several values as a list, such as "a, b and c"."""
    return lists.format_list(values, locale=_locale(language))


def unit(seconds: float) -> tuple[str, float]:
    """The largest of UNITS that fits a duration at least twice or exactly once, and how many, to three digits."""
    amounts = [(name, float(f"{seconds / size:.3g}")) for name, size in UNITS]
    name, amount = next((one for one in amounts if one[1] >= 2 or one[1] == 1), amounts[-1])
    return name, int(amount) if amount.is_integer() else amount


def size(language: str, count: float) -> str:
    """A number of bytes in its largest decimal unit, as for disks: "1.5 GB"."""
    name, factor = next((one for one in SIZES if count >= one[1]), SIZES[-1])
    return str(units.format_unit(round(count / factor, 1), name, length="short", locale=_locale(language)))


def country(language: str, code: str) -> str:
    """A country's name by its code (ISO 3166-1 alpha-2); an unknown code is returned as it is."""
    return str(_locale(language).territories.get(code.upper(), code))


def language_name(language: str, code: str) -> str:
    """The name, in `language`, of the language with this code (BCP 47); the code if it has none."""
    return str(_locale(language).languages.get(code.lower().replace("-", "_"), code))


@cache
def own_name(language: str) -> str:
    """The name of a catalogue's language in that language."""
    return language_name(language, _locale(language).language)


@lru_cache(CACHED)
def direction(code: str | None) -> str:
    """The direction of text in this language (BCP 47): rtl, ltr, or auto (by its first letter) if it is unknown."""
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
