"""Dates as written on a page, with time zone and origin; never guessed: day, month and year are required.

A date without a time zone is in the site's, and its origin contains `zone of the site`; a day without a time is
midnight in the site's time zone, and its origin contains `day only`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from crawler.extract.dates import calendars, day_order, month_names, reader
from index.model.article import DAY_ONLY

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # the first news on the web; earlier dates are placeholders or mistakes
_MAX_FUTURE = timedelta(hours=24)  # a date further in the future is not a publication date
_MAX_CHARS = 120  # a longer text is not a date
_SIGNS = str.maketrans("٫،", ".,")
_YEAR = re.compile(r"(?:19|20|25)\d\d|1[34]\d\d")  # 25: of the Thai calendar
# A date within a longer text, such as `تم نشره الجمعة 24 نيسان 2020 09:22 مساءً`: day and month in either order, the
# year, then perhaps a time.
_SPAN = re.compile(
    r"(?:[^\W\d_]{3,14}\.?\s)?(?<!\d)\d{1,2}(?:st|nd|rd|th)?[\s.,/-][^\d]{0,25}(?:\d{1,2}[./-])?(?:19|20)\d\d"
    r"(?:\D{1,12}\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\s?(?:[AaPp]\.?[Mm]\b|صباحا|مساء|ص\b|م\b))?)?"
)
_YEAR_FIRST = re.compile(  # the same in numbers: `2024-12-10 09:51 1054 views`
    r"(?<![\d./-])(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}(?![\d./-])(?:\s\d{1,2}:\d{2}(?::\d{2})?(?!\d))?"
)
_NUMERIC_LINE_MAX_CHARS = 70  # characters of a line with a numeric date; a longer one is about another day
_ZONED = re.compile(r"(?i:\d\s?[ap]\.?m\b)|\b(?:GMT|UTC|[A-Z]{2,4}T)\b")
_NUMERIC = re.compile(
    r"(?<!\d)(?:((?:19|20)\d\d)\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]|(\d{1,2})\.\s?(\d{1,2})\.\s?((?:19|20)\d\d))(?!\d)"
    r"|(?<![\d.])(\d\d)\.(\d\d)\.(\d\d)(?![\d.])"
)
_LABELS = (
    r"published|posted|updated|last (?:updated|modified)|نشر(?:ت)?(?: في| بتاريخ| يوم)?|تاريخ النشر|آخر تحديث"
    r"|publié le|mis à jour le|veröffentlicht(?: am)?|stand|опубликовано|обновлено|publicado(?: em| el)?"
    r"|تاریخ انتشار|erstellt am|gepubliceerd op"
)
# Days of an event: two of a month (23–25 November 2026, 3./4. Mai, Sat 3 to Sun 4 May, 10./11.05.2026, 5月3日至5日), or
# two whole ones.
_NTH = r"\d{1,2}(?:st|nd|rd|th|\.)?"
_TO = (
    r"(?:\s(?:to|and|&|bis|und|au|et|al|[yeaiuдиo]|tot|en|do|по|та|و|إلى|الى|حتى|تا|سے|से|থেকে|ถึง|ve|ila|och|og|till?|ja|dan"
    r"|s/d|s\.d\.|hingga|sampai|đến|với)\s|\sو(?=\d))"
)
_RANGE = re.compile(
    rf"(?<![\d:./-]){_NTH}(?:[-–—/]|{_TO}(?:[^\W\d_]{{2,12}}\s)?){_NTH}\s(?:de\s|of\s)?[^\W\d_]{{3,}}"
    rf"|^{_NTH}\s[-–—]\s{_NTH}\s(?:de\s|of\s)?[^\W\d_]{{3,}}"
    rf"|[^\W\d_]{{3,}}\.?\s{_NTH}(?:\s?[-–—]\s?|{_TO}){_NTH},?\s(?:19|20)\d\d"
    rf"|(?<![\d.]){_NTH}(?:\d{{1,2}}\.)?(?<=\.)(?:\s?[-–—/]\s?|{_TO})\d{{1,2}}\.\s?\d{{1,2}}\.\s?(?:19|20)\d\d"
    r"|\d[日号號일]?\s?(?:[~〜～–—至-]|から)\s?(?:\d{1,2}\s?[月월]\s?)?\d{1,2}\s?[日号號일]"
    rf"|\b(?:19|20)\d\d(?:\s?[-–—]\s?|{_TO})(?!(?:{_LABELS})\b)[^\d|:]{{0,20}}\d[^|:]{{0,20}}\b(?:19|20)\d\d\b",
    re.IGNORECASE,
)
_RANGE_OF_MONTHS = re.compile(  # 3 May – 5 June 2026, if the first word is a month
    rf"(?:{_NTH}\s(?:de\s)?([^\W\d_]{{3,}})\.?|([^\W\d_]{{3,}})\.?\s{_NTH})(?:\s?[-–—]\s?|{_TO})"
    rf"(?:{_NTH}\s(?:de\s)?[^\W\d_]{{3,}}|[^\W\d_]{{3,}}\.?\s{_NTH},?\s\d)",
    re.IGNORECASE,
)
_LABELLED = re.compile(rf"^(?:{_LABELS})\b", re.IGNORECASE)
# words before a visible date
_NOISE = re.compile(rf"^(?:{_LABELS}|منذ)\b\s*:?\s*(?:on\b)?", re.IGNORECASE)
_LABEL = re.compile(r"^[^\d:：]{2,30}[:：]\s*(?=\S)")  # the label of a date, in any language: `Written: 2023-11-07`
_ARABIC_SCRIPT = ("ar", "fa", "ur", "ps", "ck")
_NUMBER = re.compile(r"\d{6,}")  # in a text for people: the number of a report, and no date
_GREENWICH = re.compile(r"(?:\bGMT|\bUTC|[غج]رين[تي]+ش)\s?([+-]\d{1,2}(?::?\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Place:
    """The context for parsing dates: languages (BCP 47) of page and site, the country (ISO 3166-1, UN if unknown) and
    time zone of the site, the fetch time."""

    languages: tuple[str, ...]
    country: str
    zone: tzinfo
    fetched: datetime


@dataclass(frozen=True, slots=True)
class Dated:
    """An aware date and what was assumed: "" (nothing), "zone of the site", "day only"; or how it was calculated."""

    at: datetime
    added: str = ""

    def origin(self, source: str) -> str:
        """The origin to record for a field: `json-ld`, `json-ld, day only`."""
        return f"{source}, {self.added}" if self.added else source


def is_labelled(text: str) -> bool:
    """Whether a line begins with the label of an article's date: `Published`, `آخر تحديث`."""
    return _LABELLED.match(text.strip()) is not None


def machine(value: str, place: Place) -> Dated | None:
    """A date in a field that holds one, in any form that means one moment only, or a Unix time; None if it does not."""
    if at := reader.epoch(value, place.languages):
        return _plausible(at, "", place)
    found = reader.read(value, place.languages, place.zone)
    return _dated(found, place) if found else None


def visible(value: str, place: Place) -> Dated | None:
    """A date written for people, in the languages of page and site: `الجمعة 3 تشرين الأول/أكتوبر 2025 - 10:05`; None if
    the text contains none, or the days of an event."""
    value = _LABEL.sub("", _NOISE.sub("", reader.with_ascii_digits(value).translate(_SIGNS).strip())).strip(" |-–—•·:,")
    if not (value and len(value) <= _MAX_CHARS and any(map(str.isnumeric, value))) or _is_no_date(value, place):
        return None
    if found := reader.read(value, place.languages, place.zone):
        return _dated(found, place)
    numeric = _NUMERIC.search(value) if len(value) <= _NUMERIC_LINE_MAX_CHARS and not _ZONED.search(value) else None
    if numeric and (numeric[1] or numeric[6] or reader.is_day_first(place.languages)) and (day := _numbered(numeric)):
        clock = calendars.clock(value)
        return _plausible(datetime.combine(day, clock or time()), _added(clock is not None, zoned=False), place)
    if not _YEAR.search(value):
        return None
    if (spelt := day_order.spelt_out(value, place.languages, place.country)) and (
        found := reader.read(spelt, place.languages, place.zone)
    ):
        return _dated(found, place)
    letters = any(map(str.isalpha, value))
    if calendars.SCRIPT.search(value) or (not letters and place.languages[0][:2] in _ARABIC_SCRIPT):
        return _in_arabic_script(value, place)
    span = _SPAN.search(value) or _only(_YEAR_FIRST, value)
    found = reader.read(span[0].strip(), place.languages, place.zone) if span else None
    return _dated(found, place) if found else None


def _only(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The one match in a text; None if there are several, or none."""
    found = list(pattern.finditer(text))
    return found[0] if len(found) == 1 else None


def _is_no_date(value: str, place: Place) -> bool:
    """Whether a text with digits is the number of a report, or tells the days of an event."""
    if _NUMBER.fullmatch(value) or _RANGE.search(value):
        return True
    months = _RANGE_OF_MONTHS.search(value)
    return months is not None and bool(month_names.months(month_names.fold(months[1] or months[2]), place.languages))


def _numbered(match: re.Match[str]) -> date | None:
    """A numeric date that means the same in every language: `21.04.2026`, `2026年4月21日`; not 3/4/2026."""
    numbers = [int(number) for number in match.groups() if number]
    year, month, day = numbers if numbers[0] > 31 else reversed(numbers)
    try:
        return date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return None


def zone_of(name: str) -> tzinfo:
    """The IANA time zone of this name, or UTC if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _dated(found: reader.Reading, place: Place) -> Dated | None:
    return _plausible(found.at, _noted(_added(found.timed, found.at.tzinfo is not None), found.calendar), place)


def _noted(added: str, calendar: calendars.Calendar) -> str:
    return ", ".join(filter(None, (added, "from the Hijri calendar" if calendar == "hijri" else "")))


def _in_arabic_script(value: str, place: Place) -> Dated | None:
    found = calendars.written(value, place.languages)
    if found is None:
        return None
    clock, zone = calendars.clock(value), _GREENWICH.search(value)
    at = datetime.combine(found.day, clock or time())
    if zone and clock:
        at = at.replace(tzinfo=_offset(zone[1]) if zone[1] else UTC)
    added = _added(clock is not None, at.tzinfo is not None)
    return _plausible(at, _noted(added, found.calendar), place)


def _offset(zone: str) -> timezone:
    if zone in ("Z", "UTC", "GMT"):
        return UTC
    digits = zone[1:].replace(":", "")
    digits = digits.zfill(2).ljust(4, "0") if len(digits) < 3 else digits.zfill(4)
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if zone[0] == "-" else delta)


def _added(timed: bool, zoned: bool) -> str:
    if not timed:
        return DAY_ONLY
    return "" if zoned else "zone of the site"


def _plausible(at: datetime, added: str, place: Place) -> Dated | None:
    """The date, made aware, unless it cannot be a publication date: before the web, or well after the fetch time."""
    try:
        at = at if at.tzinfo else at.replace(tzinfo=place.zone)
        return Dated(at, added) if EARLIEST <= at.astimezone(UTC) <= place.fetched + _MAX_FUTURE else None
    except (OverflowError, ValueError):
        return None
