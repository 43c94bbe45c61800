"""What a clock from the future wrote: it is found in every table, and nothing stays silent for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Row, select, update

from index.archive import (
    Archive,
    articles,
    clock,
    documents,
    frontier,
    hosts,
    leases,
    outbox,
    runs,
    site_state,
    source_state,
)
from index.archive import tables as t
from index.archive.column_types import Instant
from index.archive.frontier import FIRST_VISIT, Visit
from index.archive.source_state import SourceResponse, failed, polled
from index.model.candidate import Candidate
from index.model.codes import FetchReason, RunStatus
from index.model.message import Message
from tests.support.archive_samples import HOUR, NOW, article, next_turns, page

YEAR = timedelta(days=365)
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
LATELY = [Candidate(f"https://step.example/{n}", published=NOW - n * HOUR) for n in range(5)]
LONG_AGO = Candidate("https://step.example/old", published=NOW - timedelta(days=90))


def crawl(conn: Connection, now: datetime) -> None:
    """What one crawl of a site writes, by this clock."""
    run = runs.start(conn, ["step"], now, owner="test")
    leases.acquire(conn, ["step"], "test", now)
    polled(conn, "step", "https://step.example/feed", SourceResponse(forced=now), now)
    failed(conn, "step", "https://step.example/map", Message(FetchReason.TIMEOUT), now + timedelta(days=7))
    source_state.put(conn, "step", "https://step.example/map", asked=now)
    hosts.put(conn, "https://step.example", robots=b"", answered=now, not_before=now + timedelta(days=7))
    frontier.offer(conn, "step", "https://step.example/feed", [*LATELY, LONG_AGO], now)
    undated = article("https://step.example/undated", published=None)
    articles.store(conn, page(undated, now, revisit_at=now + HOUR))
    url = "https://step.example/failed"
    frontier.offer(conn, "step", "https://step.example/feed", [Candidate(url)], now)
    frontier.mark_failed(conn, "step", url, Message(FetchReason.TIMEOUT), now + timedelta(days=7), now)
    site_state.put(conn, "step", last_run=now, last_success=now, plain=now)
    next_turns(conn, {"step": (now + HOUR, Message("schedule.every", {"interval": 3_600}))})
    runs.finish(conn, run, RunStatus.OK, now + HOUR)


def contents(conn: Connection) -> dict[str, Sequence[Row[Any]]]:
    """All rows, by table; without living processes, whose rows are renewed meanwhile."""
    tables = (table for table in t.metadata.sorted_tables if table is not t.processes)
    return {table.name: conn.execute(select(table)).all() for table in tables}


@pytest.fixture(params=[timedelta(hours=3), timedelta(days=30), YEAR, 60 * YEAR], ids=["3 h", "30 d", "1 y", "60 y"])
def ahead(request: pytest.FixtureRequest, archive: Archive) -> timedelta:
    """How far ahead the clock was at the first crawl."""
    archive.write(lambda conn: outbox.start_target(conn, "embedded", "t", NOW)).result()
    archive.write(lambda conn: crawl(conn, NOW + request.param)).result()
    return request.param


def test_nothing_is_left_in_the_future(archive: Archive, ahead: timedelta) -> None:
    told = archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result()
    assert told == NOW + ahead + HOUR, "the latest of it"
    with archive.read() as conn:
        for table in t.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Instant) and column not in clock.RECORDED | clock.BY_DATABASE:
                    latest = max(filter(None, conn.execute(select(column)).scalars()), default=NOW)
                    assert latest <= NOW + timedelta(days=8), column
        assert clock.ahead(conn, NOW) is None
    assert archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result() is None, "once is enough"


def test_what_was_too_old_for_that_clock_is_fetched(archive: Archive, ahead: timedelta) -> None:
    archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result()
    with archive.read() as conn:
        due = {row.url for row in frontier.due(conn, "step", NOW, 100)}
        horizon = site_state.state(conn, "step").horizon
        waits = hosts.waiting(conn, NOW)
    assert {candidate.url for candidate in LATELY} <= due
    assert LONG_AGO.url not in due
    assert "https://step.example/undated" in due, "revisits go on"
    assert horizon is not None
    assert horizon <= NOW
    assert "https://step.example/failed" in due
    assert all(until <= NOW + WEEK for until in waits.values()), "from now no longer than it asked"
    assert bool(waits) == (ahead < WEEK)


@pytest.mark.parametrize(("ahead", "wait"), [(3 * HOUR, WEEK), (timedelta(days=3), HOUR), (timedelta(days=6), WEEK)])
def test_a_wait_that_a_clock_ahead_noted_lasts_no_longer_than_was_asked(
    archive: Archive, ahead: timedelta, wait: timedelta
) -> None:
    """Hosts', sources' and pages', whatever of these was noted alone."""
    wrong = NOW + ahead

    def fail(conn: Connection) -> None:
        runs.start(conn, ["step"], wrong, owner="test")
        hosts.put(conn, "https://step.example", not_before=wrong + wait)
        source_state.put(conn, "step", "https://step.example/feed", asked=wrong, retry_at=wrong + wait)
        frontier.mark_failed(conn, "step", LONG_AGO.url, Message(FetchReason.TIMEOUT), wrong + wait, wrong)

    archive.write(fail).result()
    archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result()
    with archive.read() as conn:
        assert hosts.asked_to_wait(conn, "https://step.example", NOW + wait + MINUTE) is None
        assert source_state.state(conn, "step", "https://step.example/feed").retry_at is None
        assert LONG_AGO.url in {row.url for row in frontier.due(conn, "step", NOW, 100)}


def test_what_the_right_clock_put_off_stays_put_off(archive: Archive) -> None:
    """But for hosts, whose wait is shorter by as much as the clock was ahead."""
    archive.write(lambda conn: crawl(conn, NOW - HOUR)).result()
    archive.write(lambda conn: runs.start(conn, ["other"], NOW + 2 * HOUR, owner="test")).result()
    assert archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result() == NOW + 2 * HOUR
    with archive.read() as conn:
        assert hosts.waiting(conn, NOW) == {"https://step.example": NOW + WEEK - 3 * HOUR}
        assert source_state.state(conn, "step", "https://step.example/map").retry_at == NOW + WEEK - HOUR
        assert "https://step.example/failed" not in {row.url for row in frontier.due(conn, "step", NOW, 100)}


def test_what_was_too_old_for_a_clock_that_was_a_day_ahead_is_fetched_once_it_is_mended(archive: Archive) -> None:
    """Its horizon was past, though a day too late."""
    a_week_old = Candidate("https://step.example/week", published=NOW - FIRST_VISIT + HOUR)

    def day_ahead(conn: Connection) -> None:
        crawl(conn, NOW + 24 * HOUR)
        frontier.offer(conn, "step", "https://step.example/feed", [a_week_old], NOW + 24 * HOUR)

    archive.write(day_ahead).result()
    with archive.read() as conn:
        assert a_week_old.url not in {row.url for row in frontier.due(conn, "step", NOW + 48 * HOUR, 100)}
    archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result()
    with archive.read() as conn:
        due = {row.url for row in frontier.due(conn, "step", NOW, 100)}
        assert site_state.state(conn, "step").horizon == NOW - FIRST_VISIT
    assert a_week_old.url in due
    assert LONG_AGO.url not in due


@pytest.mark.parametrize("state", ["stored", "gone", "duplicate", "refused"])
def test_what_was_too_old_to_be_looked_at_again_is_so_once_the_clock_is_mended(archive: Archive, state: str) -> None:
    """As when it jumps while the page is on its way."""

    def jumped(conn: Connection) -> None:
        crawl(conn, NOW)
        runs.finish(conn, 1, RunStatus.OK, NOW + YEAR)
        conn.execute(update(t.frontier).values(state=state, fetched=NOW + YEAR, due=None))

    archive.write(jumped).result()
    archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result()
    with archive.read() as conn:
        due = conn.execute(select(t.frontier.c.due)).scalars().all()
    assert set(due) == ({NOW} if state in ("stored", "gone") else {None})


@pytest.mark.usefixtures("ahead")
def test_an_article_from_the_future_is_the_newest_no_longer(archive: Archive) -> None:
    archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result()
    with archive.read() as conn:
        (document,) = documents.documents(conn, [identifier for identifier, _ in documents.ids(conn)])
        waiting = outbox.waiting(conn, "t")
    assert document.sort_date == NOW
    assert document.first_seen > NOW, "what was recorded of a page stays"
    assert waiting == {document.article.id}, "and indexes hear of it"


@pytest.mark.usefixtures("ahead")
def test_a_clock_from_before_the_program_mends_nothing(archive: Archive) -> None:
    with archive.read() as conn:
        before = contents(conn)
    assert archive.write(lambda conn: clock.mend(conn, clock.BUILT - HOUR, FIRST_VISIT)).result() is None
    with archive.read() as conn:
        assert before == contents(conn)


def test_a_right_clock_changes_nothing(archive: Archive) -> None:
    archive.write(lambda conn: crawl(conn, NOW - HOUR)).result()
    with archive.read() as conn:
        before = contents(conn)
    assert archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result() is None
    with archive.read() as conn:
        assert before == contents(conn)


def test_a_wait_alone_is_found_too(archive: Archive) -> None:
    archive.write(lambda conn: hosts.put(conn, "https://step.example", not_before=NOW + YEAR)).result()
    with archive.read() as conn:
        assert hosts.waiting(conn, NOW) == {}
    archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result()
    with archive.read() as conn:
        assert hosts.state(conn, "https://step.example").not_before is None


@pytest.mark.usefixtures("ahead")
def test_dates_that_pages_give_stay_as_they_are(archive: Archive) -> None:
    later = NOW + 2 * YEAR
    archive.write(lambda conn: conn.execute(update(t.articles).values(published=later))).result()
    archive.write(lambda conn: clock.mend(conn, NOW, FIRST_VISIT)).result()
    with archive.read() as conn:
        row = conn.execute(select(t.articles)).one()
    assert row.published == later
    assert row.sort_date == NOW


@pytest.mark.parametrize("how", ["the same bytes", "the same text"])
def test_what_was_stored_by_a_clock_that_was_behind_is_sorted_by_its_date_at_the_next_look(
    archive: Archive, how: str
) -> None:
    """And what gives a date that has not come stays where it was found."""
    archive.write(lambda conn: outbox.start_target(conn, "embedded", "t", NOW)).result()
    dates = {"behind": NOW - HOUR, "zone": NOW - YEAR + 3 * HOUR, "later": NOW + YEAR}
    ones = {name: article(f"https://step.example/{name}", published=date) for name, date in dates.items()}

    def look(conn: Connection, now: datetime) -> None:
        for one in ones.values():
            if now == NOW and how == "the same bytes":
                articles.unchanged(conn, "step", one.url, Visit(now, status=304))
            else:
                articles.store(conn, page(one, now))

    archive.write(lambda conn: look(conn, NOW - YEAR)).result()
    archive.write(lambda conn: conn.execute(t.outbox.delete())).result()
    archive.write(lambda conn: look(conn, NOW)).result()
    with archive.read() as conn:
        sorted_by = {row.url.rpartition("/")[2]: row.sort_date for row in conn.execute(select(t.articles))}
        waiting = outbox.waiting(conn, "t")
    assert sorted_by == {"behind": dates["behind"], "zone": NOW - YEAR, "later": NOW - YEAR}
    assert waiting == {ones["behind"].id}, "and indexes hear of it"
