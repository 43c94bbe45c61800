"""How often a host is asked, as the host sees it: as seldom as its robots.txt asks for, and as slowly as it answers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest

from tests.security.fetch_cli import asked, configured
from tests.security.server import Ask, Server, reply

CRAWL_DELAY, LATE = 1.0, 0.7  # seconds: between two requests, and until an answer comes
PAGES = 4


def hosts(ask: Ask) -> Iterable[bytes]:
    """`resting` asks for a delay, `slow` takes its time, `quick` neither."""
    name = ask.host.removesuffix(".example")
    if ask.path == "/robots.txt":
        delay = f"Crawl-delay: {CRAWL_DELAY:g}\n" if name == "resting" else ""
        return [reply(f"User-agent: *\n{delay}Disallow: /private\n", kind="text/plain")]
    if name == "slow":
        time.sleep(LATE)
    return [reply("a page")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(hosts) as server:
        config = configured(tmp_path_factory.mktemp("pace"), proxy=server.url)
        urls = [f"http://{host}.example/{n}" for host in ("resting", "slow", "quick") for n in range(PAGES)]
        found = asked(config, urls)
        assert {what for what, _ in found.values()} == {200}
        yield server


def gaps(server: Server, host: str) -> list[float]:
    """The seconds between each two requests, from robots.txt on."""
    return [after.time - before.time for before, after in pairwise(server.asked(f"{host}.example"))]


def test_a_host_s_crawl_delay_lies_between_each_two_requests(server: Server) -> None:
    found = gaps(server, "resting")
    assert len(found) == PAGES
    assert min(found) >= CRAWL_DELAY


def test_a_host_that_answers_slowly_gets_a_pause_as_long_as_its_answer_took(server: Server) -> None:
    _, *found = gaps(server, "slow")  # its robots.txt comes at once
    assert len(found) == PAGES - 1
    assert min(found) >= 2 * LATE


def test_other_hosts_wait_for_neither(server: Server) -> None:
    quick, resting = server.asked("quick.example"), server.asked("resting.example")
    assert quick[-1].time < resting[-1].time
