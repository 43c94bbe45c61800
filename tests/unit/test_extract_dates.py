"""Dates as pages say them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crawler.extract import dates

DAMASCUS = ZoneInfo("Asia/Damascus")
FETCHED = datetime(2026, 3, 1, tzinfo=UTC)


def place(language: str = "ar", country: str = "SY", zone: ZoneInfo = DAMASCUS) -> dates.Place:
    return dates.Place((language,), country, zone, FETCHED)


@pytest.mark.parametrize(
    ("said", "expected", "added"),
    [
        ("2024-01-15T22:30:00+03:00", "2024-01-15T22:30:00+03:00", ""),
        ("2024-01-15T22:30:00.123+0300", "2024-01-15T22:30:00+03:00", ""),
        ("2024-01-15T22:30:00Z", "2024-01-15T22:30:00+00:00", ""),
        ("2024-01-15 22:30", "2024-01-15T22:30:00+03:00", "zone of the site"),
        ("2024-01-15 10:30 PM", "2024-01-15T22:30:00+03:00", "zone of the site"),
        ("2024-01-15", "2024-01-15T00:00:00+03:00", "day only"),
        ("20240115", "2024-01-15T00:00:00+03:00", "day only"),
        ("20240115T223000Z", "2024-01-15T22:30:00+00:00", ""),
        ("1705347000", "2024-01-15T19:30:00+00:00", ""),
        ("1705347000000", "2024-01-15T19:30:00+00:00", ""),
        ("Mon, 15 Jan 2024 22:30:00 +0300", "2024-01-15T22:30:00+03:00", ""),
        ("٢٠٢٤-٠١-١٥T٢٢:٣٠", "2024-01-15T22:30:00+03:00", "zone of the site"),
    ],
)
def test_dates_for_machines(said: str, expected: str, added: str) -> None:
    found = dates.machine(said, place())
    assert found is not None
    assert (found.at, found.added) == (datetime.fromisoformat(expected), added)
    assert found.at.utcoffset() == datetime.fromisoformat(expected).utcoffset()


@pytest.mark.parametrize(
    "said",
    ["", "soon", "2024", "2024-13-01", "0000-00-00T00:00:00", "1970-01-01T00:00:00Z", "9999-12-31", "2026-03-05"],
)
def test_no_date_is_made_of_what_is_none(said: str) -> None:
    assert dates.machine(said, place()) is None


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("15 كانون الثاني 2024", "2024-01-15"),
        ("15 كانون الثاني/يناير 2024", "2024-01-15"),
        ("الجمعة، 24 نيسان / أبريل 2020", "2020-04-24"),
        ("تم نشره الجمعة 24 نيسان 2020", "2020-04-24"),
        ("٣ تشرين الأول ٢٠٢٥", "2025-10-03"),
        ("8 يونيو، 2018", "2018-06-08"),
        ("12 جويلية 2024", "2024-07-12"),
        ("7 غشت 2024", "2024-08-07"),
        ("12 شباط 2024", "2024-02-12"),
    ],
)
def test_month_names_of_every_arab_region(said: str, day: str) -> None:
    found = dates.visible(said, place())
    assert found is not None
    assert (found.at.date().isoformat(), found.added, found.at.tzinfo) == (day, "day only", DAMASCUS)


@pytest.mark.parametrize(
    ("said", "language", "country", "expected"),
    [
        ("Published: 5 January 2024, 10:30", "en", "GB", "2024-01-05T10:30:00+00:00"),
        ("April 5, 2024 at 3:05 pm", "en", "US", "2024-04-05T15:05:00+00:00"),
        ("3/4/2024", "en", "US", "2024-03-04T00:00:00+00:00"),
        ("3/4/2024", "en", "GB", "2024-04-03T00:00:00+00:00"),
        ("05.04.2025, 14:02 Uhr", "de", "DE", "2025-04-05T14:02:00+00:00"),
        ("5 января 2024", "ru", "RU", "2024-01-05T00:00:00+00:00"),
        ("Publié le 25 décembre 2024 à 10:30", "fr", "FR", "2024-12-25T10:30:00+00:00"),
    ],
)
def test_dates_for_readers(said: str, language: str, country: str, expected: str) -> None:
    found = dates.visible(said, place(language, country, ZoneInfo("UTC")))
    assert found is not None
    assert found.at == datetime.fromisoformat(expected)


@pytest.mark.parametrize("said", ["منذ ساعتين", "كانون الثاني 2024", "2024", "3 min read", "42", "x" * 500 + " 5 2024"])
def test_a_part_of_a_date_is_no_date(said: str) -> None:
    assert dates.visible(said, place()) is None


def test_a_day_is_midnight_where_the_site_is() -> None:
    found = dates.machine("2024-01-15", place(zone=ZoneInfo("America/New_York")))
    assert found is not None
    assert found.at.astimezone(UTC) == datetime(2024, 1, 15, 5, tzinfo=UTC)
    assert found.origin("json-ld") == "json-ld, day only"


def test_an_unknown_zone_is_utc() -> None:
    assert dates.zone_of("Mars/Olympus") is UTC
