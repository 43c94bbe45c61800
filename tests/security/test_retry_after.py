"""A host that asks to be left alone is, at once, as a whole, and by later runs; one that shows walls is slowed down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from crawler.fetch.block_detection import BLOCKED_PAGES
from crawler.fetch.host_state import MemoryHostStates
from crawler.fetch.retry_after import RetryAfterMiddleware, RetryLater
from index.archive import Archive, documents
from tests.security.fetch_cli import arshif, asked, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import AHEAD, article, awaiting, feed, own

PAGES = 16  # of each site
WALLED = 40  # of the one that shows walls


def sites(config: Path, *hosts: str) -> None:
    (config / "sites").mkdir(exist_ok=True)
    for host in hosts:
        about = {
            "name": host, "homepage": f"http://{host}.example/", "country": "SY", "languages": ["en"], "enabled": True,
            "sources": [{"kind": "feed", "url": f"http://{host}.example/feed"}], "rendering": "none",
        }  # fmt: skip
        (config / "sites" / f"{host}.yaml").write_text(json.dumps(about), "utf-8")


def status(config: Path) -> dict[str, Any]:
    rows, _ = json.JSONDecoder().raw_decode(arshif(config, "status", "--json"))
    return {row["site"]: row for row in rows}


def newspaper(ask: Ask) -> Iterable[bytes]:
    """`busy` asks to wait from its third page on, `walled` shows walls, `good` neither."""
    host = ask.host.removesuffix(".example")
    if ask.path == "/feed":
        count = WALLED if host == "walled" else PAGES
        return [reply(feed(host, own(host, count)), kind="application/rss+xml")]
    if "story-number-" not in ask.path:
        return [reply("", 404)]
    number = int(ask.path.split("-")[2])
    if host == "busy" and number >= 2:
        return [reply("", 429, Retry_After="3600")]
    if host == "walled":
        return [reply("<title>Just a moment...</title><h1>Just a moment...</h1><p>Checking your browser")]
    return [reply(article(host, number))]


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_is_sent_once_a_host_has_asked_to_wait(status: int, tmp_path: Path) -> None:
    def answer(ask: Ask) -> Iterable[bytes]:
        return [reply("", 404) if ask.path == "/robots.txt" else reply("", status, Retry_After="3600")]

    with Server(answer) as server:
        urls = [f"http://busy.example/{n}" for n in range(10)]
        found = asked(configured(tmp_path, proxy=server.url), urls)
        assert sorted(what for what, _ in found.values() if what == "RetryLater") == ["RetryLater"] * 9
        assert next(ask.path for ask in server.log) == "/robots.txt"
        assert len(server.log) == 2


@pytest.mark.parametrize(("asks", "other"), [("http", "https"), ("https", "http")])
def test_a_wait_is_the_host_s_whatever_the_scheme_in_this_run_and_in_later_ones(asks: str, other: str) -> None:
    hosts = MemoryHostStates()
    now, later = RetryAfterMiddleware(hosts), RetryAfterMiddleware(hosts)

    async def asking() -> None:
        await now.process_request(Request(f"{other}://busy.example/"))
        request = Request(f"{asks}://busy.example/feed")
        await now.process_response(request, Response(request.url, 429, headers={"Retry-After": "3600"}))
        for waits in (now, later):
            await waits.process_request(Request("https://other.example/"))
            with pytest.raises(RetryLater):
                await waits.process_request(Request(f"{other}://busy.example/page"))

    asyncio.run(asking())


def test_later_runs_wait_too_and_walls_make_a_site_wait(tmp_path: Path) -> None:
    with Server(awaiting(tmp_path, "walled", newspaper)) as server:
        config = configured(tmp_path, proxy=server.url, politeness={"delay": 0.5, "timeout": 600})
        sites(config, "busy", "walled", "good")
        arshif(config, "crawl")
        first = len(server.asked("busy.example"))
        walls = server.asked("walled.example", "/2026/")
        told = status(config)
        arshif(config, "crawl")
        with Archive(tmp_path / "data" / "archive.sqlite3") as archive, archive.read() as conn:
            assert documents.count(conn, "good") == PAGES
            assert documents.count(conn, "walled") == 0
    assert len(server.asked("busy.example")) == first
    assert first == 5, "robots.txt, the feed, two articles, and one that asked to wait"
    assert BLOCKED_PAGES <= len(walls) <= BLOCKED_PAGES + AHEAD, "some were asked for before the first had been read"
    assert told["walled"]["state"] == "blocked"
    assert "walls" in told["walled"]["detail"]
    assert told["good"]["state"] == "ok"
