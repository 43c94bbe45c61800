"""Saved searches and what is new to them: an article is told once, by one message a search, also after a failure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crawler.config import load
from crawler.monitoring import notifications
from crawler.monitoring import saved_search_alerts as watching
from crawler.monitoring.notifications import keys
from crawler.monitoring.saved_search_alerts import send_alerts
from index.archive import articles, saved_searches
from index.model.article import Article
from index.search import indexer
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
            assert send_alerts(shelf.archive, told_to(load(), NOWHERE, address)) == sent
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
            assert send_alerts(shelf.archive, config) == 0
        assert len(waiting(shelf, number, address)) == 1
        assert send_alerts(shelf.archive, config) == 1
        assert send_alerts(shelf.archive, config) == 0
    assert len(got) == 1


def test_who_is_named_later_is_not_told_of_what_was_found_before(shelf: SearchFixture) -> None:
    save(shelf, "Lights", "phare")
    store(shelf, about("phare", 1), minutes=5)
    watch(shelf, NOW + timedelta(minutes=6))
    with hook() as (address, got):
        assert send_alerts(shelf.archive, told_to(load(), address)) == 0
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


def test_more_articles_than_a_page_of_results(shelf: SearchFixture) -> None:
    number = save(shelf, "Lights", "phare -bateau")
    store(shelf, *(about("phare", n) for n in range(1, 231)), about("bateau", 1), minutes=5)
    with hook() as (address, got):
        assert watch(shelf, NOW + timedelta(minutes=6), address) == 230
        send_alerts(shelf.archive, told_to(load(), address))
    assert len(waiting(shelf, number, address)) == 0
    assert got[0]["message"].endswith("and 210 more")


def test_a_removed_search_and_an_old_find_leave_nothing(shelf: SearchFixture) -> None:
    number = save(shelf, "Lights", "phare")
    store(shelf, about("phare", 1), minutes=5)
    watch(shelf, NOW + timedelta(minutes=6))
    watch(shelf, NOW + timedelta(days=9))
    assert waiting(shelf, number) == []
    assert shelf.archive.write(lambda conn: saved_searches.remove(conn, number)).result()
    assert (
        watching.match_new_articles(shelf.archive, unreachable(), load(), NOW) == 0
    )  # nobody asks an index for nothing


def test_headlines_are_text_in_a_message(shelf: SearchFixture) -> None:
    save(shelf, "Lights\x1b[31m", "phare")
    store(shelf, about("phare", 1, authors=("x",)), minutes=5)
    store(shelf, article("https://asi.example/x", headline="phare <b>\x1b[31m</b>", body=f"phare {TEXT} z"), minutes=5)
    with hook() as (address, got):
        watch(shelf, NOW + timedelta(minutes=6), address)
        send_alerts(shelf.archive, told_to(load(), address))
    assert "\x1b" not in got[0]["title"] + got[0]["message"]
    assert "phare <b>" in got[0]["message"]
