"""Requests for addresses: each waits, is claimed by one run, and gets its outcome, however that run ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from index.archive import expiry, requests, runs
from index.archive.expiry import REQUESTS_FOR
from index.archive.requests import AddressRequest, Limits
from index.archive.tables import metadata
from index.errors import InvalidValue
from index.model.codes import FetchOutcome, RequestReason, RequestState, RequestWay, RunDetail, RunStatus
from index.model.message import Message
from tests.support.archive_samples import NOW

URL = "https://step.example/1"
DAY = timedelta(days=1)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'archive.sqlite3'}")
    with engine.begin() as opened:
        metadata.create_all(opened)
        yield opened
    engine.dispose()


def ask(conn: Connection, url: str = URL, way: RequestWay = RequestWay.PAGE, **how: Any) -> AddressRequest:
    return requests.ask(conn, url, "step", way, how.pop("now", NOW), **how)


def begin(conn: Connection, *asked: AddressRequest) -> int:
    """A run that claims these requests."""
    run = runs.start(conn, [], NOW, owner="test")
    requests.claim(conn, [one.id for one in asked], run)
    return run


def state(conn: Connection, one: AddressRequest) -> tuple[str, str | None]:
    found = requests.get(conn, one.id)
    assert found is not None
    return found.state, found.outcome.code if found.outcome else None


def test_a_request_waits_runs_and_is_done(conn: Connection) -> None:
    one, other = ask(conn), ask(conn, URL + "0")
    assert [found.id for found in requests.waiting(conn)] == [one.id, other.id]
    run = begin(conn, one)
    assert state(conn, one) == (RequestState.RUNNING, None)
    assert requests.waiting(conn) == [other]
    assert [found.id for found in requests.of_run(conn, run)] == [one.id]
    requests.settle(conn, [one.id], Message(FetchOutcome.SAME), NOW + DAY)
    assert state(conn, one) == (RequestState.DONE, "outcome.same")
    requests.settle(conn, [one.id], Message(FetchOutcome.NEW), NOW + DAY)
    assert state(conn, one) == (RequestState.DONE, "outcome.same"), "what came of it stays"
    assert requests.running(conn) == []


def test_an_address_that_is_open_is_asked_for_once_but_a_commands_is_its_own(conn: Connection) -> None:
    one = ask(conn)
    assert ask(conn, way=RequestWay.API).id == one.id
    begin(conn, one)
    assert ask(conn).id == one.id
    assert ask(conn, way=RequestWay.COMMAND).id != one.id
    requests.settle(conn, [one.id], Message(FetchOutcome.SAME), NOW)
    assert ask(conn).id != one.id


def test_what_a_run_has_left_waits_again_and_a_commands_ends_with_it(conn: Connection) -> None:
    one, own, done = ask(conn), ask(conn, URL + "0", RequestWay.COMMAND), ask(conn, URL + "1")
    run = begin(conn, one, own, done)
    requests.settle(conn, [done.id], Message(FetchOutcome.NEW), NOW)
    requests.let_go(conn, run, NOW, Message("fetch.crawl_ended"))
    assert state(conn, one) == (RequestState.WAITING, None)
    assert state(conn, own) == (RequestState.DONE, "fetch.crawl_ended")
    assert state(conn, done) == (RequestState.DONE, "outcome.new")


def test_what_a_run_cannot_fetch_as_its_site_is_being_crawled_waits_again(conn: Connection) -> None:
    one, own = ask(conn), ask(conn, URL + "0", RequestWay.COMMAND)
    other = requests.ask(conn, "https://other.example/1", "other", RequestWay.PAGE, NOW)
    run = begin(conn, one, own, other)
    requests.let_go(conn, run, NOW, Message(RunDetail.BUSY), [one.site])
    assert state(conn, one) == (RequestState.WAITING, None)
    assert state(conn, own) == (RequestState.DONE, "run.busy")
    assert state(conn, other) == (RequestState.RUNNING, None)


def test_what_a_run_died_with_is_not_tried_for_ever(conn: Connection) -> None:
    one, other = ask(conn), ask(conn, URL + "0")
    run, _ = begin(conn, one), begin(conn, other)
    requests.settle_orphans(conn, NOW)
    assert state(conn, one) == (RequestState.RUNNING, None), "its run goes on"
    runs.finish(conn, run, RunStatus.KILLED, NOW)
    requests.settle_orphans(conn, NOW)
    assert state(conn, one) == (RequestState.DONE, "run.process_died")
    assert state(conn, other) == (RequestState.RUNNING, None)


def test_others_may_ask_so_often_and_the_command_as_often_as_it_likes(conn: Connection) -> None:
    limits = Limits(hourly=3, waiting=2)
    for number in range(9):
        ask(conn, f"{URL}-{number}", RequestWay.COMMAND)
    first = [ask(conn, f"{URL}{number}", limits=limits) for number in range(2)]
    with pytest.raises(InvalidValue) as full:
        ask(conn, f"{URL}2", limits=limits)
    assert full.value.message.code == RequestReason.QUEUE_FULL
    assert ask(conn, f"{URL}1", limits=limits).id == first[1].id, "which adds none"
    requests.settle(conn, [one.id for one in first], Message(FetchOutcome.SAME), NOW)
    ask(conn, f"{URL}2", limits=limits)
    with pytest.raises(InvalidValue) as often:
        ask(conn, f"{URL}3", limits=limits)
    assert often.value.message.code == RequestReason.TOO_MANY
    later: datetime = NOW + timedelta(minutes=61)
    ask(conn, f"{URL}3", limits=limits, now=later)


def test_what_was_done_long_ago_is_forgotten_with_its_run(conn: Connection) -> None:
    one, waits = ask(conn), ask(conn, URL + "0")
    run = begin(conn, one)
    requests.settle(conn, [one.id], Message(FetchOutcome.SAME), NOW)
    runs.finish(conn, run, RunStatus.OK, NOW)
    expiry.expire(conn, NOW + REQUESTS_FOR - DAY)
    assert runs.get(conn, run) is not None
    expiry.expire(conn, NOW + REQUESTS_FOR + DAY)
    assert requests.get(conn, one.id) is None
    assert runs.get(conn, run) is None
    assert state(conn, waits) == (RequestState.WAITING, None)


def test_what_came_of_it_in_one_word(conn: Connection) -> None:
    words = {}
    codes = {*FetchOutcome} - {FetchOutcome.REDIRECTED}
    messages = {code: Message(code) for code in codes} | {"fetch.dns": Message("fetch.dns")}
    moved = Message(FetchOutcome.REDIRECTED, {"outcome": Message(FetchOutcome.CHANGED), "url": URL})
    for code, outcome in (messages | {"moved": moved}).items():
        one = ask(conn, f"{URL}/{code}")
        assert one.result is None
        requests.settle(conn, [one.id], outcome, NOW)
        found = requests.get(conn, one.id)
        assert found is not None
        words[str(code)] = (found.result, found.archived)
    assert words == {
        "outcome.new": ("new", True),
        "outcome.changed": ("changed", True),
        "outcome.same": ("unchanged", True),
        "outcome.not_modified": ("unchanged", True),
        "outcome.same_bytes": ("unchanged", True),
        "outcome.copy": ("copy", True),
        "outcome.gone": ("gone", False),
        "fetch.dns": ("refused", False),
        "moved": ("changed", True),
    }
