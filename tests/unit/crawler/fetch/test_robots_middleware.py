"""What a robots.txt that could not be asked for says of its host, and what not."""

from __future__ import annotations

import asyncio

import pytest
from scrapy import Request
from scrapy.http import Response

from crawler.fetch.host_state import MemoryHostStates
from crawler.fetch.politeness import HostTaken
from crawler.fetch.robots.middleware import RobotsMiddleware, RobotsUnreachable

PAGE = "https://step.example/1"
ORIGIN = "https://step.example"


@pytest.mark.parametrize(
    ("problem", "told", "silent"),
    [(HostTaken(host="step.example"), HostTaken, False), (OSError(), RobotsUnreachable, True)],
    ids=["another machine asks it", "no answer"],
)
def test_a_host_that_another_machine_asks_is_not_silent(
    problem: Exception, told: type[Exception], silent: bool
) -> None:
    hosts = MemoryHostStates()

    async def download(_: Request) -> Response:
        raise problem

    middleware = RobotsMiddleware("Arshif", hosts, download, lambda *_: None)
    with pytest.raises(told):
        asyncio.run(middleware.process_request(Request(PAGE)))
    assert (asyncio.run(hosts.state(ORIGIN)).silent is not None) == silent
