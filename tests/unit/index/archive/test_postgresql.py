"""What only PostgreSQL has: writers at the same time, connections that break, servers that are not as they must be."""

import lzma
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import select as select_files
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, func, select, text, update

from crawler.fingerprint import identity
from index.archive import (
    Archive,
    articles,
    clock,
    dialect,
    heartbeat,
    host_turns,
    hosts,
    leases,
    machines,
    migrate,
    outbox,
    postgresql,
    runs,
    site_state,
)
from index.archive import tables as t
from index.archive.database import Wait
from index.archive.dialect import CHANNEL
from index.archive.frontier import Visit
from index.archive.near_window import NearWindow, month_of
from index.archive.postgresql import PostgresqlDatabase, server
from index.errors import ArchiveError, Busy, LeaseLost
from index.model.article import Article
from tests.support import near_texts
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.patience import PATIENCE, wait_for
from tests.support.postgresql import Server

ROOT = Path(__file__).parents[4]
PARTITIONED = text("SELECT pg_get_partkeydef('bands'::regclass)")
SAMPLES = sorted((ROOT / "tests" / "samples").glob("archive-*.postgresql.sql.xz"))


@pytest.fixture
def database(postgresql_server: Server, tmp_path: Path) -> Iterator[PostgresqlDatabase]:
    with postgresql_server.archive(tmp_path) as database:
        yield database


@pytest.fixture
def pair(database: PostgresqlDatabase) -> Iterator[tuple[Archive, Archive]]:
    """Two processes' views of one archive: each writes by itself."""
    with Archive(database) as one, Archive(database) as other:
        yield one, other


# --- leases --------------------------------------------------------------------------------------------------------

HOLDER = """
import sys, time
from datetime import timedelta
from pathlib import Path
from sqlalchemy import insert
from index.archive import Archive, heartbeat, leases, site_state
from index.archive.database import Wait
from index.archive.dialect import CHANNEL
from index.archive.postgresql import PostgresqlDatabase
from index.errors import ArchiveError
from tests.support.archive_samples import NOW
heartbeat.SILENCE = timedelta(seconds=0.5)
heartbeat.mend = lambda conn: None  # to whom so short a life is usual, that of others is from the future

def add(conn):
    site_state.record_revisit(conn, "step", False, 1.0)
    time.sleep(0.01)

with Archive(PostgresqlDatabase(sys.argv[1], Path(sys.argv[2]))) as archive:
    for line in sys.stdin:
        heartbeat.LIFE = timedelta(seconds=float(line))
        (lease,) = archive.write(lambda c: leases.acquire(c, ["step"], "frozen", NOW)).result()
        print("holds", flush=True)
        try:
            while True:
                archive.write(add, lease).result()
        except ArchiveError as error:
            print(type(error).__name__, flush=True)
"""


@pytest.mark.parametrize("tries", [8, pytest.param(100, marks=pytest.mark.long)])
def test_a_holder_that_was_frozen_past_its_lease_commits_nothing(database: PostgresqlDatabase, tries: int) -> None:
    """Nor what it had begun: the server ends a transaction whose client is silent before its lease can be another's."""
    life = 1.5
    command = [sys.executable, "-c", HOLDER, database.url, str(database.folder)]
    with (
        Archive(database) as archive,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder,
    ):
        assert holder.stdin is not None
        assert holder.stdout is not None
        archive.write(lambda c: site_state.put(c, "step")).result()

        def written() -> float:
            with archive.read() as conn:
                return site_state.state(conn, "step").looked

        def take() -> list[leases.Lease]:
            return archive.write(lambda c: leases.acquire(c, ["step"], "heir", NOW)).result()

        def has_ended() -> bool:
            return bool(select_files([holder.stdout], [], [], 0)[0])

        try:
            done = 0
            while done < tries:
                holder.stdin.write(f"{life}\n")
                holder.stdin.flush()
                assert holder.stdout.readline() == "holds\n"
                before = written()
                wait_for(lambda before=before: written() > before or has_ended())  # type: ignore[misc]
                if has_ended():  # of itself: on a machine that is too slow for so short a life
                    assert holder.stdout.readline() == "LeaseLost\n"
                    life *= 2
                    continue
                done += 1
                os.kill(holder.pid, signal.SIGSTOP)
                held: list[leases.Lease] = []
                wait_for(lambda held=held: held.extend(take()) or bool(held))  # type: ignore[misc]
                seen = written()
                os.kill(holder.pid, signal.SIGCONT)
                assert holder.stdout.readline() == "LeaseLost\n"
                assert written() == seen
                archive.write(lambda c, held=held: leases.release(c, held)).result()  # type: ignore[misc]
        finally:
            holder.kill()


def test_an_expired_lease_writes_nothing_even_if_nobody_has_taken_it(database: PostgresqlDatabase) -> None:
    with Archive(database) as archive:
        (lease,) = archive.write(lambda c: leases.acquire(c, ["step"], "one", NOW)).result()
        expired = update(t.processes).values(expires=heartbeat.clock(-timedelta(seconds=1)))
        archive.write(lambda c: c.execute(expired)).result()
        with pytest.raises(LeaseLost, match="silent for too long"):
            archive.write(lambda c: site_state.put(c, "step"), lease).result()
        with archive.read() as conn:
            assert leases.holder(conn, "step") is None
        heartbeat.stop(archive._writer)
        (again,) = archive.write(lambda c: leases.acquire(c, ["step"], "two", NOW)).result()
        assert again.fence == 2, "a process that comes back begins anew"
        archive.write(lambda c: site_state.put(c, "step"), again).result()


def test_a_heartbeat_renews_a_lease_by_the_databases_clock(
    database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEATS", heartbeat.LIFE.total_seconds() * 50)
    with Archive(database) as archive:
        archive.write(lambda c: leases.acquire(c, ["step"], "one", NOW)).result()

        def expires() -> object:
            with archive.read() as conn:
                return conn.execute(select(t.processes.c.expires)).scalar_one()

        first = expires()
        wait_for(lambda: expires() > first)  # type: ignore[operator]


def test_who_mends_the_times_of_a_wrong_clock_takes_nobody_for_dead(pair: tuple[Archive, Archive]) -> None:
    one, other = pair
    one.write(lambda conn: leases.acquire(conn, ["step"], "one", NOW)).result()
    with one.read() as conn:
        now = dialect.of(conn).now(conn)
    one.write(lambda conn: runs.start(conn, ["step"], now + HOUR, owner="ahead")).result()
    wrong = other.write(lambda conn: clock.mend(conn, now - timedelta(seconds=20), timedelta(days=7))).result()
    assert wrong == now + HOUR
    with other.read() as conn:
        assert leases.holder(conn, "step") is not None


def test_what_the_databases_clock_wrote_while_it_was_ahead_keeps_nobody_alive_and_no_host_waiting(
    pair: tuple[Archive, Archive],
) -> None:
    one, other = pair
    one.write(lambda conn: leases.acquire(conn, ["step"], "one", NOW)).result()
    one.write(lambda conn: machines.join(conn, "dead", "1", 1)).result()
    one.write(lambda conn: host_turns.take(conn, "step.example", 1, HOUR)).result()
    day = timedelta(days=1)

    def jump(conn: Connection) -> None:
        conn.execute(update(t.processes).values(expires=heartbeat.clock(day)))
        conn.execute(update(t.machines).values(heard=heartbeat.clock(day)))
        conn.execute(update(t.host_turns).values(until=heartbeat.clock(day), asked=heartbeat.clock(day)))

    one.write(jump).result()
    with other.read() as conn:
        assert leases.holder(conn, "step") is not None
    other.write(heartbeat.mend).result()
    with other.read() as conn:
        now = dialect.of(conn).now(conn)
        assert leases.holder(conn, "step") is not None, "one that lives has its sites"
        assert conn.execute(select(t.processes.c.expires)).scalar_one() <= now + heartbeat.LIFE
        assert conn.execute(select(t.machines.c.heard)).scalar_one() <= now
        turn = conn.execute(select(t.host_turns)).one()
    assert turn.until <= now + heartbeat.LONGEST_TURN
    assert turn.asked <= now


def test_of_several_that_take_a_site_at_once_one_gets_it(database: PostgresqlDatabase) -> None:
    many = [Archive(database) for _ in range(4)]
    try:
        for n in range(10):
            asked = [one.write(lambda c, n=n: leases.acquire(c, [f"{n}"], "x", NOW)) for one in many]  # type: ignore[misc]
            assert sum(len(one.result()) for one in asked) == 1
    finally:
        for one in many:
            one.close()


def test_a_run_of_another_machine_is_alive_as_long_as_its_row_holds(pair: tuple[Archive, Archive]) -> None:
    archive, _ = pair
    run = archive.write(lambda c: runs.start(c, ["step"], NOW, owner="x")).result()
    elsewhere = {"boot": "another machine", "pid": 4, "born": "9"}
    archive.write(lambda c: c.execute(update(t.processes).values(**elsewhere))).result()
    archive.write(lambda c: c.execute(update(t.runs).values(**elsewhere))).result()
    assert archive.write(lambda c: runs.reap_dead(c, NOW)).result() == []
    expired = update(t.processes).values(expires=heartbeat.clock(-timedelta(seconds=1)))
    archive.write(lambda c: c.execute(expired)).result()
    assert archive.write(lambda c: runs.reap_dead(c, NOW)).result() == [run]


# --- writers at the same time --------------------------------------------------------------------------------------


def copies(stories: int, sites: int) -> list[Article]:
    """Articles of which each text appears on several sites, edited on every second, in one month after the other."""
    rnd, found = random.Random(7), []
    for n in range(stories):
        headline, body = near_texts.article(rnd, "en")
        for site in range(sites):
            said = body if site % 2 else near_texts.words_edited(rnd, "en", body, 0.03)
            signature = identity(headline, said).signature
            made = article(f"https://site{site}.example/{n}", site=f"site{site}", headline=headline, body=said)
            month = datetime(1990 + n % 30, 1 + site, 1, tzinfo=UTC)
            found.append(replace(made, signature=signature, published=month))
    return found


def grouped(archive: Archive) -> set[tuple[frozenset[str], frozenset[str]]]:
    """The stories, as their articles and those that lead."""
    with archive.read() as conn:
        rows = conn.execute(select(t.articles.c.id, t.articles.c.story, t.articles.c.lead)).all()
    stories: dict[str | None, list[tuple[str, bool]]] = {}
    for row in rows:
        stories.setdefault(row.story or row.id, []).append((row.id, row.lead))
    return {(frozenset(i for i, _ in its), frozenset(i for i, lead in its if lead)) for its in stories.values()}


@pytest.mark.parametrize(
    ("stories", "times"), [(20, 1), pytest.param(400, 20, marks=pytest.mark.long)], ids=["some", "1,600, 20 times"]
)
def test_stories_of_four_writers_at_once_are_those_of_one(
    postgresql_server: Server, tmp_path: Path, stories: int, times: int
) -> None:
    many = copies(stories, 4)
    with postgresql_server.archive(tmp_path) as database, Archive(database) as alone:
        for one in many:
            alone.write(lambda c, one=one: articles.store(c, page(one))).result()  # type: ignore[misc]
        expected = grouped(alone)
    assert len(expected) == stories
    for _ in range(times):
        with postgresql_server.archive(tmp_path) as database:
            writers = {f"site{n}": Archive(database) for n in range(4)}
            asked = [writers[one.site].write(lambda c, one=one: articles.store(c, page(one))) for one in many]  # type: ignore[misc]
            for done in asked:
                done.result()
            found = grouped(writers["site0"])
            for one in writers.values():
                one.close()
        assert found == expected


def test_a_month_that_was_not_committed_is_made_again(pair: tuple[Archive, Archive]) -> None:
    one, other = pair
    first, second = copies(1, 2)

    def fail(conn: Connection) -> None:
        articles.store(conn, page(first))
        articles.store(conn, page(second))
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            one.write(fail).result()
    other.write(lambda c: articles.store(c, page(second))).result()
    one.write(lambda c: articles.store(c, page(first))).result()
    assert {len(its) for its, _ in grouped(one)} == {2}


def test_only_the_months_of_the_window_are_looked_at(pair: tuple[Archive, Archive]) -> None:
    archive, _ = pair
    for one in copies(3, 4):
        archive.write(lambda c, one=one: articles.store(c, page(one))).result()  # type: ignore[misc]
    first, last = NearWindow(1).around(month_of(datetime(1991, 2, 1, tzinfo=UTC)))
    with archive.read() as conn:
        sql = dialect.of(conn).agreeing(first, last, 32, 64)
        plan = "\n".join(conn.exec_driver_sql(f"EXPLAIN {sql}", tuple(range(32))).scalars())
    assert set(re.findall(r"bands_\d{4}_\d\d\b", plan)) == {"bands_1991_01", "bands_1991_02", "bands_1991_03"}


def test_what_is_stored_while_an_index_is_begun_is_in_its_outbox(pair: tuple[Archive, Archive]) -> None:
    one, other = pair
    stored, begun = threading.Event(), threading.Event()

    def store(conn: Connection) -> str:
        found = articles.store(conn, page(article())).id
        stored.set()
        begun.wait(1)  # the other transaction runs, up to where it has to wait for this one
        return found

    asked = one.write(store)
    assert stored.wait(PATIENCE)
    begin = other.write(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    begin.add_done_callback(lambda _: begun.set())
    begin.result()
    with one.read() as conn:
        assert [row.article for row in outbox.batch(conn, "t", 10)] == [asked.result()]


def test_two_that_meet_a_host_for_the_first_time_both_keep_what_they_found(pair: tuple[Archive, Archive]) -> None:
    one, other = pair
    first, looked = threading.Event(), threading.Event()

    def put(conn: Connection) -> None:
        hosts.put(conn, "https://step.example", answered=NOW)
        first.set()
        looked.wait(0.5)

    asked = one.write(put)
    assert first.wait(PATIENCE)
    also = other.write(lambda c: hosts.put(c, "https://step.example", not_before=NOW + HOUR))
    also.result()
    asked.result()
    with one.read() as conn:
        state = hosts.state(conn, "https://step.example")
    assert (state.answered, state.not_before) == (NOW, NOW + HOUR)


@contextmanager
def waiting(wait: Wait) -> Iterator[threading.Thread]:
    """A thread that ends when articles may have changed, and is not told to."""
    thread = threading.Thread(target=wait, args=(threading.Event(),), daemon=True)
    thread.start()
    yield thread
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_who_waits_for_changes_is_woken_by_those_of_others(
    pair: tuple[Archive, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_SILENCE", 10**6)
    one, other = pair
    with one.database.changes() as wait:
        wait(threading.Event())  # the first look is at what was announced before
        other.write(lambda c: articles.store(c, page(article()))).result()
        with waiting(wait):  # between two looks
            pass
        with waiting(wait) as thread:  # within one
            other.write(lambda c: site_state.put(c, "step")).result()
            thread.join(3 * postgresql._BREATH)
            assert thread.is_alive()  # a site is no article
            other.write(lambda c: outbox.start_target(c, "embedded", "t", NOW)).result()
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = :query"
        with waiting(wait):
            other.write(lambda c: c.execute(text(cut), {"query": f"LISTEN {CHANNEL}"}).all()).result()
        wait(threading.Event())  # listens again
        with waiting(wait):
            other.write(lambda c: outbox.start_target(c, "embedded", "t", NOW)).result()
        stop = threading.Event()
        stop.set()
        wait(stop)


def test_articles_are_held_before_their_edits_change(pair: tuple[Archive, Archive]) -> None:
    """Whoever compares versions holds articles first: the other way round, the two would wait for one another."""
    archive, one = pair[0], article()
    texts = [replace(one, body=f"{one.body}\n\nفقرة {n}", content_hash=f"{n}") for n in range(4)]
    archive.write(lambda c: articles.store(c, page(texts[0]))).result()

    def change(conn: Connection) -> None:
        articles.store(conn, page(texts[1], NOW + 4 * HOUR))

    def between(conn: Connection) -> None:
        articles.store(conn, page(texts[2], NOW + 2 * HOUR, archived=True))

    def sooner(conn: Connection) -> None:
        articles.store(conn, page(texts[1], NOW + 3 * HOUR, archived=True))

    def since(conn: Connection) -> None:
        articles.unchanged(conn, "step", one.url, Visit(NOW + 8 * HOUR, status=304))
        articles.store(conn, page(texts[3], NOW + 6 * HOUR, archived=True))

    def better(conn: Connection) -> None:
        articles.correct(conn, replace(texts[1], headline="better", content_hash="better"), NOW + 9 * HOUR)

    for work in (change, between, sooner, since, better):
        said: list[str] = []

        def watched(conn: Connection, work: Any = work, said: list[str] = said) -> None:
            event.listen(conn, "before_cursor_execute", lambda *told: said.append(told[2]))
            work(conn)

        archive.write(watched).result()
        held = next(n for n, statement in enumerate(said) if "pg_advisory_xact_lock" in statement)
        edited = [n for n, statement in enumerate(said) if statement.startswith(("DELETE FROM edits", "UPDATE edits"))]
        assert edited, work.__name__
        assert held < edited[0], work.__name__


def test_a_deadlock_is_tried_again(pair: tuple[Archive, Archive]) -> None:
    both = threading.Barrier(2)
    tried: list[str] = []

    def crossing(first: str, second: str) -> Callable[[Connection], None]:
        def work(conn: Connection) -> None:
            tried.append(first)
            site_state.record_revisit(conn, first, False, 1.0)
            if len(tried) <= 2:
                both.wait(PATIENCE)
            site_state.record_revisit(conn, second, False, 1.0)

        return work

    pair[0].write(lambda c: [site_state.put(c, name) for name in ("a", "b")]).result()
    for asked in [pair[0].write(crossing("a", "b")), pair[1].write(crossing("b", "a"))]:
        asked.result()
    assert len(tried) == 3
    with pair[0].read() as conn:
        assert [site_state.state(conn, name).looked for name in ("a", "b")] == [2.0, 2.0]


# --- connections that break ----------------------------------------------------------------------------------------

CUT = "SELECT pg_terminate_backend(pg_backend_pid())"


def looked(archive: Archive) -> float:
    with archive.read() as conn:
        return site_state.state(conn, "step").looked


def test_a_transaction_whose_connection_breaks_is_run_again(database: PostgresqlDatabase) -> None:
    tried: list[int] = []

    def work(conn: Connection) -> None:
        site_state.record_revisit(conn, "step", False, 1.0)
        tried.append(1)
        if len(tried) == 1:
            conn.exec_driver_sql(CUT)

    with Archive(database) as archive:
        archive.write(lambda c: site_state.put(c, "step")).result()
        archive.write(work).result()
        assert (len(tried), looked(archive)) == (2, 1.0)


def test_a_process_that_slept_for_an_hour_tries_again(
    database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has ended its connections meanwhile; the time that it waits for a server begins when it wakes."""
    slept = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + slept[0], sleep=time.sleep)

    def sleep(conn: Connection) -> None:
        if not slept[0]:
            slept[0] = 3_600.0
            conn.exec_driver_sql(CUT)

    with Archive(database) as archive:
        archive.write(lambda c: site_state.put(c, "step")).result()
        monkeypatch.setattr(postgresql, "time", clock)
        archive.write(sleep).result()
        slept[0] = 0.0
        archive.ask(sleep)


@pytest.mark.parametrize("reached", [True, False], ids=["committed", "not committed"])
def test_a_commit_without_an_answer_counts_once(database: PostgresqlDatabase, reached: bool) -> None:
    cuts: list[int] = []

    def cut(conn: Connection) -> None:
        if not cuts:
            cuts.append(1)
            cursor = conn.connection.cursor()
            if reached:
                cursor.execute("COMMIT")
            with pytest.raises(Exception, match="terminating connection"):
                cursor.execute(CUT)

    with Archive(database) as archive:
        archive.write(lambda c: site_state.put(c, "step")).result()
        event.listen(archive._writer, "commit", cut)
        archive.write(lambda c: site_state.record_revisit(c, "step", False, 1.0)).result()
        assert (len(cuts), looked(archive)) == (1, 1.0)


def test_a_server_that_restarts_is_waited_for(postgresql_server: Server, database: PostgresqlDatabase) -> None:
    with Archive(database) as archive:
        archive.write(lambda c: site_state.put(c, "step")).result()
        postgresql_server.stop()
        asked = archive.write(lambda c: site_state.record_revisit(c, "step", False, 1.0))
        with pytest.raises(ArchiveError, match="see that the server runs"):
            looked(archive)
        time.sleep(0.5)
        postgresql_server.start()
        asked.result()
        assert looked(archive) == 1.0


# --- servers and databases -----------------------------------------------------------------------------------------


def test_a_reader_sees_one_moment_and_cannot_write(database: PostgresqlDatabase) -> None:
    with Archive(database) as archive, archive.read() as conn:
        assert conn.scalar(select(func.count()).select_from(t.sites)) == 0
        archive.write(lambda c: site_state.put(c, "step")).result()
        assert conn.scalar(select(func.count()).select_from(t.sites)) == 0
        with pytest.raises(ArchiveError, match="read-only"), archive.read() as other:
            site_state.put(other, "bad")


def test_a_lock_is_held_among_all_and_names_its_holder(database: PostgresqlDatabase) -> None:
    with database.lock("shipper-x"):
        with pytest.raises(Busy, match=rf"process {os.getpid()} on \S+ holds"), database.lock("shipper-x"):
            pass
        with database.lock("another"):
            pass
    with database.lock("shipper-x"):
        pass


def test_a_lock_that_was_lost_with_its_connection_is_taken_again(
    postgresql_server: Server, database: PostgresqlDatabase
) -> None:
    with database.lock("daemon") as still_held:
        still_held()
        postgresql_server.disconnect(database.url)
        still_held()
        with pytest.raises(Busy), database.lock("daemon"):
            pass
    with database.lock("daemon"):
        pass


def test_a_lock_that_another_took_meanwhile_is_told(postgresql_server: Server, database: PostgresqlDatabase) -> None:
    with database.lock("daemon") as still_held:
        postgresql_server.disconnect(database.url)
        with database.lock("daemon"), pytest.raises(Busy, match=f"process {os.getpid()}"):
            still_held()
        postgresql_server.stop()
        try:
            with pytest.raises(ArchiveError, match="see that the server runs"):
                still_held()
        finally:
            postgresql_server.start()
        still_held()


def test_an_end_that_is_gone_is_noticed_at_the_other_before_its_sites_are_free(database: PostgresqlDatabase) -> None:
    """`make test-machines` pulls cables out; here are the seconds, of which a socket in a folder has no use."""
    engine = database.open_engine(writer=True)
    with engine.connect() as conn:
        asked = "SELECT name, reset_val::int FROM pg_settings WHERE starts_with(name, 'tcp_') AND source = 'client'"
        rows = conn.exec_driver_sql(asked).all()
        here = conn.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    engine.dispose()
    gone = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
    assert {row.name: row.reset_val for row in rows} == gone | {"tcp_user_timeout": 25_000}
    assert {f"tcp_{name}": int(here[name]) for name in here if name.startswith("keepalives_")} == gone
    assert int(here["tcp_user_timeout"]) == 25_000
    assert 10 + 5 * 3 <= postgresql.GONE_SECONDS < heartbeat.LIFE.total_seconds() / 2


def test_several_processes_create_it_at_once(postgresql_server: Server, tmp_path: Path) -> None:
    database = PostgresqlDatabase(postgresql_server.empty(), tmp_path)
    failed: list[BaseException] = []

    def create() -> None:
        try:
            Archive(database).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Archive(database) as archive, archive.read() as conn:
        assert site_state.states(conn) == []


def test_it_is_found_only_where_it_is(postgresql_server: Server, tmp_path: Path) -> None:
    database = PostgresqlDatabase(postgresql_server.empty(), tmp_path / "data")
    assert not database.exists()
    assert not (tmp_path / "data").exists(), "nothing is made by looking"
    database.prepare()
    assert database.exists()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.split(".")[0])
def test_an_older_schema_is_migrated(sample: Path, postgresql_server: Server, tmp_path: Path) -> None:
    """Each is `pg_dump --no-owner --exclude-table-data=data_folder` of an empty archive, without its \\restrict."""
    database = PostgresqlDatabase(postgresql_server.empty(), tmp_path)
    (tmp_path / "sample.sql").write_bytes(lzma.decompress(sample.read_bytes()))
    postgresql_server.client("psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(tmp_path / "sample.sql"), database.url)
    with Archive(database) as archive, archive.read() as conn:
        assert migrate.version(conn) == migrate.HEAD
        assert conn.execute(PARTITIONED).scalar() == "LIST (month)"
        context = MigrationContext.configure(conn, opts={"compare_type": False, "compare_server_default": True})
        assert compare_metadata(context, t.metadata) == []


def test_the_server_says_what_it_may_lose(database: PostgresqlDatabase) -> None:
    with Archive(database) as archive, archive.read() as conn:
        said = server(conn)
    assert said.version.split(".")[0].isdigit()
    assert said.bytes > 1_000_000
    assert set(said.unsafe) == {"fsync", "full_page_writes", "synchronous_commit"}, "as the tests' own has them"


def test_a_newer_schema_and_another_programs_tables_are_told(postgresql_server: Server, tmp_path: Path) -> None:
    database = PostgresqlDatabase(postgresql_server.empty(), tmp_path)
    with Archive(database) as archive:
        archive.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'"))).result()
    with pytest.raises(ArchiveError, match=r"written by a newer Arshif \(schema 9999"):
        Archive(database)
    postgresql_server.run("DROP TABLE alembic_version", database.url)
    with pytest.raises(ArchiveError, match="name an empty database"):
        Archive(database)


def test_a_database_that_sorts_otherwise_is_told(postgresql_server: Server, tmp_path: Path) -> None:
    postgresql_server.run("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(ArchiveError, match=r"LATIN1.*CREATE DATABASE"):
        Archive(PostgresqlDatabase(postgresql_server.url("latin"), tmp_path))


def test_without_the_driver_it_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(ArchiveError, match=r"^postgresql\S+ needs psycopg: pip install 'arshif\[postgresql\]'$"):
            PostgresqlDatabase("postgresql+psycopg://h/d", tmp_path).prepare()


def test_a_database_that_does_not_exist_is_told_in_one_line(postgresql_server: Server, tmp_path: Path) -> None:
    with pytest.raises(
        ArchiveError, match=r"^\S+ cannot be used now \(.*\): see that the server runs, has this"
    ) as told:
        PostgresqlDatabase(postgresql_server.url("nowhere"), tmp_path).exists()
    assert "\n" not in str(told.value)


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://arshif:secret-word@/news?host={tmp_path}"
    with pytest.raises(ArchiveError, match="see that the server runs") as told:
        Archive(PostgresqlDatabase(url, tmp_path))
    assert "secret-word" not in str(told.value)


def test_text_that_postgresql_cannot_hold_is_kept_without_nul(database: PostgresqlDatabase) -> None:
    with Archive(database) as archive:
        archive.write(lambda c: site_state.put(c, "step", name="a\0b", homepage="ح" * 3_000)).result()
        with archive.read() as conn:
            assert site_state.state(conn, "step").name == "a\ufffdb"


@pytest.mark.parametrize("query", ["host=a:b:c&host=d", "host=a:b&host=d", "port=x", "host=a,b&port=1,2,3"])
def test_a_place_that_is_no_server_is_told_without_a_connection(query: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="does not say where its server is"):
        PostgresqlDatabase(f"postgresql+psycopg:///news?{query}", tmp_path).exists()
