"""What is known of many sites: in pages, in an order, by counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from index.archive import Archive, articles, health, site_state
from index.archive.health import Health
from index.archive.site_state import Order
from index.model.codes import Verdict
from index.model.message import Message
from tests.support.archive_samples import HOUR, NOW, article, next_turns, page

EVERY = Message("schedule.every", {"interval": 3_600})
SITES: Mapping[str, Mapping[str, Any]] = {
    "fine": {"name": "أخبار", "last_run": NOW, "last_success": NOW},
    "ill": {"name": "Ḃeta", "last_run": NOW - HOUR, "failures": 2},
    "moved": {"name": "Alfa", "last_run": NOW - 2 * HOUR, "homepage": "https://alfa_100.example/"},
    "new": {"name": "Gamma", "country": "LB"},
    "off": {"name": "Delta", "enabled": False, "last_run": NOW + HOUR},
    "unnamed": {"last_run": NOW - 3 * HOUR},
}


@pytest.fixture
def known(archive: Archive) -> Archive:
    def fill(conn: Connection) -> None:
        for site, fields in SITES.items():
            site_state.put(conn, site, **fields)
        health.put(conn, "moved", Health(Verdict.MOVED, EVERY, since=NOW))
        health.put(conn, "fine", Health(suspect="quiet", suspected=NOW))
        next_turns(conn, {site: (NOW + n * HOUR, EVERY) for n, site in enumerate(("unnamed", "off", "fine", "new"))})
        for number in range(3):
            articles.store(conn, page(article(f"https://new.example/{number}", site="new", headline=str(number))))

    archive.write(fill).result()
    return archive


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("attention", ["moved", "ill", "unnamed", "fine", "new", "off"]),
        ("name", ["moved", "ill", "off", "new", "unnamed", "fine"]),
        ("articles", ["new", "moved", "ill", "off", "unnamed", "fine"]),
        ("last_run", ["off", "fine", "ill", "moved", "unnamed", "new"]),
        ("next_run", ["unnamed", "fine", "new", "moved", "ill", "off"]),
    ],
)
def test_sites_are_listed_in_an_order_by_pages(known: Archive, order: Order, expected: list[str]) -> None:
    with known.read() as conn:
        pages = [site_state.listed(conn, 4, skip=skip, order=order) for skip in (0, 4, 8)]
        assert [site.id for one in pages for site in one] == expected
        assert [len(one) for one in pages] == [4, 2, 0]
        by_id = {site.id: site for one in pages for site in one}
        assert by_id == {site.id: site for site in site_state.states(conn)} == site_state.some(conn, list(SITES))


def test_sites_are_counted_by_state_and_condition(known: Archive) -> None:
    with known.read() as conn:
        assert site_state.by_state(conn) == {"ok": 2, "failing": 1, "moved": 1, "new": 1, "off": 1}
        assert site_state.by_condition(conn) == {"wrong": 2, "fine": 2, "waiting": 1, "off": 1}
        for condition, n in site_state.by_condition(conn).items():
            assert len(site_state.listed(conn, 9, condition=condition)) == site_state.count(conn, condition) == n
        assert [site.id for site in site_state.listed(conn, 9, condition="wrong")] == ["moved", "ill"]
        assert site_state.last_success(conn) == NOW


@pytest.mark.parametrize(
    ("find", "expected"),
    [
        ("beta", ["ill"]),
        ("اخبار", ["fine"]),
        ("ALFA_100", ["moved"]),
        ("alfa%", []),
        (" lb ", ["new"]),
        ("unnamed", ["unnamed"]),
        ("", ["moved", "ill", "unnamed", "fine", "new", "off"]),
    ],
)
def test_sites_are_found_by_letters(known: Archive, find: str, expected: list[str]) -> None:
    with known.read() as conn:
        assert [site.id for site in site_state.listed(conn, 9, find=find)] == expected
        assert site_state.count(conn, find=find) == len(expected)


def test_a_site_is_found_by_its_new_name_only(known: Archive) -> None:
    known.write(lambda conn: site_state.put(conn, "ill", name="Omega")).result()
    with known.read() as conn:
        assert site_state.count(conn, find="omega") == 1
        assert site_state.count(conn, find="beta") == 0


def test_what_files_say_is_known_and_nothing_else_changes(known: Archive) -> None:
    fact = {"name": "Epsilon", "homepage": "https://e.example/", "country": "SY", "languages": ("ar",), "enabled": True}
    known.write(lambda conn: site_state.follow(conn, {"ill": fact, "later": fact})).result()
    with known.read() as conn:
        assert site_state.state(conn, "ill").failures == 2
        assert site_state.state(conn, "later").languages == ("ar",)
        assert [site.id for site in site_state.listed(conn, 9, find="epsilon")] == ["ill", "later"]
        assert site_state.count(conn) == len(SITES) + 1


def test_those_that_a_check_of_their_health_may_be_about_are_known(known: Archive) -> None:
    with known.read() as conn:
        assert site_state.crawled_since(conn, NOW - timedelta(minutes=90)) == {"fine", "ill", "off"}
        assert health.unsettled(conn) == {"moved", "fine"}
        assert health.some(conn, ["moved", "new"]) == {"moved": Health(Verdict.MOVED, EVERY, since=NOW)}
        assert set(health.states(conn)) == {"moved", "fine"}
