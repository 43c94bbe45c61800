"""SSRF guard: a crawl reaches public addresses only, whatever a feed, link, redirect or host name leads to.

A name is judged by what it resolves to, and the address is checked again when connecting, so that a DNS answer cannot
change in between. `crawler/fetch/ssrf/browser_proxy.py` does the same for the browser.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

from crawler.fetch.reasons import RequestRefused
from crawler.fetch.ssrf.policy import AddressPolicy
from index.model.codes import FetchReason

log = logging.getLogger("arshif.reach")


class PrivateAddress(RequestRefused):
    """The address is neither public nor in `allow_networks`: the request is not sent."""

    reason = FetchReason.PRIVATE_ADDRESS


class SSRFGuardMiddleware:
    """Refuses requests whose host is a blocked address, however it is written; `PublicResolver` judges names.

    If a proxy resolves the names, this is the only check possible here.
    """

    def __init__(self, reach: AddressPolicy) -> None:
        self.reach = reach

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(AddressPolicy(crawler.settings.getlist("ALLOW_NETWORKS")))

    async def process_request(self, request: Request) -> None:
        host = urlparse_cached(request).hostname or ""
        if self.reach.blocks_host(host):
            raise PrivateAddress(host=host)


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, which also refuses names that resolve to a blocked address.

    Connections to a blocked address are refused as well, wherever the address came from. The proxy may have any
    address: it is the user's own, and resolves the sites' names itself.
    """

    def __init__(
        self, reactor: ReactorBase, cache_size: int, timeout: float, reach: AddressPolicy, proxy: str = ""
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.reach = reach
        self.proxy = urlsplit(proxy).hostname
        self.proxies = {self.proxy}  # its name, and the addresses it resolved to

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        settings = crawler.settings
        cache_size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        reach = AddressPolicy(settings.getlist("ALLOW_NETWORKS"))
        return cls(reactor, cache_size, settings.getfloat("DNS_TIMEOUT"), reach, settings.get("PROXY"))

    def install_on_reactor(self) -> None:
        super().install_on_reactor()
        reactor: Any = self.reactor
        connect = reactor.connectTCP

        def connect_in_reach(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
            self._check(host, host)
            return connect(host, port, *args, **kwargs)

        reactor.connectTCP = connect_in_reach

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        found: Deferred[Any] = super().getHostByName(name, timeout)
        return found.addCallback(self._resolved, name)

    def _resolved(self, address: str, name: str) -> str:
        if name == self.proxy:
            self.proxies.add(address)
        self._check(address, name)
        return address

    def _check(self, address: str, name: str) -> None:
        if address not in self.proxies and self.reach.blocks(address):
            # Without this, the log would show only a DNS error
            log.warning("%s resolves to %s, which is not a public address: not requested", name, address)
            raise PrivateAddress(host=name)
