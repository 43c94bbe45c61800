"""Taking requests for addresses: which are usable, whose site's they are, and how many there may be."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection

from crawler.config import Config, refreshed
from crawler.errors import ConfigError
from crawler.fetch.ssrf.policy import AddressPolicy
from crawler.site_config import Site, stranger
from crawler.urls.canonical import canonical
from index.archive import Archive, documents, frontier, leases, requests
from index.archive.requests import AddressRequest, Limits
from index.errors import InvalidValue
from index.model.codes import RequestReason, RequestWay
from index.model.message import Message


class UnusableAddress(InvalidValue):
    """An address that cannot be fetched. Exit code 2."""

    exit_code = 2


def usable(address: str) -> str:
    """The canonical form of a web address.

    :raises UnusableAddress: when it is none.
    """
    url = canonical(address)
    if url is None:
        raise UnusableAddress(Message(RequestReason.NOT_ADDRESS, {"url": address[:200]}))
    return url


def site_of(conn: Connection, config: Config, url: str) -> Site:
    """The site for an address (in canonical form): the configured one that publishes there, else the one under which
    the archive knows it, else one made up for its registered domain."""
    publisher = config.publisher_of(url)
    if publisher.id in config.sites:
        return publisher
    known = frontier.sites_of(conn, url)
    if (article := documents.by_url(conn, url)) and (document := documents.document(conn, article)):
        known = [document.article.site, *known]
    for site in known:
        if site in config.sites:
            return config.sites[site]
    return publisher.model_copy(update={"id": known[0]}) if known else publisher


class Desk:
    """Takes requests from the page and the API: for public addresses only, and no more than `limits` allow."""

    def __init__(self, config: Config, archive: Archive, limits: Limits | None = None) -> None:
        self.config, self.archive, self.limits = config, archive, limits or Limits()
        self.reach = AddressPolicy(config.settings.allow_networks)

    def __call__(self, address: str, way: RequestWay, facsimile: bool = False) -> AddressRequest:
        """The request for this address, with a `facsimile` or without; one that is open already is not added again.

        :raises InvalidValue: when the address is none, or not public, or there are too many requests.
        """
        with suppress(ConfigError):  # of a site that is being edited: the sites stay as they were
            self.config = refreshed(self.config, self.archive)
        url = usable(address)
        host = urlsplit(url).hostname or ""
        if self.reach.blocks_host(host):
            raise UnusableAddress(Message(RequestReason.PRIVATE, {"host": host}))
        return self.archive.write(
            lambda conn: ask(conn, self.config, url, way, self.limits, facsimile=facsimile)
        ).result()


def ask(
    conn: Connection,
    config: Config,
    url: str,
    way: RequestWay,
    limits: Limits | None = None,
    *,
    facsimile: bool = False,
) -> AddressRequest:
    """The request for an address (in canonical form), see `index.archive.requests.ask`."""
    site = site_of(conn, config, url).id
    return requests.ask(conn, url, site, way, datetime.now(UTC), limits, facsimile=facsimile)


def ready(conn: Connection, config: Config) -> list[AddressRequest]:
    """The waiting requests that may be fetched now, oldest first."""
    return free(conn, config, requests.waiting(conn))


def free(conn: Connection, config: Config, asked: list[AddressRequest]) -> list[AddressRequest]:
    """Those of these requests whose sites and hosts nobody crawls now: a host has only one queue."""
    if not asked:
        return []
    held = [site for site in config.sites.values() if leases.holder(conn, site.id) is not None]
    hosts = frozenset[str]().union(*(site.hosts for site in held))
    busy = {site for site in {one.site for one in asked} if leases.holder(conn, site) is not None}
    return [one for one in asked if one.site not in busy and one.host not in hosts]


def sites_of(conn: Connection, config: Config, asked: list[AddressRequest]) -> dict[str, Site]:
    """The sites of these requests by their ids."""
    return {one.site: _as_asked(conn, config, one) for one in asked}


def _as_asked(conn: Connection, config: Config, one: AddressRequest) -> Site:
    site = config.sites.get(one.site) or site_of(conn, config, one.url)
    return site if site.id == one.site else stranger(one.url).model_copy(update={"id": one.site})
