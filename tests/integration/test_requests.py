"""Addresses that are asked for by the page or the API: the daemon fetches them beside its crawls, and `arshif serve`
alone does too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, update

from crawler.config import load
from crawler.daemon import REQUESTS_FIRST, Daemon
from crawler.requested import desk
from index.archive import leases, runs
from index.archive import tables as t
from index.model.codes import RequestWay
from tests.integration.daemon_process import daemon, free_port
from tests.integration.harness import ROOT, Harness
from tests.support import loopback
from tests.support.news_sites import Newsroom
from tests.support.newspaper import Story, sentence
from tests.support.patience import PATIENCE, wait_for

BASE = "http://news.elsewhere.example"
TOLD = Story(1, sentence(100, 7)[:-1], [sentence(100 + at) for at in range(1, 5)])
ADDRESS = f"{BASE}/2026/11/story-1"
HASTY = """
from crawler.processes import crawl_process
from crawler.requested import on_demand
crawl_process.GRACE, on_demand.REST = 2.0, 0.5  # neither is waited for
from crawler.cli.app import main
main()
"""


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=("fr",)) as opened:
        opened.serve(ADDRESS, TOLD.html().replace(TOLD.url.encode(), ADDRESS.encode()))
        yield opened


@pytest.fixture
def house(room: Newsroom, tmp_path: Path) -> Harness:
    return Harness(room, tmp_path, every=600)


def ask(page: str, url: str) -> dict[str, Any]:
    """What became of an address that a program asks for."""
    one = post(page, url)
    wait_for(lambda: state(page, one)["state"] == "done")
    return state(page, one)


def test_the_daemon_fetches_what_is_asked_for(room: Newsroom, house: Harness) -> None:
    with daemon(house) as service:
        service.wait_for(lambda: service.children("serve"))
        wait_for(lambda: answers(service.page))
        found = ask(service.page, ADDRESS)
        assert (found["code"], found["site"], found["version"]) == ("outcome.new", "elsewhere-example", 1)
        service.wait_for(lambda: service.found(TOLD.body[0].rstrip(".")))
        published = room.publish("fr")
        found = ask(service.page, published.url)
        assert (found["code"], found["site"]) == ("outcome.new", "fr"), "though the next crawl is ten hours away"
        assert service.end(signal.SIGTERM) == 0
    with house.archive() as conn:
        causes = [run.why.code for run in runs.recent(conn, 10) if run.why]
    assert causes.count("run.addresses") == 2


def test_a_server_alone_fetches_what_is_asked_for(house: Harness) -> None:
    port = free_port()
    command = [sys.executable, "-m", "crawler.cli", "serve", "--port", str(port)]
    with (house.directory / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=house.env, stdout=log, stderr=log)
    try:
        page = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(page))
        found = ask(page, ADDRESS)
        assert found["code"] == "outcome.new"
        wait_for(lambda: found_there(page) == [found["article"]])
        assert ask(page, ADDRESS)["code"] == "outcome.same_bytes"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_what_is_asked_for_comes_before_a_crawl_of_its_site(room: Newsroom, house: Harness) -> None:
    """And beside none of another site on its host."""
    config, now = load(house.config), datetime.now(UTC)
    with house.open() as archive:
        tended = Daemon(config, archive, False)
        assert [site.id for site in tended.due()] == ["fr"]
        url = room.articles("fr")[0].url

        def put(conn: Connection) -> int:
            return desk.ask(conn, config, url, RequestWay.API).id

        number = archive.write(put).result()
        assert tended.due() == []
        with archive.read() as conn:
            assert [one.id for one in desk.ready(conn, config)] == [number]
        held = archive.write(lambda conn: leases.acquire(conn, ["fr"], "a crawl", now, os.getpid())).result()
        with archive.read() as conn:
            assert desk.ready(conn, config) == []
        archive.write(lambda conn: leases.release(conn, held)).result()
        long_ago = now - 2 * REQUESTS_FIRST
        archive.write(lambda conn: conn.execute(update(t.requests).values(asked=long_ago))).result()
        assert [site.id for site in tended.due()] == ["fr"], "it is not put off for ever"


def test_a_child_that_dies_is_told_of_and_one_that_is_ended_has_lost_nothing(room: Newsroom, house: Harness) -> None:
    house.crawl()  # else the daemon would do so first
    room.hang("fr", PATIENCE)
    url = room.articles("fr")[0].url
    with daemon(house, code=("-c", HASTY)) as service:
        wait_for(lambda: answers(service.page))
        one = post(service.page, url)
        service.wait_for(lambda: state(service.page, one)["state"] == "running")
        (child,) = service.children("_archive")
        assert child.cmdline()[0] == "arshif", "forked from what has loaded all that it needs"
        child.kill()
        service.wait_for(lambda: state(service.page, one)["state"] == "done")
        assert state(service.page, one)["code"] == "run.process_died"
        another = post(service.page, url)
        service.wait_for(lambda: state(service.page, another)["state"] == "running")
        assert service.end() == 0
    room.hang("fr", 0)
    with daemon(house) as service:
        wait_for(lambda: answers(service.page))
        service.wait_for(lambda: state(service.page, another)["state"] == "done")
        assert state(service.page, another)["archived"]


def post(page: str, url: str) -> str:
    """Where to look what becomes of an address."""
    answer = loopback.post(f"{page}/api/archive", json={"url": url})
    assert answer.status_code == 202, answer.text
    return answer.headers["location"]


def state(page: str, one: str) -> dict[str, Any]:
    found: dict[str, Any] = loopback.get(page + one).raise_for_status().json()
    return found


def found_there(page: str) -> list[str]:
    """The ids of what the page finds of the story; none while there is no index."""
    words = {"q": TOLD.body[0].rstrip(".")}
    answer = loopback.get(f"{page}/api/search", params=words)
    return [hit["archive"]["id"] for hit in answer.json().get("hits", [])]


def answers(page: str) -> bool:
    """Whether a server answers there."""
    try:
        return loopback.get(f"{page}/healthz").status_code == 200
    except httpx.TransportError:
        return False
