"""Patience: when a host is given up, and when it is our network that is lost."""

from __future__ import annotations

import asyncio

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response

from crawler.fetch.circuit_breaker import (
    MAX_FAILURES_IN_A_ROW,
    HostUnavailable,
    UnresponsiveHostMiddleware,
    network_was_reached,
)

COUNT = "downloader/exception_type_count/"
REFUSED = f"{COUNT}scrapy.exceptions.DownloadConnectionRefusedError"
NAMELESS = f"{COUNT}scrapy.exceptions.CannotResolveHostError"
LATE = f"{COUNT}scrapy.exceptions.DownloadTimeoutError"
GIVEN_UP = f"{COUNT}crawler.fetch.circuit_breaker.HostSilent"
PAGE = Request("https://step.example/feed/")
OTHER = Request("https://sana.example/feed/")


def asked(patience: UnresponsiveHostMiddleware, request: Request = PAGE) -> None:
    asyncio.run(patience.process_request(request))


def silent(patience: UnresponsiveHostMiddleware, times: int) -> None:
    for _ in range(times):
        asked(patience)
        asyncio.run(patience.process_exception(PAGE, DownloadTimeoutError("30 s")))


def test_a_host_that_stays_silent_is_given_up_and_no_other() -> None:
    patience = UnresponsiveHostMiddleware()
    silent(patience, MAX_FAILURES_IN_A_ROW)
    asked(patience, OTHER)
    with pytest.raises(HostUnavailable, match=r"step\.example did not answer 3 times in a row"):
        asked(patience)


def test_an_answer_ends_the_count() -> None:
    patience = UnresponsiveHostMiddleware()
    silent(patience, MAX_FAILURES_IN_A_ROW - 1)
    asyncio.run(patience.process_response(PAGE, Response(PAGE.url, status=500)))
    silent(patience, MAX_FAILURES_IN_A_ROW - 1)
    asked(patience)


def test_a_fault_of_ours_is_no_silence() -> None:
    patience = UnresponsiveHostMiddleware()
    for _ in range(MAX_FAILURES_IN_A_ROW):
        asyncio.run(patience.process_exception(PAGE, ValueError("x")))
    asked(patience)


@pytest.mark.parametrize(
    ("stats", "answer"),
    [
        ({NAMELESS: 4, REFUSED: 2, GIVEN_UP: 9}, False),
        ({NAMELESS: 4, "downloader/response_count": 1}, True),
        ({NAMELESS: 4, LATE: 1}, True),  # it was there, and too slow
        ({}, False),
    ],
)
def test_whether_anything_was_there_to_answer(stats: dict[str, int], answer: bool) -> None:
    assert network_was_reached(stats) is answer
