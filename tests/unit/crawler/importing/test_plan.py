"""The plan of an import: its pages by time, and where it is continued."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.importing.plan import Plan, PlannedPage, name_of

THEN = datetime(2020, 1, 1, 12, 30, 15, tzinfo=UTC)
PAGES = [PlannedPage(n % 2, 1_000 - n, f"https://n.example/{n}", THEN - timedelta(hours=n)) for n in range(5)]


def made(file: Path) -> Plan:
    plan = Plan(file)
    assert not plan.complete
    plan.begin()
    for page in PAGES:
        plan.add(page)
    plan.finish({"passed": {"status": 3}})
    return plan


def test_pages_come_by_their_time_whatever_the_order_of_files(tmp_path: Path) -> None:
    plan = made(tmp_path / "a.plan")
    assert list(plan.pages(0)) == PAGES[::-1]
    assert list(plan.pages(3)) == PAGES[1::-1]
    assert (len(plan), plan.counts) == (5, {"passed": {"status": 3}})


def test_what_was_done_is_known_to_the_next_process(tmp_path: Path) -> None:
    plan = made(tmp_path / "a.plan")
    plan.close()
    again = Plan(tmp_path / "a.plan")
    assert (again.complete, again.counts) == (True, {"passed": {"status": 3}})
    again.delete()
    assert list(tmp_path.iterdir()) == []


def test_a_look_through_that_was_killed_is_made_again(tmp_path: Path) -> None:
    first = Plan(tmp_path / "a.plan")
    first.begin()
    first.add(PAGES[0])
    first.close()  # without `finish`
    again = Plan(tmp_path / "a.plan")
    assert not again.complete
    assert len(again) == 0


def test_a_plan_of_a_version_that_noted_in_it_what_was_done_is_made_again(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.plan")) as db:
        db.execute("CREATE TABLE state (done INTEGER, counts TEXT)")
        db.execute("INSERT INTO state VALUES (3, '{}')")
        db.commit()
    plan = made(tmp_path / "a.plan")
    assert (plan.complete, len(plan), plan.counts) == (True, 5, {"passed": {"status": 3}})


def test_other_files_and_options_are_another_import() -> None:
    one = name_of([("a.warc", 5), ("b.warc", 6)], "")
    assert one == name_of([("b.warc", 6), ("a.warc", 5)], "")
    assert (
        len(
            {
                one,
                name_of([("a.warc", 5)], ""),
                name_of([("a.warc", 5), ("b.warc", 7)], ""),
                name_of([("a.warc", 5), ("b.warc", 6)], "x"),
            }
        )
        == 4
    )
