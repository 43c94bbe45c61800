"""Saved searches and what is new to them: an article is told once, by one message a search, also after a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection

from crawler.config import load
from crawler.monitoring import notifications
from crawler.monitoring import saved_search_alerts as watching
from crawler.monitoring.notifications import keys
from crawler.monitoring.saved_search_alerts import send_alerts
from index.archive import articles, documents, saved_searches
from index.model.article import Article, IndexDocument
from index.model.codes import Digest
from index.search import indexer
from tests.monitoring.mailbox import mailbox
from tests.monitoring.test_alerts import hook, told_to
from tests.support.filled_archive import NOW, SearchFixture, article, fill, page
from tests.support.web_client import unreachable

NOWHERE = "json://127.0.0.1:9/"
TEXT = " ".join(f"كلمة{n}" for n in range(60))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[SearchFixture]:
    """An archive with one article about a lighthouse, before anything is saved."""
    filled = fill(tmp_path, [page(about("phare", 0), NOW - timedelta(minutes=5))])
    yield filled
    filled.close()


def about(word: str, number: int, **fields: object) -> Article:
    body = f"{word} {TEXT} {number}"
    return article(f"https://asi.example/{word}/{number}", headline=f"{word} {number}", body=body, **fields)


def save(shelf: SearchFixture, name: str, query: str) -> int:
    return shelf.archive.write(lambda conn: saved_searches.add(conn, name, query, NOW)).result()


def store(shelf: SearchFixture, *found: Article, minutes: float, shipped: bool = True) -> None:
    for one in found:
        fetched = page(one, NOW + timedelta(minutes=minutes))
        shelf.archive.write(lambda conn, fetched=fetched: articles.store(conn, fetched)).result()
    if shipped:
        indexer.index_pending(shelf.archive, shelf.engine)


def watch(shelf: SearchFixture, now: datetime, *addresses: str) -> int:
    return watching.match_new_articles(shelf.archive, shelf.engine, told_to(load(), *(addresses or [NOWHERE])), now)


def waiting(shelf: SearchFixture, number: int, address: str = NOWHERE) -> list[str]:
    with shelf.archive.read() as conn:
        return saved_searches.unnotified(conn, number).get(*keys(told_to(load(), address)), [])


def test_each_article_is_told_once_and_each_search_by_one_message(shelf: SearchFixture) -> None:
    lights, all_of_it = save(shelf, "Lights", "phare"), save(shelf, "Everything", "lang:ar")
    assert watch(shelf, NOW + timedelta(minutes=1)) == 0  # what was there is not new
    store(shelf, about("phare", 1), about("phare", 2), about("bateau", 1), minutes=5)
    with hook() as (address, got):
        for minutes in (6, 7, 30, 90):
            found = watch(shelf, NOW + timedelta(minutes=minutes), NOWHERE, address)
            assert found == (5 if minutes == 6 else 0)
        assert len(waiting(shelf, lights)) == len(waiting(shelf, lights, address)) == 2
        for sent in (2, 0):  # the other address answers never
            assert send_alerts(shelf.archive, told_to(load(), NOWHERE, address), NOW) == sent
    assert len(waiting(shelf, lights)) == 2
    assert sorted(message["title"] for message in got) == [
        "Arshif: Everything: 3 new articles",
        "Arshif: Lights: 2 new articles",
    ]
    (lit,) = (message["message"] for message in got if "Lights" in message["title"])
    assert "phare 1 (asi)\nhttps://asi.example/phare/1" in lit
    assert "bateau" not in lit
    store(shelf, about("phare", 3), minutes=91)
    assert watch(shelf, NOW + timedelta(minutes=92)) == 2
    assert len(waiting(shelf, lights)) == 3
    assert len(waiting(shelf, all_of_it)) == 4


def test_what_could_not_be_told_is_told_later(shelf: SearchFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    number = save(shelf, "Lights", "phare")
    store(shelf, about("phare", 1), minutes=5)
    with hook() as (address, got):
        config = told_to(load(), address)
        watch(shelf, NOW + timedelta(minutes=6), address)
        with monkeypatch.context() as broken:
            broken.setattr(notifications, "_sent", lambda *_: False)
            assert send_alerts(shelf.archive, config, NOW) == 0
        assert len(waiting(shelf, number, address)) == 1
        assert send_alerts(shelf.archive, config, NOW) == 1
        assert send_alerts(shelf.archive, config, NOW) == 0
    assert len(got) == 1


def test_who_is_named_later_is_not_told_of_what_was_found_before(shelf: SearchFixture) -> None:
    save(shelf, "Lights", "phare")
    store(shelf, about("phare", 1), minutes=5)
    watch(shelf, NOW + timedelta(minutes=6))
    with hook() as (address, got):
        assert send_alerts(shelf.archive, told_to(load(), address), NOW) == 0
    assert got == []


def test_an_article_that_the_index_lacks_is_looked_for_again(shelf: SearchFixture) -> None:
    number = save(shelf, "Lights", "phare")
    store(shelf, about("phare", 1), minutes=5, shipped=False)
    for minutes in (6, 600, 1200):
        assert watch(shelf, NOW + timedelta(minutes=minutes)) == 0
    indexer.index_pending(shelf.archive, shelf.engine)
    assert watch(shelf, NOW + timedelta(minutes=1210)) == 1
    assert len(waiting(shelf, number)) == 1


def test_an_article_that_is_stored_late_is_found(shelf: SearchFixture) -> None:
    save(shelf, "Lights", "phare")
    assert watch(shelf, NOW + timedelta(minutes=50)) == 0
    store(shelf, about("phare", 1), minutes=10)  # first seen before that look, stored after it
    assert watch(shelf, NOW + timedelta(minutes=60)) == 1


def test_more_articles_than_a_page_of_results(shelf: SearchFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def documents_of(conn: Connection, ids: Sequence[str]) -> list[IndexDocument]:
        read.append(len(ids))
        return documents.documents(conn, ids)

    monkeypatch.setattr(watching, "documents", SimpleNamespace(documents=documents_of))
    number = save(shelf, "Lights", "phare -bateau")
    store(shelf, *(about("phare", n) for n in range(1, 231)), about("bateau", 1), minutes=5)
    with hook() as (address, got):
        assert watch(shelf, NOW + timedelta(minutes=6), address) == 230
        send_alerts(shelf.archive, told_to(load(), address), NOW)
    assert len(waiting(shelf, number, address)) == 0
    assert got[0]["title"].endswith("230 new articles")
    assert got[0]["message"].count("phare ") == 20
    assert got[0]["message"].endswith("and 210 more")
    assert read == [20], "the texts of those that are listed, and no others"


def test_a_removed_search_and_an_old_find_leave_nothing(shelf: SearchFixture) -> None:
    number = save(shelf, "Lights", "phare")
    store(shelf, about("phare", 1), minutes=5)
    watch(shelf, NOW + timedelta(minutes=6))
    watch(shelf, NOW + timedelta(days=16))
    assert waiting(shelf, number) == []
    assert shelf.archive.write(lambda conn: saved_searches.remove(conn, number)).result()
    assert (
        watching.match_new_articles(shelf.archive, unreachable(), load(), NOW) == 0
    )  # nobody asks an index for nothing


DAMASCUS = timezone(timedelta(hours=3))


@pytest.mark.parametrize(
    ("digest", "now", "end"),
    [
        (None, "2026-11-23T12:34", None),
        ("hour", "2026-11-23T12:34", "2026-11-23T12:00"),
        ("hour", "2026-11-23T12:00", "2026-11-23T12:00"),
        ("day", "2026-11-23T12:34", "2026-11-23T07:00"),
        ("day", "2026-11-23T06:59", "2026-11-22T07:00"),
        ("day", "2026-12-01T00:10", "2026-11-30T07:00"),
        ("week", "2026-11-23T07:00", "2026-11-23T07:00"),  # a Monday
        ("week", "2026-11-23T06:59", "2026-11-16T07:00"),
        ("week", "2026-11-29T23:59", "2026-11-23T07:00"),
        ("week", "2026-11-24T03:00", "2026-11-23T07:00"),
    ],
)
def test_a_digest_ends_at_the_hour_in_the_morning_and_on_monday(digest: str | None, now: str, end: str | None) -> None:
    wanted = end and datetime.fromisoformat(end).replace(tzinfo=DAMASCUS)
    here = datetime.fromisoformat(now).replace(tzinfo=DAMASCUS)
    assert watching.digest_end(digest, here.astimezone(UTC), DAMASCUS) == wanted


@pytest.fixture
def machine_in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("zone", [None, ZoneInfo("Europe/Berlin")], ids=["this machine's", "named"])
@pytest.mark.parametrize(
    ("digest", "now", "end"),
    [
        ("week", "2026-10-25T11:00", "2026-10-19T05:00"),  # the clocks were put back this morning
        ("week", "2026-10-26T06:00", "2026-10-26T06:00"),
        ("day", "2026-10-25T00:30", "2026-10-24T05:00"),
        ("day", "2026-10-25T05:30", "2026-10-24T05:00"),
        ("day", "2026-03-29T04:00", "2026-03-28T06:00"),
        ("day", "2026-03-29T05:00", "2026-03-29T05:00"),  # and forward this one
        ("hour", "2026-10-25T00:30", "2026-10-25T00:00"),
        ("hour", "2026-10-25T01:30", "2026-10-25T01:00"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("machine_in_berlin")
def test_a_digest_ends_by_the_clock_of_the_day_on_which_it_ends(
    zone: tzinfo | None, digest: str, now: str, end: str
) -> None:
    then, wanted = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, end))
    told = watching.digest_end(digest, then, zone)
    assert told is not None
    assert told.astimezone(UTC) == wanted


@pytest.mark.parametrize("way", [hook, mailbox], ids=["webhook", "mail"])
def test_a_digest_tells_of_a_days_articles_in_one_message(
    shelf: SearchFixture, way: Callable[[], AbstractContextManager[tuple[str, list[dict[str, Any]]]]]
) -> None:
    number = save(shelf, "Lights", "phare")
    assert shelf.archive.write(lambda conn: saved_searches.set_digest(conn, number, Digest.DAY)).result()
    morning = NOW.replace(hour=7) + timedelta(days=1)  # NOW is at noon
    with way() as (address, got):
        config = told_to(load(), NOWHERE, address)
        for n, minutes in enumerate((5, 70, 600)):
            store(shelf, about("phare", n + 1), minutes=minutes)
            watch(shelf, NOW + timedelta(minutes=minutes + 1), NOWHERE, address)
            assert send_alerts(shelf.archive, config, NOW + timedelta(minutes=minutes + 2), UTC) == 0, "not yet"
        store(shelf, about("phare", 30), minutes=1_140)  # at the morning's beginning
        watch(shelf, morning + timedelta(minutes=1), NOWHERE, address)
        assert send_alerts(shelf.archive, config, morning + timedelta(minutes=2), UTC) == 1
        assert send_alerts(shelf.archive, config, morning + timedelta(hours=9), UTC) == 0
        (message,) = got
        assert message["title"] == "Arshif: Lights: 3 new articles"
        assert [f"phare {n} (asi)" in message["message"] for n in (1, 2, 3, 30)] == [True, True, True, False]
        assert len(waiting(shelf, number)) == 4, "the other address answers never, and is tried again"
        assert send_alerts(shelf.archive, config, morning + timedelta(days=1), UTC) == 1
        assert got[1]["title"] == "Arshif: Lights: 1 new article"
        shelf.archive.write(lambda conn: saved_searches.set_digest(conn, number, None)).result()
        store(shelf, about("phare", 31), minutes=3_000)
        watch(shelf, NOW + timedelta(minutes=3_001), NOWHERE, address)
        assert send_alerts(shelf.archive, config, NOW + timedelta(minutes=3_002)) == 1, "at once again"
    assert not shelf.archive.write(lambda conn: saved_searches.set_digest(conn, 999, Digest.DAY)).result()


@pytest.mark.parametrize("way", [hook, mailbox], ids=["webhook", "mail"])
@pytest.mark.parametrize(
    ("digest", "early", "due"),
    [(Digest.HOUR, timedelta(minutes=59), timedelta(hours=1)), (Digest.WEEK, timedelta(days=6), timedelta(days=7))],
    ids=["hour", "week"],
)
def test_a_digest_comes_when_its_hour_or_week_is_over(
    shelf: SearchFixture,
    way: Callable[[], AbstractContextManager[tuple[str, list[dict[str, Any]]]]],
    digest: Digest,
    early: timedelta,
    due: timedelta,
) -> None:
    number = save(shelf, "Lights", "phare")
    shelf.archive.write(lambda conn: saved_searches.set_digest(conn, number, digest)).result()
    with way() as (address, got):
        config = told_to(load(), address)
        store(shelf, about("phare", 1), about("phare", 2), minutes=5)
        watch(shelf, NOW + timedelta(minutes=6), address)  # NOW is a Monday's noon
        assert send_alerts(shelf.archive, config, NOW + early, UTC) == 0
        assert send_alerts(shelf.archive, config, NOW + due, UTC) == 1
        assert send_alerts(shelf.archive, config, NOW + 2 * due, UTC) == 0
    assert [message["title"] for message in got] == ["Arshif: Lights: 2 new articles"]


def test_headlines_are_text_in_a_message(shelf: SearchFixture) -> None:
    save(shelf, "Lights\x1b[31m", "phare")
    store(shelf, about("phare", 1, authors=("x",)), minutes=5)
    store(shelf, article("https://asi.example/x", headline="phare <b>\x1b[31m</b>", body=f"phare {TEXT} z"), minutes=5)
    with hook() as (address, got):
        watch(shelf, NOW + timedelta(minutes=6), address)
        send_alerts(shelf.archive, told_to(load(), address), NOW)
    assert "\x1b" not in got[0]["title"] + got[0]["message"]
    assert "phare <b>" in got[0]["message"]
