"""Turns: one that may have become wrong is always computed again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from index.archive import Archive, clock, leases, runs, turns
from index.archive.turns import RECHECK, NewTurn, StoredTurn
from index.model.codes import RunDetail, RunStatus
from index.model.message import Message
from tests.support.archive_samples import HOUR, NOW

MINUTE = timedelta(minutes=1)
WHY = Message("schedule.every", {"interval": 3_600})


def settled(conn: Connection, at: datetime = NOW + HOUR, made: datetime = NOW, seen: int = 0) -> None:
    turns.follow(conn, {"a": "one", "b": "one"}, made)
    turns.settle(conn, [NewTurn(StoredTurn(site, marks=seen), at, WHY, "one") for site in ("a", "b")], made)


def come(archive: Archive, now: datetime = NOW) -> list[str]:
    with archive.read() as conn:
        return [turn.site for turn in turns.to_compute(conn, now, now + MINUTE)]


@pytest.fixture
def kept(archive: Archive) -> Archive:
    """An archive in which two sites are crawled in an hour."""
    archive.write(settled).result()
    assert come(archive) == []
    return archive


def test_a_new_site_is_looked_at_at_once_and_one_no_longer_crawled_never(archive: Archive) -> None:
    archive.write(lambda conn: turns.follow(conn, {"a": "one"}, NOW)).result()
    assert come(archive) == ["a"]
    archive.write(lambda conn: turns.follow(conn, {}, NOW)).result()
    assert come(archive) == []


def test_a_turn_comes_when_it_has_come_and_the_longest_overdue_first(kept: Archive) -> None:
    assert come(kept, NOW + HOUR) == ["a", "b"]
    one = NewTurn(StoredTurn("b"), NOW + MINUTE, WHY, "one")
    kept.write(lambda conn: turns.settle(conn, [one], NOW)).result()
    assert come(kept, NOW + HOUR) == ["b", "a"]
    with kept.read() as conn:
        assert turns.next_look(conn, NOW) == NOW + MINUTE
        assert turns.next_look(conn, NOW + MINUTE) == NOW + HOUR
        assert turns.next_look(conn, NOW + HOUR) is None


def begin_and_end(conn: Connection) -> None:
    number = runs.start(conn, ["a"], NOW, owner="test")
    runs.finish(conn, number, RunStatus.OK, NOW)


def begin_and_die(conn: Connection) -> None:
    runs.start(conn, ["a"], NOW, owner="test", pid=1 << 23)
    assert runs.reap_dead(conn, NOW)


def fail_to_begin(conn: Connection) -> None:
    number = runs.start(conn, ["a"], NOW, owner="test")
    runs.finish(conn, number, RunStatus.STOPPED, NOW, detail=Message(RunDetail.NOT_STARTED, {"why": ""}))


@pytest.mark.parametrize(
    "happens",
    [
        begin_and_end,
        begin_and_die,
        fail_to_begin,
        lambda conn: leases.acquire(conn, ["a"], "test", NOW),
        lambda conn: turns.follow(conn, {"a": "another", "b": "one"}, NOW),
    ],
    ids=["run", "dead run", "run that did not start", "lease", "another schedule"],
)
def test_what_may_change_a_turn_has_it_computed_again(kept: Archive, happens: object) -> None:
    assert callable(happens)
    kept.write(happens).result()
    assert come(kept) == ["a"]


def test_a_turn_from_before_a_change_is_not_stored(kept: Archive) -> None:
    kept.write(lambda conn: leases.acquire(conn, ["a"], "test", NOW)).result()
    kept.write(settled).result()  # computed from what was read before
    assert come(kept) == ["a"]
    kept.write(lambda conn: settled(conn, seen=1)).result()
    assert come(kept) == []


def test_a_turn_is_not_trusted_for_ever(kept: Archive) -> None:
    late = NOW + RECHECK + MINUTE
    kept.write(lambda conn: settled(conn, at=NOW + 2 * RECHECK)).result()
    assert come(kept, late) == []
    kept.write(lambda conn: turns.follow(conn, {"a": "one", "b": "one"}, late)).result()
    assert come(kept, late) == ["a", "b"]


def test_a_clock_that_was_ahead_hides_no_site(kept: Archive) -> None:
    year = timedelta(days=365)
    kept.write(lambda conn: settled(conn, at=NOW + year + HOUR, made=NOW + year)).result()
    assert come(kept) == ["a", "b"]


def test_mended_times_have_all_turns_computed_again(kept: Archive) -> None:
    kept.write(lambda conn: runs.start(conn, ["c"], NOW + timedelta(days=365), owner="test")).result()
    assert come(kept) == []
    kept.write(lambda conn: clock.mend(conn, NOW, timedelta(days=7))).result()
    assert come(kept) == ["a", "b"]
