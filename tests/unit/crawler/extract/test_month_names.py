"""The names of months, which are CLDR's, each in the languages that have it."""

from __future__ import annotations

import pytest

from crawler.extract.dates import month_names
from scripts import generate_month_names


def test_the_table_is_what_its_command_makes() -> None:
    assert generate_month_names.FILE.read_text("utf-8") == generate_month_names.table()


@pytest.mark.parametrize(
    ("said", "language", "number"),
    [("листопада", "uk", 11), ("listopad", "cs", 11), ("listopad", "hr", 10), ("februari", "nl", 2), ("мај", "sr", 5)],
)
def test_a_name_means_the_month_of_its_language(said: str, language: str, number: int) -> None:
    (month,) = month_names.months(said, (language,))
    assert (month.calendar, month.number) == ("gregorian", number)


def test_no_language_has_the_names_of_another() -> None:
    """Babel gives the names that stand alone in whatever language was asked for first."""
    (meaning,) = month_names._names()["yanvar"].values()
    assert meaning == {"az", "uz"}
