"""Private addresses: a crawl reaches public ones only, whatever a feed, a link, a redirect or a name leads to.

A name is judged by what it resolves to, at the moment of connecting, so that no answer can change in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class PrivateAddress(IgnoreRequest):
    """The address is not public, and `allow_networks` does not name it: the request is not sent."""


class Reach:
    """Which addresses may be reached: public ones, and those of the networks (CIDR) that the settings allow."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = [ip_network(network) for network in allowed]

    def refuses(self, address: str) -> bool:
        """Whether this address (a literal, not a name) is out of reach."""
        ip = _plain(ip_address(address))
        public = ip.is_global and not ip.is_multicast  # to Python, some multicast groups are global
        return not public and not any(ip in network for network in self.allowed)


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, where there is one: mapped, 6to4, NAT64."""
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        return inner or ip
    return ip


class PublicAddresses:
    """Refuses requests whose host is a literal address out of reach; names are the resolver's."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(Reach(crawler.settings.getlist("ALLOW_NETWORKS")))

    async def process_request(self, request: Request) -> None:
        host = urlparse_cached(request).hostname or ""
        try:
            refused = self.reach.refuses(host)
        except ValueError:
            return  # a name
        if refused:
            raise PrivateAddress(f"{host} is not a public address; allow_networks in arshif.yaml can name its network")


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, but a name that leads out of reach is an error instead of an address.

    That of the proxy may lead anywhere: it is the user's own, and resolves the sites' names itself.
    """

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float, reach: Reach, proxy: str = "") -> None:
        super().__init__(reactor, cache_size, timeout)
        self.reach = reach
        self.proxy = urlsplit(proxy).hostname

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        settings = crawler.settings
        cache_size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        reach = Reach(settings.getlist("ALLOW_NETWORKS"))
        return cls(reactor, cache_size, settings.getfloat("DNS_TIMEOUT"), reach, settings.get("PROXY"))

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        found: Deferred[Any] = super().getHostByName(name, timeout)
        return found.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if name != self.proxy and self.reach.refuses(address):
            raise PrivateAddress(f"{name} leads to {address}, which is not a public address")
        return address
