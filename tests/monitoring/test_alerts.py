"""A site that breaks is seen by the checkup, told to whom it concerns, and shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from crawler import daemon
from crawler.config import Config, load
from crawler.errors import ConfigError
from crawler.monitoring import health_job, notifications
from crawler.monitoring.health_job import Checkups
from index.archive import Archive, health, site_state
from index.archive import tables as t
from index.archive.database import Database
from index.model.codes import FetchReason, Verdict
from index.model.message import Message
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom


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
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """Two sites, one of which has lost its feed for seven hours."""
    with Newsroom(via="proxy", only=("fa", "fr")) as room:
        house = Harness(room, tmp_path_factory.mktemp("broken"), kinds=["feed"])
        house.crawl()
        room.bury_feed("fa")
        room.serve(f"http://{room.sites['fa'].host}/", b"<html><title>x</title><p>Soon.</p></html>")
        for _ in range(3):
            house.crawl(code=1)
        long_ago = datetime.now(UTC) - timedelta(hours=7)
        with house.open() as archive:
            mine = update(t.sources).where(t.sources.c.site == "fa").values(polled=long_ago)
            archive.write(lambda conn: conn.execute(mine)).result()
        yield house


def told_to(config: Config, *addresses: str) -> Config:
    settings = config.settings.model_copy(update={"notify": tuple(map(SecretStr, addresses))})
    return Config(settings, config.sites, config.directory)


def test_a_dead_feed_is_told_once_and_shown(broken: Harness) -> None:
    now, nowhere = datetime.now(UTC), "json://127.0.0.1:9/"
    with broken.open() as archive, hook() as (address, got):
        config = told_to(load(broken.config), nowhere, "hunter2", address)
        assert Checkups(archive).next(config, now) == []  # it may pass
        assert Checkups(archive).next(config, now + timedelta(hours=2, minutes=10)) == ["fa"]
        assert Checkups(archive).next(config, now + timedelta(hours=2, minutes=20)) == []

        for sent in (1, 0, 0):  # two addresses answer never, and the third is told once
            assert notifications.send(archive, config, now) == sent
        assert [message["title"] for message in got] == ["Arshif: fa"]
        (told,) = got[0]["message"].splitlines()
        when = now + timedelta(hours=2, minutes=10)
        expected = f"{when:%Y-%m-%d %H:%M} UTC, fa: feed dead; its only source can no longer be read: HTTP 410"
        assert told.startswith(expected)
        (alert,) = noted(archive)
        assert (len(alert.waiting), alert.sent) == (2, None)
        assert alert.example == f"http://{broken.room.sites['fa'].host}/rss.xml"
        assert "fa: feed dead" in broken.arshif("alerts")
        assert "not sent to all yet" in broken.arshif("alerts")

        notifications.send(archive, told_to(config, address), now)  # nobody waits who is not named any more
        assert noted(archive)[0].waiting == ()

    states = {row["site"]: (row["state"], row["example"]) for row in broken.told("status")}
    example = f"http://{broken.room.sites['fa'].host}/rss.xml"
    assert states == {"fa": ("feed dead", example), "fr": ("ok", None)}
    assert f"HTTP 410; {example}" in broken.arshif("status")


def noted(archive: Archive) -> list[health.Alert]:
    with archive.read() as conn:
        return health.recent_alerts(conn, 99)


def test_who_is_named_later_is_not_told_of_what_was_before(place: Database) -> None:
    now = datetime.now(UTC)
    with Archive(place) as archive, hook() as (address, got):
        config = told_to(load(), address)
        for site in ("a", "b"):
            _note(archive, site, now, told_to(load()))
        assert notifications.send(archive, config, now) == 0
        _note(archive, "c", now, config)
        assert notifications.send(archive, config, now) == 1
        assert [message["title"] for message in got] == ["Arshif: c"]
        assert noted(archive)[0].sent == now


def test_an_address_that_does_not_answer_is_given_up_after_a_week(place: Database) -> None:
    now = datetime.now(UTC)
    config = told_to(load(), "json://127.0.0.1:9/")
    with Archive(place) as archive:
        _note(archive, "a", now, config)
        notifications.send(archive, config, now + timedelta(days=6))
        assert noted(archive)[0].waiting
        notifications.send(archive, config, now + timedelta(days=8))
        assert not noted(archive)[0].waiting


def _note(archive: Archive, site: str, at: datetime, config: Config) -> None:
    down = health.Health(Verdict.DOWN, Message(FetchReason.NO_ANSWER))
    archive.write(lambda conn: health.alert(conn, site, down, at, notifications.keys(config))).result()


def test_what_fails_holds_up_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def fails(name: str) -> Callable[..., None]:
        def step(*_: object) -> None:
            called.append(name)
            raise ConfigError(name)

        return step

    with Archive(tmp_path / "archive.sqlite3") as archive:
        tended = daemon.Daemon(load(), archive, web=False)
        for module, name in (
            (tended.checkups, "next"),
            (daemon.manifests, "write_some"),
            (notifications, "send"),
            (daemon, "open_index"),
            (daemon.saved_search_alerts, "send_alerts"),
        ):
            monkeypatch.setattr(module, name, fails(name))
        monkeypatch.setattr(tended.signing, "some", fails("some"))
        tended.supervise()
    assert called == ["next", "some", "write_some", "send", "open_index", "send_alerts"]


def test_a_site_that_is_well_is_examined_again_once_it_was_crawled(
    broken: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    examine = health_job._examine
    monkeypatch.setattr(
        health_job, "_examine", lambda conn, site, now: seen.append(site.id) or examine(conn, site, now)
    )
    config, now = load(broken.config), datetime.now(UTC)
    with broken.open() as archive:
        checkups = Checkups(archive)
        for expected in (["fa", "fr"], ["fa"], ["fa"]):  # the first looks at all, and something is wrong with one
            checkups.next(config, now)
            assert seen == expected
            seen.clear()
        archive.write(lambda conn: site_state.put(conn, "fr", last_run=now + timedelta(minutes=1))).result()
        checkups.next(config, now + timedelta(minutes=2))
        assert seen == ["fa", "fr"]
        seen.clear()
        checkups.next(config, now + timedelta(days=1))
        assert seen == [], "without a network"
        archive.write(lambda conn: site_state.put(conn, "fr", last_run=now + timedelta(minutes=3))).result()
        checkups.next(config, now + timedelta(minutes=4))
        assert seen == ["fa", "fr"]


def test_without_a_network_no_site_is_blamed(broken: Harness) -> None:
    later = datetime.now(UTC) + timedelta(hours=12)
    with broken.open() as archive:
        assert Checkups(archive).next(load(broken.config), later) == []
        assert Checkups(archive).next(load(broken.config), later + timedelta(days=1)) == []


def test_a_test_message_is_sent_or_says_why_not(broken: Harness) -> None:
    with hook() as (address, got):
        assert "sent" in broken.arshif("alerts", "--test", ARSHIF_NOTIFY=address)
        assert [message["title"] for message in got] == ["Arshif: a test"]
        both = f"json://127.0.0.1:9/,{address}"
        told = json.loads(broken.arshif("alerts", "--test", "--json", code=1, ARSHIF_NOTIFY=both))
        assert told == {"sent": False, "failed": ["notify.0"]}
    broken.arshif("alerts", "--test", code=1, ARSHIF_NOTIFY="json://127.0.0.1:9/")
    broken.arshif("alerts", "--test", code=2, ARSHIF_NOTIFY="secret-word")
    assert "notify.0: is not an address that Apprise knows" in broken.log
    assert "secret-word" not in broken.log
    broken.arshif("alerts", "--test", code=2)
    assert "there is nobody to notify" in broken.log


def test_an_unknown_address_is_a_mistake_that_hides_it() -> None:
    with pytest.raises(ConfigError) as error:
        notifications.test(told_to(load(), "hunter2"))
    assert "hunter2" not in str(error.value)
