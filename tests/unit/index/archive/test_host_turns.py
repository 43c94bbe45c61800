"""Turns at hosts: one at a time, and the delay after it, by the database's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from index.archive import Archive, host_turns
from index.archive.heartbeat import clock
from index.archive.host_turns import Turn
from index.archive.tables import host_turns as table
from tests.support.postgresql import Server

MINUTE = timedelta(minutes=1)


@pytest.fixture
def archive(postgresql_server: Server, tmp_path: Path) -> Iterator[Archive]:
    with postgresql_server.archive(tmp_path) as database, Archive(database) as archive:
        yield archive


def take(archive: Archive, host: str = "step.example", last: int | None = None, run: int = 1) -> Turn:
    return archive.write(lambda conn: host_turns.take(conn, host, run, MINUTE, last)).result()


def end(archive: Archive, number: int, delay: timedelta) -> None:
    archive.write(lambda conn: host_turns.end(conn, "step.example", number, delay)).result()


def let_pass(archive: Archive) -> None:
    archive.write(lambda conn: conn.execute(update(table).values(until=clock(-host_turns.KEPT - MINUTE)))).result()


def test_a_host_is_asked_by_one_at_a_time_and_by_none_within_its_delay(archive: Archive) -> None:
    assert take(archive) == Turn(1)
    other = take(archive)
    assert other.number is None
    assert timedelta() < other.wait <= MINUTE
    assert take(archive, "other.example") == Turn(1)
    end(archive, 1, 2 * MINUTE)
    assert MINUTE < take(archive).wait <= 2 * MINUTE
    let_pass(archive)
    assert take(archive) == Turn(2)


def test_who_was_away_for_longer_than_a_turn_does_not_end_anothers(archive: Archive) -> None:
    take(archive)
    let_pass(archive)
    assert take(archive) == Turn(2)
    end(archive, 1, timedelta())
    assert take(archive).number is None
    end(archive, 2, timedelta())
    assert take(archive) == Turn(3)


def test_who_had_the_last_turn_leaves_the_next_to_who_asked_for_it(archive: Archive) -> None:
    assert take(archive) == Turn(1)
    assert take(archive).number is None, "somebody else asks"
    end(archive, 1, timedelta())
    assert take(archive, last=1) == Turn(None, host_turns.PAUSE)
    assert take(archive) == Turn(2)
    end(archive, 2, timedelta())
    assert take(archive, last=2) == Turn(3), "nobody has asked since"
    assert take(archive).number is None
    long_ago = update(table).values(asked=clock(-host_turns.PATIENCE), until=clock())
    archive.write(lambda conn: conn.execute(long_ago)).result()
    assert take(archive, last=3) == Turn(4), "whoever asked has gone"


def test_hosts_that_nobody_asks_are_forgotten(archive: Archive) -> None:
    take(archive)
    let_pass(archive)
    take(archive, "other.example")
    archive.write(host_turns.expire).result()
    with archive.read() as conn:
        assert [row.host for row in conn.execute(table.select())] == ["other.example"]


def test_a_turn_of_a_dead_run_ends_with_it_and_no_others(archive: Archive) -> None:
    take(archive, run=1)
    take(archive, "other.example", run=2)
    archive.write(lambda conn: host_turns.end_of(conn, [1], timedelta(seconds=2))).result()
    assert take(archive, run=3).wait <= timedelta(seconds=2)
    archive.write(lambda conn: host_turns.end_of(conn, [1], timedelta())).result()
    assert take(archive, run=3) == Turn(2)
    assert take(archive, "other.example", run=3).wait > timedelta(seconds=2)
