"""What one host gets of a run: so many requests, bytes and seconds, and so many pages of one kind that are no articles;
all as the host sees it, and none beyond its bound."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.fetch.block_detection import TRAP_PAGES
from index.archive import Archive, documents, site_state
from index.model.codes import FetchReason
from tests.security.fetch_cli import arshif, asked, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import article, awaiting, feed, listing, own
from tests.support.patience import PATIENCE

# --- its share -------------------------------------------------------------------------------------------------------

REQUESTS, SIZE, SECONDS = 10, 100_000, 2.5
PAGES = {"often": 30, "large": 8, "late": 8, "small": 5}  # what each host is asked for


def four(ask: Ask) -> Iterable[bytes]:
    """`large` sends much, `late` takes its time, the others neither."""
    if ask.path == "/robots.txt":
        return [reply("", 404)]
    if ask.host == "late.example":
        time.sleep(1)
    return [reply(b"x" * 30_000 if ask.host == "large.example" else b"a page")]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], Server]]:
    with Server(four) as server:
        config = configured(tmp_path_factory.mktemp("shares"), proxy=server.url)
        found: dict[str, Any] = {}
        for hosts, seconds in ((PAGES.keys() - {"late"}, PATIENCE), ({"late"}, SECONDS)):
            urls = [f"http://{host}.example/{n}" for host in hosts for n in range(PAGES[host])]
            shares = {"HOST_REQUESTS": REQUESTS, "HOST_BYTES": SIZE, "HOST_SECONDS": seconds}
            found |= asked(config, urls, **shares, RETRY_TIMES=0)
        yield found, server


@pytest.mark.parametrize(
    ("host", "came", "told"),
    [
        ("often", {REQUESTS - 1}, f"{REQUESTS} requests"),  # robots.txt is one of them
        ("large", {4}, "0 MB"),  # with the fourth of 30 kB its 100 kB are used up
        ("late", {0, 1, 2, 3}, "to answer, its share of this run"),  # on a busy machine each takes longer
        ("small", {5}, ""),
    ],
)
def test_a_host_gets_its_share_and_no_request_more(
    host: str, came: set[int], told: str, shared: tuple[dict[str, Any], Server]
) -> None:
    found, server = shared
    answers = [found[f"http://{host}.example/{n}"] for n in range(PAGES[host])]
    pages = [ask for ask in server.asked(f"{host}.example") if ask.path != "/robots.txt"]
    assert len(pages) in came
    assert [what for what, _ in answers].count(200) == len(pages)
    refused = [(what, why) for what, why in answers if what != 200]
    assert len(refused) == PAGES[host] - len(pages)
    assert all(what in SHARES and told in why for what, why in refused)


# --- a trap beside articles ------------------------------------------------------------------------------------------

STORIES, DAYS = 6, 60
SHARES = {"RequestsUsedUp", "BytesUsedUp", "SecondsUsedUp"}


def trap(ask: Ask) -> Iterable[bytes]:
    """A site whose feed names its articles and a calendar's days, which are no articles and have no end."""
    if ask.path == "/feed":
        days = [f"http://trap.example/event/{n}-{n}/2026-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(DAYS)]
        return [reply(feed("trap", [*own("trap", STORIES), *days]), kind="application/rss+xml")]
    if "story-number-" in ask.path:
        return [reply(article("trap", int(ask.path.split("-")[2])))]
    if not ask.path.startswith("/event/"):
        return [reply("", 404)]
    return [listing(f"/event/{n}-{n}/2026-01-01" for n in range(40))]


def test_a_trap_is_left_and_told_and_the_articles_beside_it_are_complete(tmp_path: Path) -> None:
    with Server(awaiting(tmp_path, "trap", trap)) as server:
        config = configured(tmp_path, proxy=server.url, politeness={"delay": 0, "timeout": 600})
        (config / "sites").mkdir()
        about = {
            "name": "trap", "homepage": "http://trap.example/", "country": "SY", "languages": ["en"], "enabled": True,
            "sources": [{"kind": "feed", "url": "http://trap.example/feed"}], "rendering": "none",
        }  # fmt: skip
        (config / "sites" / "trap.yaml").write_text(json.dumps(about), "utf-8")
        told = arshif(config, "crawl", "--json")
        record, _ = json.JSONDecoder().raw_decode(told[told.index("{") :])
    counts = record["sites"][0]["counts"]
    days = len(server.asked("trap.example", "/event/"))
    assert TRAP_PAGES <= days < DAYS
    assert counts["fetch.trap"] == DAYS - days
    with Archive(tmp_path / "data" / "archive.sqlite3") as archive, archive.read() as conn:
        assert documents.count(conn, "trap") == STORIES
        state = site_state.state(conn, "trap")
    assert state.verdict == "partly failing"
    assert state.detail is not None
    assert state.detail.code == FetchReason.TRAP
    assert state.detail.params == {"n": TRAP_PAGES, "shape": "trap.example/event/0-0/0-0-0"}
