"""A site that lists another's addresses pays for what comes of it alone: the other's own pages are all fetched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response
from sqlalchemy import select

from crawler.fetch.block_detection import BLOCKED_PAGES, BlockDetector
from crawler.fetch.circuit_breaker import MAX_FAILURES_IN_A_ROW, HostSilent, UnresponsiveHostMiddleware
from crawler.fetch.host_budget import HostBlocked, HostBudget, HostBudgetMiddleware, RequestsUsedUp
from crawler.fetch.host_state import MemoryHostStates
from crawler.fetch.retry_after import RetryAfterMiddleware, RetryLater
from crawler.session.polls import Poll
from crawler.site_config import Site, stranger
from index.archive import Archive, documents, source_state
from index.archive import tables as t
from index.model.codes import SourceReason
from tests.security.fetch_cli import arshif, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import article, feed, listing, own

ARTICLES = 12
TRAPS = 60


def site(config: Path, host: str, **more: Any) -> None:
    (config / "sites").mkdir(exist_ok=True)
    about = {
        "name": host, "homepage": f"http://{host}.example/", "country": "SY", "languages": ["en"], "enabled": True,
        "sources": [{"kind": "feed", "url": f"http://{host}.example/feed"}], "rendering": "none",
    }  # fmt: skip
    (config / "sites" / f"{host}.yaml").write_text(json.dumps(about | more), "utf-8")


ANSWERS: dict[str, Callable[[Ask], bytes]] = {
    "refusals": lambda _: reply("", 403),
    "walls": lambda _: reply("<title>Just a moment...</title><h1>Just a moment...</h1><p>Checking your browser"),
    "a wait": lambda _: reply("", 429, Retry_After="604800"),
    "a wait of the whole host": lambda _: reply("", 503, Retry_After="604800"),
    "nothing": lambda _: b"",
    "no articles": lambda _: listing(f"/event/{n}-{n}/2026-01-01" for n in range(40)),
}


def two_sites(answer: Callable[[Ask], bytes], listed: int) -> Callable[[Ask], Iterable[bytes]]:
    """`linker` lists pages of `victim` that are answered so, and so many; `victim` lists its own articles."""

    def answers(ask: Ask) -> Iterable[bytes]:
        if ask.host == "linker.example" and ask.path == "/feed":
            there = [f"http://victim.example/private/of-the-members-{n}" for n in range(listed)]
            return [reply(feed("linker", [*there, *own("linker", 2)]), kind="application/rss+xml")]
        if ask.path == "/feed":
            return [reply(feed("victim", own("victim", ARTICLES)), kind="application/rss+xml")]
        if ask.path.startswith("/private/"):
            return [answer(ask)]
        if "story-number-" in ask.path:
            return [reply(article(ask.host.removesuffix(".example"), int(ask.path.split("-")[2])))]
        return [reply("", 404)]

    return answers


@pytest.mark.parametrize(("kind", "says_so"), [("refusals", False), *((kind, True) for kind in ANSWERS)])
def test_another_site_s_articles_are_all_stored(kind: str, says_so: bool, tmp_path: Path) -> None:
    listed = TRAPS if kind == "no articles" else 6
    with Server(two_sites(ANSWERS[kind], listed)) as server:
        config = configured(tmp_path, proxy=server.url)
        site(config, "linker", **({"domains": ["victim.example"]} if says_so else {}))
        site(config, "victim")
        arshif(config, "crawl", "linker")
        arshif(config, "crawl")
        with Archive(tmp_path / "data" / "archive.sqlite3") as archive, archive.read() as conn:
            assert documents.count(conn, "victim") == ARTICLES
            assert documents.count(conn, "linker") == 2
            told = source_state.state(conn, "linker", "http://linker.example/feed").problem
    asked = server.asked("victim.example", "/private/")
    if says_so:
        assert asked, "its file may name another domain"
        assert told is None
    else:
        assert not asked, "nothing of it was requested"
        assert told is not None
        assert (told.code, told.params) == (SourceReason.SOME_ELSEWHERE, {"n": listed, "domain": "victim.example"})


VICTIM_S = "http://victim.example"


def by_redirects(ask: Ask) -> bytes:
    """Each article of `linker` leads to one that nobody may see."""
    if ask.path == "/feed":
        return reply(feed("linker", own("linker", 10)), kind="application/rss+xml")
    return reply("", 302, Location=f"{VICTIM_S}/private{ask.path}")


def by_sitemaps(ask: Ask) -> bytes:
    """Its list of sitemaps names those of `victim`, which nobody may see."""
    if ask.path != "/feed":
        return reply("", 404)
    maps = "".join(f"<sitemap><loc>{VICTIM_S}/private/map-{n}.xml</loc></sitemap>" for n in range(10))
    return reply(f"<sitemapindex>{maps}</sitemapindex>", kind="application/xml")


def by_canonical_links(ask: Ask) -> bytes:
    """Its articles say that they are those of `victim`."""
    if ask.path == "/feed":
        return reply(feed("linker", own("linker", ARTICLES)), kind="application/rss+xml")
    if "story-number-" not in ask.path:
        return reply("", 404)
    page = article("linker", int(ask.path.split("-")[2]))
    return reply(page.replace("</head>", f'<link rel="canonical" href="{VICTIM_S}{ask.path}"></head>'))


@pytest.mark.parametrize("linker", [by_redirects, by_sitemaps, by_canonical_links], ids=lambda way: way.__name__)
def test_nor_is_anything_lost_by_another_way_to_them(linker: Callable[[Ask], bytes], tmp_path: Path) -> None:
    others = two_sites(ANSWERS["refusals"], 0)
    with Server(lambda ask: [linker(ask)] if ask.host == "linker.example" else others(ask)) as server:
        config = configured(tmp_path, proxy=server.url)
        kind = "sitemap" if linker is by_sitemaps else "feed"
        site(config, "linker", sources=[{"kind": kind, "url": "http://linker.example/feed"}])
        site(config, "victim")
        arshif(config, "crawl", "linker")
        arshif(config, "crawl")
        with Archive(tmp_path / "data" / "archive.sqlite3") as archive, archive.read() as conn:
            assert documents.count(conn, "victim") == ARTICLES
            told = set(conn.execute(select(t.articles.c.url).where(t.articles.c.site == "victim")).scalars())
    assert told == {f"{VICTIM_S}/2026/story-number-{n}-of-today" for n in range(ARTICLES)}


def test_a_domain_that_its_articles_name_as_canonical_is_its_own(tmp_path: Path) -> None:
    def answers(ask: Ask) -> Iterable[bytes]:
        first = [f"http://old.example/2026/story-number-{n}-of-today" for n in range(3)]
        later = [f"http://new.example/2026/story-number-{n}-of-today" for n in range(3, 6)]
        if ask.path == "/feed":
            both = [*first, *later] if len(server.asked("old.example", "/feed")) > 1 else first
            return [reply(feed("old", both), kind="application/rss+xml")]
        if "story-number-" not in ask.path:
            return [reply("", 404)]
        number = int(ask.path.split("-")[2])
        link = f'<link rel="canonical" href="http://new.example{ask.path}">'
        return [reply(article("old", number).replace("</head>", f"{link}</head>"))]

    with Server(answers) as server:
        config = configured(tmp_path, proxy=server.url)
        site(config, "old")
        arshif(config, "crawl")
        arshif(config, "crawl")
        with Archive(tmp_path / "data" / "archive.sqlite3") as archive, archive.read() as conn:
            assert documents.count(conn, "old") == 6


# --- each penalty ----------------------------------------------------------------------------------------------------

LINKER, VICTIM = (stranger(f"https://{name}.example/") for name in ("linker", "victim"))


def request(of: Site, path: str = "/a") -> Request:
    return Request(f"https://victim.example{path}", cb_kwargs={"site": of})


def test_a_budget_is_used_up_for_the_site_that_used_it() -> None:
    async def run() -> None:
        budget = HostBudgetMiddleware(HostBudget(3, 10, 10.0), BlockDetector())
        for _ in range(3):
            await budget.process_request(request(LINKER))
        with pytest.raises(RequestsUsedUp):
            await budget.process_request(request(LINKER))
        await budget.process_request(request(VICTIM))
        source = Poll.of(VICTIM, VICTIM.sources[0])
        await budget.process_request(Request(source.url, cb_kwargs={"poll": source}))
        await budget.process_request(request(VICTIM))
        with pytest.raises(RequestsUsedUp):
            await budget.process_request(request(VICTIM))

    asyncio.run(run())


def test_walls_stop_the_site_that_met_them() -> None:
    async def run() -> None:
        blocks = BlockDetector()
        budget = HostBudgetMiddleware(HostBudget(100, 10, 10.0), blocks)
        for number in range(BLOCKED_PAGES):
            blocks.record_block(LINKER.id, request(LINKER, f"/{number}").url)
        with pytest.raises(HostBlocked):
            await budget.process_request(request(LINKER))
        await budget.process_request(request(VICTIM))

    asyncio.run(run())


def test_silence_stops_the_site_that_was_not_answered() -> None:
    async def run() -> None:
        breaker = UnresponsiveHostMiddleware()
        for _ in range(MAX_FAILURES_IN_A_ROW):
            await breaker.process_exception(request(LINKER), DownloadTimeoutError())
        with pytest.raises(HostSilent):
            await breaker.process_request(request(LINKER))
        await breaker.process_request(request(VICTIM))

    asyncio.run(run())


@pytest.mark.parametrize("asked_first", ["linker", "victim"])
def test_a_wait_is_kept_for_later_runs_if_a_host_s_own_site_met_it(asked_first: str) -> None:
    async def run() -> None:
        hosts = MemoryHostStates()
        now, later = RetryAfterMiddleware(hosts), RetryAfterMiddleware(hosts)
        of = LINKER if asked_first == "linker" else VICTIM
        await now.process_request(request(of))
        await now.process_response(request(of), Response(request(of).url, 429, headers={"Retry-After": "604800"}))
        with pytest.raises(RetryLater):
            await now.process_request(request(of))
        for waits in (now, later):
            if asked_first == "linker":
                await waits.process_request(request(VICTIM))
            else:
                with pytest.raises(RetryLater):
                    await waits.process_request(request(LINKER))

    asyncio.run(run())
