"""Dates in Arabic script, with the month names of each region (months.yaml): in the Gregorian calendar, the Iranian and
Afghan solar calendar, and the Hijri calendar. And days of the calendars of Ethiopia and Nepal."""

from __future__ import annotations

import re
from datetime import date, time
from functools import cache
from typing import Any, Literal, NamedTuple

from crawler import data_files

Calendar = Literal["gregorian", "jalali", "hijri", "ethiopic", "bikram"]
SCRIPT = re.compile("[\u0620-\u064a\u0671-\u06d3]")
_FOLDED = str.maketrans(
    "أإآٱةىیيکئ۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩،٫\u00a0", "اااا" + "ه" + "ييي" + "ك" + "ي" + "0123456789" * 2 + ",. "
)
_MARKS = re.compile("[\u064b-\u065f\u0640\u200c-\u200f\u202a-\u202e\u2066-\u2069]")
_NUMERIC = re.compile(
    r"(?<!\d)(?:(\d{4})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?(\d{1,2})|(\d{1,2})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?(\d{4}))(?!\d)"
)
_HIJRI = re.compile(r"\d{4}\s{0,2}ه(?:ـ|\b)")  # هـ after a year
_JALALI_ZERO = 356_033  # days from day 0 of the calculation below to day 0 of `date.toordinal`
_HIJRI_ZERO = -226_630
_ETHIOPIC_ZERO = -2_795
_BIKRAM_BEGIN = date(1990, 4, 14).toordinal()  # of 2047, the first year in the table
_OFF = (0, 1, -1, 2, -2)  # possible errors of the table in days, most likely first


class Written(NamedTuple):
    """A written date as a Gregorian day, and the calendar in which it was written."""

    day: date
    calendar: Calendar


def written(text: str, languages: tuple[str, ...], *, numeric: bool = True) -> Written | None:
    """The day in a text in Arabic script, the Gregorian one if there are several calendars; None if there is none.

    A Hijri date alone counts only with a weekday: months begin with a sighting of the moon, so the table can be a day
    off, and the weekday tells which day is meant. Without `numeric` only dates that name their month are read."""
    text = folded(text)
    found = [day for match in _named().finditer(text) if (day := _from_name(match, text))]
    if numeric:
        found += [day for match in _NUMERIC.finditer(text) if (day := _from_numbers(match, text, languages))]
    order: tuple[Calendar, ...] = ("gregorian", "jalali", "hijri", "ethiopic", "bikram")
    return min(found, key=lambda w: order.index(w.calendar), default=None)


def folded(text: str) -> str:
    """The text with one form of each letter and digit, without diacritics."""
    return _MARKS.sub("", text).translate(_FOLDED)


def clock(text: str) -> time | None:
    """The time of day in a text in Arabic script: `22:30`, `10:30 مساءً`, `الساعة 10 ص`, `العصر 3:30`; None if there is
    none."""
    match = _clock().search(folded(text))
    if match is None:
        return None
    hour, minute, second = int(match["hour"] or match["whole"]), int(match["minute"] or 0), int(match["second"] or 0)
    if half := match["half"]:
        hour = hour_of_day(hour, parts_of_the_day("after_the_hour")[half])
    elif before := match["before"]:
        hour = hour_of_day(hour, parts_of_the_day("before_the_hour")[before])
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def hour_of_day(hour: int, part: str) -> int:
    """The hour from 0 to 23 that an hour of twelve is in the `morning`, at `noon`, in the `evening` or at `night`; one
    above 12 as it is, since 15:26 pm says the same twice."""
    if hour > 12:
        return hour
    as_written = {"morning": range(1, 12), "noon": range(10, 13), "evening": range(12, 13), "night": range(1, 5)}[part]
    if hour in as_written:
        return hour
    return 0 if hour == 12 else hour + 12 * (part != "morning")


def from_jalali(year: int, month: int, day: int) -> date:
    """The Gregorian day of a date in the solar Hijri calendar, by its 33-year cycle (correct for 1210 to 1500,
    https://www.astro.uni.torun.pl/~kb/Papers/EMP/PersianC-EMP.htm).

    :raises ValueError: when there is no such day.
    """
    if not (1 <= month <= 12 and 1 <= day <= (31 if month < 7 else 30)):
        raise ValueError("no such day")
    year += 1595
    days = 365 * year + year // 33 * 8 + (year % 33 + 3) // 4 + day
    days += (month - 1) * 31 if month < 7 else (month - 7) * 30 + 186
    return date.fromordinal(days - _JALALI_ZERO)


def from_hijri(year: int, month: int, day: int) -> date:
    """The Gregorian day of a date in the lunar Hijri calendar, by the tabular civil calendar, at most two days off the
    observed one.

    :raises ValueError: when there is no such day.
    """
    if not (1 <= month <= 12 and 1 <= day <= 30):
        raise ValueError("no such day")
    days = (11 * year + 3) // 30 + 354 * year + 30 * month - (month - 1) // 2 + day
    return date.fromordinal(days - _HIJRI_ZERO)


def from_ethiopic(year: int, month: int, day: int) -> date:
    """The Gregorian day of a date in the Ethiopian calendar: twelve months of thirty days and one of five or six
    (Reingold and Dershowitz, Calendrical Calculations, 4.2).

    :raises ValueError: when there is no such day.
    """
    if not (1 <= month <= 13 and 1 <= day <= (30 if month < 13 else 5 + (year % 4 == 3))):
        raise ValueError("no such day")
    return date.fromordinal(365 * (year - 1) + year // 4 + 30 * (month - 1) + day - _ETHIOPIC_ZERO)


def from_bikram(year: int, month: int, day: int) -> date:
    """The Gregorian day of a date in Nepal's Bikram Sambat, whose months are as long as its committee announces: for
    the years in months.yaml.

    :raises ValueError: when there is no such day.
    """
    years: dict[int, str] = data()["bikram_days"]
    lengths = [int(days) for days in years.get(year, "").split()]
    if not (1 <= month <= len(lengths) and 1 <= day <= lengths[month - 1]):
        raise ValueError("no such day")
    before = sum(int(days) for past in range(min(years), year) for days in years[past].split())
    return date.fromordinal(_BIKRAM_BEGIN + before + sum(lengths[: month - 1]) + day - 1)


def data() -> dict[str, Any]:
    """The names and words in months.yaml."""
    read: dict[str, Any] = data_files.load("crawler.extract.dates", "months.yaml")
    return read


@cache
def months() -> dict[str, tuple[Calendar, int]]:
    """The names in months.yaml, folded, and of each its calendar and number."""
    calendars: tuple[Calendar, ...] = ("bikram", "ethiopic", "hijri", "jalali", "gregorian")
    return {
        folded(name): (calendar, number)
        for calendar in calendars
        for names in data()[calendar].values()
        for number, spellings in enumerate(names.split("; "), 1)
        for name in spellings.split("/")
    }


@cache
def _named() -> re.Pattern[str]:
    """The pattern of dates with month names: `15 كانون الثاني/يناير 2024`, `يناير 15, 2024`."""
    names = "|".join(re.escape(name) for name in sorted(months(), key=len, reverse=True))
    month = rf"(?P<{{}}>{names})(?!\w)(?:\s?[/(|-]\s?(?:{names})(?!\w)\)?)?"
    before = rf"(?P<day>\d{{1,2}})\s{{0,2}}(?:ي\s|من\s)?(?:شهر\s)?{month.format('month')}"
    after = rf"(?<!\w){month.format('month2')}\s(?P<day2>\d{{1,2}})\b"
    return re.compile(rf"(?<!\d)(?:{before}|{after})\s?[,.]?\s{{0,2}}(?:عام\s|سنه\s|سال\s)?(?P<year>\d{{4}})(?!\d)")


@cache
def parts_of_the_day(place: str) -> dict[str, str]:
    """The folded words for parts of the day that stand `after_the_hour` or `before_the_hour`, the longest first, with
    the part that `hour_of_day` takes."""
    found = {folded(word): part for part, words in data()[place].items() for word in words.split("; ")}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


@cache
def _clock() -> re.Pattern[str]:
    words, ahead = (
        "|".join(map(re.escape, parts_of_the_day(place))) for place in ("after_the_hour", "before_the_hour")
    )
    return re.compile(
        rf"(?:(?<!\w)(?P<before>{ahead})\s)?(?<![\d:])(?:(?P<hour>\d{{1,2}})(?::(?P<minute>\d{{2}})(?::(?P<second>\d{{2}}))?)"
        rf"|(?:الساعه|ساعت)\s(?P<whole>\d{{1,2}}))(?![\d:])\s?(?P<half>{words})?(?!\w)"
    )


@cache
def _weekdays() -> dict[str, int]:
    days = data()["weekdays"].split("; ")
    return {folded(name): number for number, names in enumerate(days) for name in names.split("/")}


def _from_name(match: re.Match[str], text: str) -> Written | None:
    calendar, month = months()[match["month"] or match["month2"]]
    return day_in(calendar, int(match["year"]), month, int(match["day"] or match["day2"]), text)


def _from_numbers(match: re.Match[str], text: str, languages: tuple[str, ...]) -> Written | None:
    first, second, third, *others = match.groups()
    year, month, day = map(int, (first, second, third) if first else reversed(others))
    if month > 12 >= day:
        month, day = day, month
    return day_in("gregorian" if year >= 1500 else calendar_of(text, languages), year, month, day, text)


def calendar_of(text: str, languages: tuple[str, ...]) -> Calendar:
    """The calendar of a year before 1500: the solar one in Iran and Afghanistan, unless the text says Hijri (هـ)."""
    return "jalali" if is_solar(languages) and not _HIJRI.search(text) else "hijri"


def is_solar(languages: tuple[str, ...]) -> bool:
    """Whether years in these languages (BCP 47) may be those of the solar Hijri calendar."""
    return any(tag[:2] in ("fa", "ps", "ck", "ur") for tag in languages)


def day_in(calendar: Calendar, year: int, month: int, day: int, text: str) -> Written | None:
    """The day in a calendar; None if there is none, or for a Hijri one if `text` has no weekday that tells which."""
    try:
        if calendar == "gregorian":
            return Written(date(year, month, day), calendar) if year > 1900 else None
        if calendar == "ethiopic":
            return Written(from_ethiopic(year, month, day), calendar) if year > 1900 else None
        if calendar == "bikram":
            return Written(from_bikram(year, month, day), calendar)
        if not 1300 < year < 1500:
            return None
        if calendar == "jalali":
            return Written(from_jalali(year, month, day), calendar)
        return _by_weekday(from_hijri(year, month, day), text)
    except ValueError:
        return None


def _by_weekday(near: date, text: str) -> Written | None:
    """The day closest to a calculated Hijri date that falls on the weekday named in the text; None without one."""
    named = {number for name, number in _weekdays().items() if re.search(rf"(?<!\w){name}(?!\w)", text)}
    if len(named) != 1:
        return None
    days = (date.fromordinal(near.toordinal() + off) for off in _OFF)
    return next((Written(day, "hijri") for day in days if day.weekday() in named), None)
