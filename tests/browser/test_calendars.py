"""Days of other calendars, held to the tables of ICU, which Chromium has in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser

from crawler.extract.dates.calendars import from_hijri, from_jalali, written
from tests.support.filled_archive import NOW

FIRST, LAST = date(1880, 1, 1), date(2122, 1, 1)
YEARS = range(1301, 1500)  # that are read
DAYS = """([calendar, from, to]) => {
  const format = new Intl.DateTimeFormat("en-u-nu-latn-ca-" + calendar,
    {timeZone: "UTC", year: "numeric", month: "numeric", day: "numeric"});
  const days = [];
  for (let day = Date.parse(from); day < Date.parse(to); day += 864e5) {
    const parts = Object.fromEntries(format.formatToParts(day).map(part => [part.type, part.value]));
    days.push(["year", "month", "day"].map(part => parseInt(parts[part])));
  }
  return JSON.stringify(days);
}"""  # as one text: as values, each number of theirs is converted three times on its way
MONTHS = "محرم صفر ربيع_الأول ربيع_الآخر جمادى_الأولى جمادى_الآخرة رجب شعبان رمضان شوال ذو_القعدة ذو_الحجة"
WEEKDAYS = "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد"


@pytest.fixture(scope="module")
def told(browser: Browser) -> Callable[[str, date, date], dict[date, tuple[int, int, int]]]:
    """Year, month and day of each day from the first on, without the last, in a calendar of ICU's."""

    def days(calendar: str, first: date, last: date) -> dict[date, tuple[int, int, int]]:
        with browser.new_page() as tab:
            found = json.loads(tab.evaluate(DAYS, [calendar, first.isoformat(), last.isoformat()]))
        return {first + timedelta(n): (year, month, day) for n, (year, month, day) in enumerate(found)}

    return days


@pytest.mark.browser
@pytest.mark.parametrize(
    ("calendar", "read", "number"), [("persian", from_jalali, 72_683), ("islamic-civil", from_hijri, 70_519)]
)
def test_each_day_of_two_centuries_is_as_icu_has_it(
    told: Callable[[str, date, date], dict[date, tuple[int, int, int]]],
    calendar: str,
    read: Callable[[int, int, int], date],
    number: int,
) -> None:
    days = {day: parts for day, parts in told(calendar, FIRST, LAST).items() if parts[0] in YEARS}
    assert len(days) == number
    assert [(day, parts) for day, parts in days.items() if read(*parts) != day] == []


@pytest.mark.browser
def test_a_day_of_umm_al_qura_is_found_by_its_weekday(
    told: Callable[[str, date, date], dict[date, tuple[int, int, int]]],
) -> None:
    """Mecca's calendar, which is up to two days off the table: each day from 1990 until two years from now."""
    months = [name.replace("_", " ") for name in MONTHS.split()]
    weekdays = WEEKDAYS.split()
    days = told("islamic-umalqura", date(1990, 1, 1), date(NOW.year + 3, 1, 1))
    assert len(days) > 13_000
    off = {(from_hijri(*parts) - day).days for day, parts in days.items()}
    assert off == {-1, 0, 1, 2}
    for day, (year, month, number) in days.items():
        found = written(f"{weekdays[day.weekday()]} {number} {months[month - 1]} {year}", ("ar",))
        assert found is not None
        assert (found.day, found.calendar) == (day, "hijri"), (year, month, number)
