"""Other ages in a site's file move the dates of its pages' next visits: of those that depend on their age alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, update

from crawler.scheduling.revisit import LADDER, next_look
from crawler.session.revisit_dates import move_dates
from index.archive import articles, frontier, site_state
from index.archive import tables as t
from index.archive.frontier import Visit
from index.model.candidate import Candidate
from index.model.codes import FetchOutcome, FetchReason
from index.model.message import Message
from tests.support.archive_samples import article, page
from tests.support.newspaper import HOME, Archivist

HOUR = timedelta(hours=1)
DAY = 24 * HOUR


class Desk(Archivist):
    """An archive whose pages get any date."""

    def add(self, number: int, age: timedelta, ago: timedelta, site: str = "paper", **columns: Any) -> str:
        """A page of an article of this age, fetched so long ago, with the date of the default ages; gives its URL."""
        now, url, store = datetime.now(UTC), f"{HOME}/{site}/{number}", self.session.store
        fields = {"headline": f"Story number {number}", "body": f"Text {number}. " * 30, "published": now - age}
        told = page(article(url, site=site, **fields), now - ago)
        due = next_look(now - ago, now - age, None, LADDER)

        def put(conn: Connection) -> None:
            offered = [Candidate(url, published=now - age)]
            frontier.offer(conn, site, "feed", offered, now, first_visit=1_000 * DAY)
            outcome = articles.store(conn, told)
            frontier.mark_fetched(conn, site, url, Visit(now - ago, due), Message(FetchOutcome.SAME), outcome.id)
            if columns:
                conn.execute(update(t.frontier).where(t.frontier.c.url == url).values(**columns))

        self.wait(store.write(put))
        return url

    def due(self, url: str, site: str = "paper") -> datetime | None:
        row = self.read(lambda conn: frontier.row(conn, site, url))
        assert row is not None
        return row.due

    def move(self, *ages: timedelta | None) -> int:
        """How many dates move when its file gives these ages; None: when it gives none."""
        given = None if ages == (None,) else ages
        return self.wait(move_dates(self.session.store, self.site.model_copy(update={"revisit": given})))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.close()


def test_a_date_that_was_set_becomes_that_of_the_new_ages_as_of_its_fetch(desk: Desk) -> None:
    url = desk.add(1, age=3 * DAY, ago=2 * DAY)
    before = desk.due(url)
    assert desk.move(5 * DAY) == 1
    after = desk.due(url)
    assert before is not None
    assert after is not None
    assert abs(before - after - 2 * DAY) < HOUR, "it was to be looked at on its seventh day"
    assert desk.move(5 * DAY) == 0
    assert desk.move(None) == 1
    assert desk.due(url) == before
    assert desk.move() == 1, "no ages: never again"
    assert desk.due(url) is None


def test_ages_long_past_fetch_nothing(desk: Desk) -> None:
    old = desk.add(1, age=90 * DAY, ago=30 * DAY)
    assert desk.due(old) is None
    young = desk.add(2, age=10 * DAY, ago=9 * DAY, due=None)
    assert desk.move(HOUR, 5 * DAY, 60 * DAY) == 1
    assert desk.due(old) is None
    due = desk.due(young)
    assert due is not None
    assert abs(due - datetime.now(UTC) - 50 * DAY) < HOUR


@pytest.mark.parametrize(
    "columns",
    [
        {"due": datetime(2026, 1, 1, tzinfo=UTC)},
        {"tries": 2},
        {"missing": datetime(2026, 1, 1, tzinfo=UTC)},
        {"moved": datetime(2999, 1, 1, tzinfo=UTC)},
        {"state": "gone", "reason": "page.emptied"},
        {"state": "duplicate"},
    ],
    ids=["due", "to be retried", "missing", "dated later", "emptied", "duplicate"],
)
def test_a_date_that_something_else_decided_stays(desk: Desk, columns: dict[str, Any]) -> None:
    url = desk.add(1, age=3 * DAY, ago=2 * DAY, **columns)
    before = desk.due(url)
    assert desk.move(5 * DAY) == 0
    assert desk.due(url) == before


def test_a_page_that_answered_404_moves_too(desk: Desk) -> None:
    url = desk.add(1, age=3 * DAY, ago=2 * DAY, state="gone", reason=FetchReason.HTTP_STATUS)
    before = desk.due(url)
    assert desk.move(5 * DAY) == 1
    assert desk.due(url) != before


def test_only_that_sites_rows_are_looked_at(desk: Desk) -> None:
    other = desk.add(1, age=3 * DAY, ago=2 * DAY, site="other")
    before = desk.due(other, "other")
    desk.add(2, age=3 * DAY, ago=2 * DAY)
    statements: list[str] = []
    writer = desk.wait(desk.session.store.write(lambda conn: conn.engine))
    event.listen(writer, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert desk.move(5 * DAY) == 1
    assert desk.due(other, "other") == before
    query = next(one for one in statements if "frontier.missing IS NULL" in one)
    values = ("paper", *(0 for _ in range(query.count("?") - 1)))
    plan = desk.read(lambda conn: conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all())
    assert len(plan) == 1, plan
    assert "ix_frontier_site_state (site=? AND state=?" in plan[0].detail


def test_the_ages_are_kept_with_the_site(desk: Desk) -> None:
    desk.move(HOUR, DAY)
    assert desk.read(lambda conn: site_state.state(conn, "paper")).revisit == (3_600.0, 86_400.0)
    desk.move(None)
    assert desk.read(lambda conn: site_state.state(conn, "paper")).revisit is None
