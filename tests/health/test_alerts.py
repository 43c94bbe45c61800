"""A site that breaks is seen by the checkup, told to whom it concerns, and shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from crawler import notify
from crawler.checkup import checkup
from crawler.config import Config, load
from crawler.errors import ConfigError
from index.archive import Archive, health
from index.archive import tables as t
from tests.flow.house import House
from tests.newsroom import Newsroom


@contextmanager
def hook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web hook: its address for Apprise, and the messages that it got."""
    got: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two sites, one of which has lost its feed for seven hours."""
    with Newsroom(via="proxy", only=("fa", "fr")) as room:
        house = House(room, tmp_path_factory.mktemp("broken"), kinds=["feed"])
        house.crawl()
        room.bury_feed("fa")
        room.serve(f"http://{room.sites['fa'].host}/", b"<html><title>x</title><p>Soon.</p></html>")
        for _ in range(3):
            house.crawl(code=1)
        long_ago = datetime.now(UTC) - timedelta(hours=7)
        with Archive(house.data / "archive.sqlite3") as archive:
            mine = update(t.sources).where(t.sources.c.site == "fa").values(polled=long_ago)
            archive.write(lambda conn: conn.execute(mine)).result()
        yield house


def told_to(config: Config, *addresses: str) -> Config:
    settings = config.settings.model_copy(update={"notify": tuple(map(SecretStr, addresses))})
    return Config(settings, config.sites, config.directory)


def test_a_dead_feed_is_told_once_and_shown(broken: House) -> None:
    config, now = load(broken.config), datetime.now(UTC)
    with Archive(broken.data / "archive.sqlite3") as archive, hook() as (address, got):
        assert checkup(archive, config, now) == []  # it may pass
        assert checkup(archive, config, now + timedelta(hours=2, minutes=10)) == ["fa"]
        assert checkup(archive, config, now + timedelta(hours=2, minutes=20)) == []

        nobody_there = told_to(config, "json://127.0.0.1:9/")
        assert notify.send(archive, nobody_there) == 0
        somebody = told_to(config, address)
        assert notify.send(archive, somebody) == 1
        assert notify.send(archive, somebody) == 0
        assert [message["title"] for message in got] == ["Arshif: fa"]
        assert "fa: feed dead; its source gives nothing to read any more: HTTP 410" in got[0]["message"]
        with archive.read() as conn:
            (alert,) = health.recent_alerts(conn, 9)
        assert (alert.tries, alert.example) == (2, f"http://{broken.room.sites['fa'].host}/rss.xml")

    assert "fa: feed dead" in broken.arshif("alerts")
    states = {row["site"]: row["state"] for row in broken.told("status")}
    assert states == {"fa": "feed dead", "fr": "ok"}


def test_without_a_network_no_site_is_blamed(broken: House) -> None:
    later = datetime.now(UTC) + timedelta(hours=12)
    with Archive(broken.data / "archive.sqlite3") as archive:
        assert checkup(archive, load(broken.config), later) == []
        assert checkup(archive, load(broken.config), later + timedelta(days=1)) == []


def test_a_test_message_is_sent_or_says_why_not(broken: House) -> None:
    with hook() as (address, got):
        assert "sent" in broken.arshif("alerts", "--test", ARSHIF_NOTIFY=address)
        assert [message["title"] for message in got] == ["Arshif: a test"]
    broken.arshif("alerts", "--test", code=1, ARSHIF_NOTIFY="json://127.0.0.1:9/")
    broken.arshif("alerts", "--test", code=2, ARSHIF_NOTIFY="secret-word")
    assert "notify.0: is no address that Apprise knows" in broken.log
    assert "secret-word" not in broken.log
    broken.arshif("alerts", "--test", code=2)
    assert "nobody is to be told" in broken.log


def test_an_unknown_address_is_a_mistake_that_hides_it() -> None:
    with pytest.raises(ConfigError) as error:
        notify.test(told_to(load(), "hunter2"))
    assert "hunter2" not in str(error.value)
