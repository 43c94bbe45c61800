"""Circuit breaker: a host that does not answer is given up for the rest of the run, so that it delays no other site."""

from __future__ import annotations

from collections import Counter
from typing import Any

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object
from twisted.internet.error import ConnectError

from crawler.fetch.penalties import payer
from crawler.fetch.reasons import RequestRefused
from index.model.codes import FetchReason

UNREACHABLE = (CannotResolveHostError, DownloadConnectionRefusedError, ConnectError)  # no connection at all
NO_ANSWER = (*UNREACHABLE, DownloadTimeoutError, DownloadFailedError)
# Unanswered requests in a row: robots.txt, its retry, a source; at 30 s each, 90 s
MAX_FAILURES_IN_A_ROW = 3


class HostUnavailable(RequestRefused):
    """The host gets no further requests in this run.

    `heard` says whether the host caused that itself by answering, and so was reached.
    """

    heard = False


class HostSilent(HostUnavailable):
    """The host left several requests in a row unanswered."""

    reason = FetchReason.HOST_SILENT


class UnresponsiveHostMiddleware:
    """Counts each host's unanswered requests in a row, by the site that offered them; any answer resets the count."""

    def __init__(self) -> None:
        self.silent: Counter[tuple[str, str]] = Counter()

    async def process_request(self, request: Request) -> None:
        host = _host(request)
        if self.silent[_key(request)] >= MAX_FAILURES_IN_A_ROW:
            raise HostSilent(host=host, n=MAX_FAILURES_IN_A_ROW)

    async def process_response(self, request: Request, response: Response) -> Response:
        del self.silent[_key(request)]
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, NO_ANSWER):
            self.silent[_key(request)] += 1


def network_was_reached(stats: dict[str, Any]) -> bool:
    """Whether Scrapy's statistics of a run show that any host was reached, even one that answered too slowly."""
    kind = "downloader/exception_type_count/"
    problems = [load_object(name.removeprefix(kind)) for name in stats if name.startswith(kind)]
    asked = [
        problem
        for problem in problems
        if issubclass(problem, HostUnavailable) or not issubclass(problem, IgnoreRequest)
    ]
    if stats.get("downloader/response_count", 0) > 0 or (problems and not asked):
        return True  # the latter: we refused every request ourselves, for example because of yesterday's robots.txt
    return not all(issubclass(p, UNREACHABLE) or (issubclass(p, HostUnavailable) and not p.heard) for p in asked)


def _key(request: Request) -> tuple[str, str]:
    return payer(request)[0], _host(request)


def _host(request: Request) -> str:
    return urlparse_cached(request).netloc
