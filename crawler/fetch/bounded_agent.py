"""What a crawl's download handlers share: a header size limit, per-host certificate checks, and timing."""

from __future__ import annotations

from time import monotonic
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed
from twisted.web.iweb import IPolicyForHTTPS, IResponse
from zope.interface import implementer  # type: ignore[import-untyped]

HEADERS = 256 << 10  # bytes of a response's headers; Scrapy has no limit: it accepted 200,000 headers of 22 MB


class HeadTooLong(DownloadCancelledError):
    """The response's headers exceed the limit: the download is aborted and not retried in this run."""


class BoundedAgent:
    """Mixin for Scrapy's download handlers that bounds headers, applies `verify_tls`, and times each request."""

    _pool: Any
    _contextFactory: Any

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)  # type: ignore[call-arg]
        self._pool._factory = _BoundedFactory
        unverified = frozenset(crawler.settings.getlist("UNVERIFIED_HOSTS"))
        if unverified:
            self._contextFactory = _Certificates(self._contextFactory, _trusting(crawler), unverified)

    async def download_request(self, request: Request) -> Response:
        start = monotonic()
        try:
            answer: Response = await super().download_request(request)  # type: ignore[misc]
            return answer
        finally:
            request.meta["seconds"] = monotonic() - start


@implementer(IPolicyForHTTPS)
class _Certificates:
    """Verifies a host's certificate unless its site's YAML file disables that."""

    def __init__(self, checking: Any, trusting: Any, unverified: frozenset[str]) -> None:
        self.checking, self.trusting, self.unverified = checking, trusting, unverified

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:
        policy = self.trusting if hostname.decode("ascii").lower() in self.unverified else self.checking
        return policy.creatorForNetloc(hostname, port)


def _trusting(crawler: Crawler) -> Any:
    from scrapy.core.downloader.contextfactory import _load_context_factory_from_settings

    policy: Any = _load_context_factory_from_settings(crawler)
    policy._verify_certificates = False
    return policy


class _BoundedParser(_LenientHTTPClientParser):
    """Aborts a response whose headers are longer than HEADERS."""

    def lineReceived(self, line: bytes) -> None:
        self.head = getattr(self, "head", 0) + len(line) + 2  # no __init__: the class is swapped on a live instance
        if self.head > HEADERS:
            raise HeadTooLong(f"headers of more than {HEADERS:,} bytes")
        super().lineReceived(line)


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    """Parses responses with the bounded parser."""

    def request(self, request: Any) -> Deferred[IResponse]:
        answer = super().request(request)
        assert self._parser is not None
        self._parser.__class__ = _BoundedParser
        return answer.addErrback(_bare)


class _BoundedFactory(_LenientHTTP11ClientFactory):
    """Builds connections that speak the bounded protocol."""

    def buildProtocol(self, addr: IAddress | None) -> _BoundedProtocol:  # noqa: ARG002
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


def _bare(failure: Failure) -> Failure:
    """Unwraps a HeadTooLong from Twisted's ResponseFailed; any other failure is returned as is."""
    reasons: list[Failure] = failure.value.reasons if isinstance(failure.value, ResponseFailed) else []
    return next((reason for reason in reasons if isinstance(reason.value, HeadTooLong)), failure)
