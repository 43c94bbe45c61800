"""An archive of years: what is old goes, what is needed stays, and no table grows but by articles."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, func, insert, select

from index.archive import Archive, articles, expiry, frontier, hosts, jobs, runs, source_state
from index.archive import tables as t
from index.archive.database import Database
from index.archive.expiry import expire
from index.archive.frontier import Visit
from index.archive.source_state import SourceResponse, failed, polled
from index.model.candidate import Candidate
from index.model.codes import FetchReason, PageReason, PageState, RunStatus
from index.model.message import Message
from tests.support.archive_samples import HOUR, NOW, article, page

DAY = timedelta(days=1)
SITES = ("step", "other", "rare")
DAYS = 500
STILL_LISTED = Candidate("https://step.example/old", published=NOW - 9 * 365 * DAY)


def a_day(conn: Connection, number: int, now: datetime) -> None:
    """What a day leaves: a run of two sites, of which one stores an article each tenth day; hosts, sources, alerts."""
    run = runs.start(conn, SITES if number == 0 else SITES[:2], now, owner="test")
    if number % 10 == 0:
        one = article(f"https://step.example/{number}", headline=f"خبر {number}", body=f"نص {number}")
        articles.store(conn, page(one, now, run=run))
        runs.add(conn, run, "step", stored=1)
    runs.finish(conn, run, RunStatus.OK, now + HOUR)
    conn.execute(insert(t.alerts).values(site="step", at=now, verdict="quiet" if number % 2 else None))
    hosts.put(conn, f"https://host-{number}.example", robots=b"User-agent: *", answered=now)
    polled(conn, "step", "https://step.example/feed", SourceResponse(), now)
    polled(conn, "step", f"https://step.example/map-{number}.xml", SourceResponse(), now)
    failed(conn, "step", f"https://step.example/gone-{number}.xml", Message(FetchReason.TIMEOUT), now + DAY)
    frontier.offer(conn, "step", "https://step.example/feed", [Candidate(f"https://step.example/video-{number}")], now)
    url = f"https://step.example/video-{number}"
    frontier.mark_refused(conn, "step", url, Message(PageReason.VIDEO), Visit(now))
    lost = [Candidate(f"https://step.example/{how}-{number}") for how in ("gone", "dead")]
    frontier.offer(conn, "step", "https://step.example/feed", lost, now)
    frontier.mark_gone(conn, "step", lost[0].url, Visit(now, status=404))
    for day in range(3):
        frontier.mark_failed(conn, "step", lost[1].url, Message(FetchReason.TIMEOUT), now + 7 * DAY, now + day * DAY)
    old = Candidate(f"https://step.example/old-{number}", published=now - 3 * 365 * DAY)
    frontier.offer(conn, "step", "https://step.example/feed", [old, STILL_LISTED], now)
    expire(conn, now, ["step"])


def counts(archive: Archive) -> dict[str, int]:
    with archive.read() as conn:
        tables = (t.runs, t.run_sites, t.alerts, t.hosts, t.sources, t.frontier, t.fetches)
        return {table.name: conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive of DAYS."""
    archive = Archive(tmp_path_factory.mktemp("years") / "archive.sqlite3")

    def all_days(conn: Connection) -> None:
        for number in range(DAYS):
            a_day(conn, number, NOW - (DAYS - number) * DAY)

    archive.write(all_days).result()
    return archive


def test_the_second_year_adds_nothing_but_articles(years: Archive) -> None:
    stored = DAYS // 10
    found = counts(years)
    assert found["runs"] <= 92 + stored + 1
    assert found["run_sites"] <= 2 * 92 + 2
    assert found["alerts"] <= 367
    assert found["hosts"] <= 32
    assert found["sources"] <= 2 * 92 + 1
    assert found["frontier"] <= 3 * 182 + 367 + stored + 1
    assert found["fetches"] <= 2 * 182 + 3 * 367 + stored


def test_what_is_too_old_and_still_listed_is_known(years: Archive) -> None:
    with years.read() as conn:
        row = frontier.row(conn, "step", STILL_LISTED.url)
        assert row is not None
        assert (row.state, row.due) == (PageState.OLD, None)
        assert row.discovered > NOW - DAYS * DAY, "noted again since"


def test_what_is_needed_stays(years: Archive) -> None:
    with years.read() as conn:
        last = runs.last_by_site(conn, ["step", "other", "rare"])
        assert {site: part.started for site, part in last.items()} == {
            "step": NOW - DAY, "other": NOW - DAY, "rare": NOW - DAYS * DAY,
        }  # fmt: skip
        named = conn.execute(select(t.versions.c.run)).scalars().all()
        assert len(named) == DAYS // 10
        assert set(named) <= set(conn.execute(select(t.runs.c.id)).scalars())
        assert source_state.state(conn, "step", "https://step.example/feed").polled == NOW - DAY


def test_where_a_job_is_that_nobody_continues_is_forgotten(place: Database) -> None:
    with Archive(place) as archive:

        def pass_by(conn: Connection) -> int:
            for days in (1, 89, 91, 400):
                jobs.note(conn, "import", str(days), days, {}, NOW - days * DAY)
            return expire(conn, NOW)

        assert archive.write(pass_by).result() == 2
        with archive.read() as conn:
            assert [jobs.noted(conn, "import", str(days)) for days in (1, 89, 91)] == [(1, {}), (89, {}), None]


def test_a_run_that_goes_on_is_left_alone(archive: Archive) -> None:
    def begin(conn: Connection) -> int:
        return runs.start(conn, ["step"], NOW - 100 * DAY, owner="test", pid=os.getpid())

    run = archive.write(begin).result()
    archive.write(lambda conn: expire(conn, NOW)).result()
    with archive.read() as conn:
        assert runs.get(conn, run) is not None


def test_a_host_that_asked_to_wait_or_does_not_answer_is_remembered(archive: Archive) -> None:
    def fill(conn: Connection) -> None:
        hosts.put(conn, "https://waits.example", answered=NOW - 60 * DAY, not_before=NOW + DAY)
        hosts.put(conn, "https://silent.example", answered=NOW - 90 * DAY, silent=NOW - 60 * DAY)
        hosts.put(conn, "https://gone.example", answered=NOW - 60 * DAY, not_before=NOW - DAY)
        expire(conn, NOW)

    archive.write(fill).result()
    with archive.read() as conn:
        assert set(conn.execute(select(t.hosts.c.origin)).scalars()) == {
            "https://waits.example", "https://silent.example",
        }  # fmt: skip


def test_one_call_deletes_so_many_and_the_next_go_on(archive: Archive) -> None:
    def fill(conn: Connection) -> None:
        for number in range(25):
            hosts.put(conn, f"https://{number}.example", answered=NOW - 60 * DAY)

    archive.write(fill).result()
    done = [archive.write(lambda conn: expire(conn, NOW, most=10)).result() for _ in range(4)]
    assert done == [10, 10, 5, 0]


# --- however young ---------------------------------------------------------------------------------------------------


def run_of_a_hostile_site(conn: Connection, number: int, now: datetime) -> None:
    """Other addresses, sitemaps and hosts in each run, of which it fetches some."""
    expire(conn, now, ["step"])
    room = frontier.room(conn, "step")
    dated = [Candidate(f"https://step.example/{number}/old-{n}", published=NOW - 900 * DAY) for n in range(20)]
    offers = [Candidate(f"https://step.example/{number}/{n}") for n in range(20)]
    for some in (dated, offers):
        offered = frontier.offer(conn, "step", "https://step.example/feed", some, now, room=room)
        room = offered.room
    for n, row in enumerate(frontier.due(conn, "step", now, 10)):
        if n % 2:
            frontier.mark_refused(conn, "step", row.url, Message(PageReason.VIDEO), Visit(now))
        else:
            articles.store(conn, page(article("https://step.example/one"), now, url=row.url))
    polled(conn, "step", "https://step.example/feed", SourceResponse(), now)
    hosts.put(conn, "https://step.example", robots=b"User-agent: *", answered=now)
    for n in range(10):
        polled(conn, "step", f"https://step.example/{number}/map-{n}.xml", SourceResponse(), now)
        hosts.put(conn, f"https://{number}-{n}.example", robots=b"User-agent: *", answered=now)


@pytest.mark.parametrize("by", ["rows", "bytes"])
def test_a_site_that_lists_others_each_time_comes_to_an_end(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    beyond = {"FEW_CANDIDATES": 50, "MOST_SOURCES": 60, "MOST_HOSTS": 70}
    beyond |= {"MOST_CANDIDATES": 100} if by == "rows" else {"CANDIDATE_BYTES": 6_000}
    for name, most in beyond.items():
        monkeypatch.setattr(expiry, name, most)
    most = frontier.Room(100, 10**9) if by == "rows" else frontier.Room(10**9, 6_000)
    monkeypatch.setattr(frontier, "MOST_WAITING", most)
    monkeypatch.setattr(frontier, "LITTLE", frontier.Room(10, 10_000))
    found = []
    for number in range(24):
        archive.write(lambda conn, n=number: run_of_a_hostile_site(conn, n, NOW + n * HOUR)).result()  # type: ignore[misc]
        found.append(counts(archive))
    late = [tuple(one.values()) for one in found[-6:]]
    # Each run brings ten rows or more; how many fit into so many bytes depends on how long their addresses are
    assert all(max(rows) - min(rows) <= 2 for rows in zip(*late, strict=True)), "it grows no more"
    with archive.read() as conn:
        assert source_state.state(conn, "step", "https://step.example/feed").polled is not None
        assert hosts.state(conn, "https://step.example").robots is not None
        newest = frontier.row(conn, "step", "https://step.example/23/0")
    assert newest is not None, "what is new is looked at"
    assert newest.state in (PageState.REFUSED, PageState.DUPLICATE)


# --- robots.txt ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [b"", b"User-agent: *\nDisallow: /x\n", b"Disallow: /a/b/c\n" * 20_000])
def test_a_robots_txt_is_kept_compact(archive: Archive, rules: bytes) -> None:
    archive.write(lambda conn: hosts.put(conn, "https://a.example", robots=rules, answered=NOW)).result()
    with archive.read() as conn:
        assert hosts.state(conn, "https://a.example").robots == rules
        assert len(conn.execute(select(t.hosts.c.robots)).scalar_one()) < 5_000


def test_one_that_cannot_be_is_asked_for_again(archive: Archive) -> None:
    rules = b"".join(b"Disallow: /%s\n" % os.urandom(20).hex().encode() for _ in range(10_000))
    archive.write(lambda conn: hosts.put(conn, "https://a.example", robots=rules, answered=NOW)).result()
    with archive.read() as conn:
        kept = hosts.state(conn, "https://a.example")
    assert (kept.robots, kept.answered) == (None, None)


def test_those_of_older_releases_are_read(archive: Archive) -> None:
    def fill(conn: Connection) -> None:
        conn.execute(insert(t.hosts).values(origin="https://a.example", robots=b"User-agent: *"))

    archive.write(fill).result()
    with archive.read() as conn:
        assert hosts.state(conn, "https://a.example").robots == b"User-agent: *"
