"""The one reader of written dates, for pages, feeds and sitemaps: every form that can mean one moment only.

Year first with any separator, dotted day first (DIN 5008 and its like), a month's name in any place and language, RFC
822 and 5322, ISO 8601 with and without separators and by weeks, ctime and JavaScript's `Date.prototype.toString`, Unix
time; in all languages' digits. What can mean two days (3/4/2025), no day (30 February) or no time (25:10) is None:
nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache

from crawler.extract.dates import calendars, month_names, zones

_MAX_CHARS = 100  # a longer text is not a date; JavaScript's, with a zone's full name, has up to 80
_BUDDHIST_YEARS = range(2500, 2700)  # of the Thai calendar, 543 years ahead
_LAST_EPOCH = 1_990_000_000  # seconds, 2033; larger numbers of ten digits begin with a day (2024050510) or are none
_EPOCH = re.compile(
    r"(?:/Date\()?([1-9]\d{9})(?:\.\d{1,9}|\d{3})?(?:[+-]\d{4})?(?:\)/)?"
)  # .NET: /Date(1705347000000)/
_OFFSET = r"[+-]\d{1,2}(?::?\d{2})?(?!\d)"
_COMPACT = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)(?:[Tt ]?(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d{1,9})?)?)?"
    rf"\s?([Zz]|UTC|GMT|{_OFFSET})?(?:\[[\w/+-]+\])?"
)
_WEEK = re.compile(r"^(\d{4})-?W(\d\d)-?([1-7])(?=[T ]|$)")  # ISO 8601
_OF_YEAR = re.compile(r"^(\d{4})-?(\d{3})(?=T)")  # ISO 8601: the day of the year
_ENGLISH = re.compile(  # RFC 822 and 5322 without the time: needs no other language's names
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?\s+)?(\d{1,2})[\s-]+"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?,?[\s-]+(\d{4}|\d{2})[\s,]*",
    re.IGNORECASE,
)
_ENGLISH_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ZONE = re.compile(
    rf"\s*\(?((?:GMT|UTC?|Z)?\s?{_OFFSET}|[A-Z][A-Za-z]+/[A-Za-z_/]+|[A-Za-zМСКмск]{{1,5}}(?![\w+-])"
    r"|[بل]?توقيت \w+(?: \w+)?)\)?(?:\[[\w/+-]+\])?"
)
# Behind the day: `10:00 19/11/2025 (GMT+7)`
_LAST_ZONE = re.compile(rf"(?<=\d)\s?\(?((?:GMT|UTC)(?:\s?{_OFFSET})?)\)?$")
_LOST_PLUS = re.compile(r"(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) (?=\d\d:\d\d$)")  # `+` stands for a space in a query
_DAYS_ZONE = re.compile(r"(?<=\d)\s?([+-]\d\d:\d\d|Z|UTC|GMT)$")  # of a day without a time (XML Schema)
_YEAR_FIRST = re.compile(
    r"(?<!\d)(\d{4})(?:\s?[-/._:]\s?|\s)(\d{1,2})(?:\s?[-/._:]\s?|\s)(\d{1,2})(?!\d)"
    r"|(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]?"
    r"|(\d{4})\s?оны?\s(\d{1,2})(?:\s?-?[а-яөү]{1,6})?\sсар(?:ын)?\s(\d{1,2})",  # Mongolian: 2026 оны 11-р сарын 23
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(  # 11 сарын 23, 2026; 11月23日, 2026
    r"(?<!\d)(\d{1,2})\s?(?:[月월]|(?:-?[а-яөү]{1,6}\s)?сар(?:ын)?)\s?(\d{1,2})(?:\s?[日號号일]|-?н[ыи])?\W{1,3}(\d{4})(?!\d)",
    re.IGNORECASE,
)
_REPUBLIC = re.compile(r"(?<!\d)(1\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")  # years of Taiwan: 115/11/23
_BIKRAM_YEARS = range(2060, 2100)  # in Nepali, of Bikram Sambat, 56 years ahead
_ROMAN = re.compile(r"(?<!\d)(\d{1,2})[\s./-]{1,2}(I{1,3}|IV|VI{0,3}|IX|XI{0,2})[\s./-]{1,2}(\d{4})(?!\d)")
_ROMAN_MONTHS = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
_SHORT_DOTTED = re.compile(r"(?<!\d)(\d\d)\.(\d\d)\.(\d\d)(?!\d)")
_YEAR_FIRST_SHORT = ("ko", "zh", "ja", "hu", "lt", "mn")  # where 24.04.25 may begin with the year
_PARTICLES = re.compile(  # between day and month: `21-nji`, `de`, `of`, `من شهر`
    r"(?:[-'’]?[^\W\d]{1,4}(?!\w))?\W{0,4}"
    r"(?:(?:de|del|d|di|da|do|of|day|the|ta|na|w|ga|ya|la|من|شهر|ماه|ي)\W{1,3}){0,3}",
    re.IGNORECASE,
)
# Years of East Asian eras (https://ja.wikipedia.org/wiki/元号, 民國紀年) by what is added to them
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s?(\d{{1,3}}|元)(?=\s?年)")
_HAN_DIGITS = {ord(digit): str(n) for n, digits in enumerate(("〇零○", *"一二三四五六七八九")) for digit in digits}
_HAN_DAY = re.compile(
    "([〇零○一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})(?=[日号號])"
)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|[ºª]|\(e\)ko|e?an)(?!\w)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")

Clock = tuple[int, int, int]
_DAY_END = (24, 0, 0)  # ISO 8601


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment as it was written: aware if the text gives a zone, else naive; midnight unless `timed`."""

    at: datetime
    timed: bool
    calendar: calendars.Calendar = "gregorian"


def read(text: str, languages: tuple[str, ...] = (), zone: tzinfo | None = None) -> Reading | None:
    """The one moment that a text means, or None. Words around it are ignored; another number makes it ambiguous.

    `languages` (BCP 47) decide between month names that mean different months, and on the Iranian calendar; `zone`, the
    site's, tells what an abbreviation of several zones means (IST); it is not added to a time without one.
    """
    text = _LOST_PLUS.sub(r"\1+", _normal(text))
    if len(text) > _MAX_CHARS or not any(map(str.isdigit, text)):
        return None
    text = _WEEK.sub(_of_week, _OF_YEAR.sub(_of_year, text))
    if match := _COMPACT.fullmatch(text):
        year, _, month, day, hour, minute, second, named = match.groups()
        clock = (int(hour), int(minute), int(second or 0)) if hour else None
        return _moment(_numbered(int(year), int(month), int(day), text, languages), clock, named, zone, languages)
    clock, rest, named = None, text, None
    if match := _clock().search(text):
        clock, after = _hours(match), text[match.end() :]
        if (found := _ZONE.match(after)) and _names_a_zone(found[1]):
            named, after = found[1], re.sub(r"\([^()]*\)", " ", after[found.end() :])
        elif found := _LAST_ZONE.search(after):
            named, after = found[1], after[: found.start()]
        rest = f"{text[: match.start()]} {after}"
    elif found := _DAYS_ZONE.search(text):
        rest, named = text[: found.start()], found[1]
    return _moment(_day(_ORDINAL.sub("", rest).strip(), languages), clock, named, zone, languages)


def is_day_first(languages: tuple[str, ...]) -> bool:
    """Whether 24.04.25 begins with the day in all of these languages (BCP 47)."""
    return not any(tag.startswith(_YEAR_FIRST_SHORT) for tag in languages)


def epoch(text: str, languages: tuple[str, ...] = ()) -> datetime | None:
    """The moment of a Unix time in seconds or milliseconds, from 2001 to 2033; None for any other number.

    Ten digits that begin with a day of the Iranian calendar are a news code on pages in `languages` that use it.
    """
    match = _EPOCH.fullmatch(_normal(text))
    if match is None or int(match[1]) >= _LAST_EPOCH:
        return None
    code = match[1]
    if calendars.is_solar(languages) and calendars.day_in("jalali", int(code[:4]), int(code[4:6]), int(code[6:8]), ""):
        return None
    return datetime.fromtimestamp(int(code), UTC)


def with_ascii_digits(text: str) -> str:
    """The text with the decimal digits of all scripts as 0 to 9."""
    return text if text.isascii() else "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _normal(text: str) -> str:
    """The text on one line with ASCII digits and signs, and one form of each Arabic letter."""
    if not text.isascii():
        text = with_ascii_digits(calendars.folded(text))
        text = text.replace("\u2212", "-").replace("\u2013", "-").replace("\uff1a", ":").replace("\uff0f", "/")
        text = _HAN_DAY.sub(lambda day: f"{day[1].translate(_HAN_DIGITS)}年{_han(day[2])}月{_han(day[3])}", text)
        text = _ERA.sub(lambda era: str(_ERAS[era[1]] + (1 if era[2] == "元" else int(era[2]))), text)
    return " ".join(text.split())


def _han(number: str) -> int:
    """A number below a hundred in Chinese numerals: 二十三."""
    tens, ten, ones = number.rpartition("十")
    value = int(ones.translate(_HAN_DIGITS) or 0)
    return value + 10 * int(tens.translate(_HAN_DIGITS) or 1) if ten else value


def _of_week(match: re.Match[str]) -> str:
    """A day of a week of ISO 8601 by its month; as it is if there is no such week."""
    try:
        return date.fromisocalendar(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return match[0]


def _of_year(match: re.Match[str]) -> str:
    """A day of a year by its month; as it is if there is no such day."""
    year, days = int(match[1]), int(match[2])
    day = date(max(year, 1), 1, 1) + timedelta(days=days - 1)
    return day.isoformat() if day.year == year else match[0]


@cache
def _clock() -> re.Pattern[str]:
    """A time of day: 15:26:07.123, 3:26 pm, 3.26 pm, 3 p.m., 15h26, 15.26 Uhr, 15 Uhr, 10:30 مساء, 下午3:26, 15時26分;
    and also 15.26 after a year."""
    after, ahead = (
        "|".join(map(re.escape, calendars.parts_of_the_day(place))) for place in ("after_the_hour", "before_the_hour")
    )
    half = rf"(?P<half>[AaPp]\.?\s?[Mm]\b\.?|(?:{after})(?!\w))"
    before = rf"(?:(?<![\u0620-\u06ff])(?P<before>{ahead})\s?)?"  # within a Chinese or Korean text, no space is before
    unit = r"(?:\s?(?:Uhr|hrs?|h|uur|ч)(?!\w)\.?)?"
    forms = (
        rf"{before}(?<![\d:])(?<!\d[+-])(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{{1,9}})?)?(?![\d:])"
        rf"(?:\s?{half})?{unit}",
        r"(?<![\d:.])(?P<hour>\d{1,2})\s?[hH]\s?(?P<minute>\d\d)(?!\d)",
        r"(?<![\d:.])(?P<hour>\d{1,2})(?:\.(?P<minute>\d\d))?\s?Uhr",
        rf"{before}(?<![\d:.])(?P<hour>\d{{1,2}})\s?[时時點点시]\s?(?:(?P<minute>\d{{1,2}})\s?[分분](?:\s?(?P<second>\d{{1,2}})\s?[秒초])?)?",
        r"(?:(?<=\d{4})|(?<=\d{4}-\d\d-\d\d))[,\s-]+(?:(?:เวลา|kll?|klo|kell|kello|plkst|ore|ora|ob|um|à|at|às|alle|saat|jam|pukul|у|в|о)\.?\s)?(?P<hour>\d{1,2})\.(?P<minute>\d\d)(?:\.(?P<second>\d\d))?(?![\d.])"
        rf"(?:\s?{half})?",
        rf"(?<![\d:.])(?P<hour>\d{{1,2}})\.(?P<minute>\d\d)\s?{half}",
        rf"(?<![\d:.])(?P<hour>\d{{1,2}})\s?{half}(?!\s?\d{{1,2}}[:.]\d\d)",
    )
    numbered = (re.sub(r"\(\?P<(\w+)>", rf"(?P<\g<1>{n}>", form) for n, form in enumerate(forms))
    return re.compile("|".join(numbered))


def _hours(match: re.Match[str]) -> Clock:
    """The hour, minute and second that a match of `_clock` names, whether or not there are such."""
    said = {name[:-1]: text for name, text in match.groupdict().items() if text}
    hour, minute, second = (int(said.get(name, 0)) for name in ("hour", "minute", "second"))
    if half := said.get("half"):
        latin = "evening" if half[0] in "Pp" else "morning"
        hour = calendars.hour_of_day(hour, calendars.parts_of_the_day("after_the_hour").get(half, latin))
    elif before := said.get("before"):
        hour = calendars.hour_of_day(hour, calendars.parts_of_the_day("before_the_hour")[before])
    return hour, minute, second


def _names_a_zone(word: str) -> bool:
    """Whether what follows a time is a zone: an offset, a region, a known name, or capitals that may be another."""
    return not word.isalpha() or zones.is_known(word) or (word.isupper() and len(word) > 1)


def _moment(
    reading: Reading | None, clock: Clock | None, named: str | None, zone: tzinfo | None, languages: tuple[str, ...]
) -> Reading | None:
    """The day with its time and zone; the day alone if a name may be of several zones; None if there is no such
    time or offset."""
    if reading is None:
        return None
    at = reading.at
    try:
        if clock is not None:
            hour, minute, second = (0, 0, 0) if clock == _DAY_END else clock
            at += timedelta(days=clock == _DAY_END)
            at = at.replace(hour=hour, minute=minute, second=min(second, 59))  # a leap second
        if named:
            found = zones.named(named, at, zone, languages)
            if found is None:
                return reading if named.isalpha() else None
            at = at.replace(tzinfo=found)
    except (ValueError, OverflowError):
        return None
    return None if clock and clock[2] > 60 else replace(reading, at=at, timed=clock is not None)


def _day(text: str, languages: tuple[str, ...]) -> Reading | None:
    """The one day in a text without a time."""
    if match := _ENGLISH.fullmatch(text):
        return _numbered(_year(match[3]), _ENGLISH_MONTHS.index(match[2].lower()) + 1, int(match[1]), text, languages)
    numbers = _NUMBER.findall(text)
    if len(numbers) == 3:
        if match := _YEAR_FIRST.search(text):
            year, month, day = (int(n) for n in match.groups() if n)
            return _numbered(year, month, day, text, languages)
        if match := _MONTH_FIRST.search(text):
            return _numbered(int(match[3]), int(match[1]), int(match[2]), text, languages)
        if (match := _REPUBLIC.search(text)) and any(tag.startswith("zh") for tag in languages):
            return _numbered(_ERAS["民國"] + int(match[1]), int(match[3]), int(match[4]), text, languages)
        if match := _YEAR_LAST.search(text):
            return _day_or_month_first(int(match[1]), match[2], int(match[3]), int(match[4]), text, languages)
        if (match := _SHORT_DOTTED.search(text)) and is_day_first(languages):
            return _numbered(_year(match[3]), int(match[2]), int(match[1]), text, languages)
    if len(numbers) == 2 and (match := _ROMAN.search(text)):
        return _numbered(int(match[3]), _ROMAN_MONTHS.index(match[2]) + 1, int(match[1]), text, languages)
    if any(map(str.isalpha, text)):
        return _named(text, languages)
    return None


def _day_or_month_first(
    one: int, mark: str, two: int, year: int, text: str, languages: tuple[str, ...]
) -> Reading | None:
    """A day whose year comes last: day first with dots; else only if no other order gives a day, or both give the same.
    The Iranian and Hijri calendars are always written day first."""
    if mark == "." or year < 1500:
        return _numbered(year, two, one, text, languages) or _numbered(year, one, two, text, languages)
    found = {r for r in (_numbered(year, two, one, text, ()), _numbered(year, one, two, text, ())) if r}
    return found.pop() if len(found) == 1 else None


def _named(text: str, languages: tuple[str, ...]) -> Reading | None:
    """The day of a text that names its month, between one day and one year."""
    folded = month_names.fold(text)
    months = month_names.months(folded, languages)
    if len({m[:2] for m in months}) > 1 and not _NUMBER.search(folded[: months[0].begin]):
        months = months[1:]  # a weekday's short name, such as Spanish mar. (martes and marzo)
    if len({m[:2] for m in months}) != 1:
        found = calendars.written(text, languages, numeric=False) if months else None
        return found and Reading(datetime.combine(found.day, datetime.min.time()), timed=False, calendar=found.calendar)
    numbers = [
        n for n in _NUMBER.finditer(folded) if not any(m.begin <= n.start() and n.end() <= m.end for m in months)
    ]
    if len(numbers) != 2:
        return None
    years = [n for n in numbers if len(n[0]) == 4] or numbers[1:]  # two digits, as in RFC 822: the year is last
    days = [n for n in numbers if n not in years and len(n[0]) < 3]
    if len(years) != 1 or len(days) != 1 or len(years[0][0]) not in (2, 4):
        return None
    if not _stands_beside(folded, days[0], months[0], months[-1]):
        return None
    if len(years[0][0]) == 2 and not days[0].end() <= months[0].begin < years[0].start():
        return None
    year = _year(years[0][0]) if "th" not in languages or len(years[0][0]) == 4 else 2500 + int(years[0][0])
    return _in_calendar(months[0].calendar, year, months[0].number, int(days[0][0]), folded)


def _stands_beside(text: str, day: re.Match[str], first: month_names.Month, last: month_names.Month) -> bool:
    """Whether only particles stand between the number of the day and the name of the month."""
    between = text[day.end() : first.begin] if day.end() <= first.begin else text[last.end : day.start()]
    return _PARTICLES.fullmatch(between + " ") is not None


def _year(digits: str) -> int:
    """A year of four digits, or of two as RFC 5322, 4.3 reads it."""
    return int(digits) + (0 if len(digits) == 4 else 2000 if int(digits) < 50 else 1900)


def _numbered(year: int, month: int, day: int, text: str, languages: tuple[str, ...]) -> Reading | None:
    if year in _BIKRAM_YEARS and any(tag.split("-")[0] == "ne" for tag in languages):
        return _in_calendar("bikram", year, month, day, text)
    if year >= 1500:
        return _in_calendar("gregorian", year, month, day, text)
    return _in_calendar(calendars.calendar_of(text, languages), year, month, day, text)


def _in_calendar(calendar: calendars.Calendar, year: int, month: int, day: int, text: str) -> Reading | None:
    if calendar == "gregorian" and year in _BUDDHIST_YEARS:
        year -= 543
    found = calendars.day_in(calendar, year, month, day, text)
    return found and Reading(datetime(found.day.year, found.day.month, found.day.day), False, found.calendar)
