"""Which records are pages that an import wants, by what costs next to nothing: time, type, status, address, site."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from crawler.config import Config
from crawler.importing.warc_records import HTTP_OK, RecordHead
from crawler.site_config import Site
from crawler.urls.article_filter import may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.reasons import UrlReason
from index.archive.clock import SKEW

MEDIA_TYPES = ("text/html", "application/xhtml+xml", "")  # "" is what some servers declare: the content decides
MAX_HOSTS_KNOWN = 10_000  # whose sites are kept in memory

_PLAIN = re.compile(r"https?://((?!xn--)[a-z0-9-]+(?:\.(?!xn--)[a-z0-9-]+)+)/")  # a host as it is in the canonical form


class Passed(StrEnum):
    """Why a record is passed over; counted in the report."""

    DAMAGED = "damaged"
    REVISIT = "revisit"  # the page was the same as at an earlier time
    UNDATED = "undated"  # or dated in the future
    TIME = "time"  # outside of --since and --until
    STATUS = "status"  # not 200
    MEDIA_TYPE = "media_type"  # not HTML
    TOO_LONG = "too_long"
    ADDRESS = "address"  # never an article's, or none
    FURTHER = "further"  # that of a further page, which is read with the article before it, if there is one
    SITE = "site"  # not among --sites
    LANGUAGE = "language"  # not among --languages, once it was read
    NOT_CRAWLED = "not_crawled"  # in a list of addresses: of no configured site


@dataclass
class PageFilter:
    """The pages of these sites (ids or hosts; all if empty), fetched from `since` and before `until` (aware), of at
    most `max_bytes`."""

    config: Config
    sites: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    max_bytes: int = 0
    _latest: datetime = field(default_factory=lambda: datetime.now(UTC) + SKEW)  # later ones are of a wrong clock
    _by_netloc: dict[str, Sequence[Site]] = field(default_factory=dict)

    def look(self, head: RecordHead) -> Passed | None:
        """None if the record is a page that is wanted, else why it is passed over."""
        if head.damaged:
            return Passed.DAMAGED
        if head.kind == "revisit":
            return Passed.REVISIT
        if head.date is None or head.date > self._latest:
            return Passed.UNDATED
        if (self.since and head.date < self.since) or (self.until and head.date >= self.until):
            return Passed.TIME
        if head.status not in (HTTP_OK, None):
            return Passed.STATUS
        if head.media_type not in MEDIA_TYPES:
            return Passed.MEDIA_TYPE
        if self.max_bytes and head.length > self.max_bytes:
            return Passed.TOO_LONG
        plain = _PLAIN.match(head.url)
        if plain and not self._publishers(plain[1], head.url):
            return Passed.SITE  # most records of a month, if few sites are wanted: told without the canonical form
        address = canonical(head.url)
        if address is None:
            return Passed.ADDRESS
        return self._look_at(address, head.date)

    def look_at_address(self, url: str) -> Passed | None:
        """None if this canonical URL is one to crawl, else why it is not."""
        site = self.site_of(url)
        if site is not None and site.id not in self.config.sites:
            return Passed.NOT_CRAWLED
        return self._look_at(url, datetime.now(UTC))

    def _look_at(self, address: str, at: datetime) -> Passed | None:
        site = self.site_of(address)
        if site is None:
            return Passed.SITE
        rules = site.rules_on(at.date())
        reason = may_be_article(address, rules.allow, rules.deny)
        return Passed.FURTHER if reason == UrlReason.PAGE else Passed.ADDRESS if reason else None

    def site_of(self, url: str) -> Site | None:
        """The configured site of this canonical URL, else one made up for its registered domain; None if it is not
        wanted."""
        parts = urlsplit(url)
        publishers = self._publishers(parts.netloc, url)
        if len(publishers) < 2:
            return publishers[0] if publishers else None
        nearest = max(publishers, key=lambda site: site.nearness(url))
        return nearest if self._is_wanted(nearest, parts.hostname or "") else None

    def _publishers(self, netloc: str, url: str) -> Sequence[Site]:
        """The sites that publish at this host and port, which are those of the URL; none if none of them is wanted."""
        if netloc not in self._by_netloc:
            if len(self._by_netloc) >= MAX_HOSTS_KNOWN:
                self._by_netloc.clear()
            host, found = urlsplit(url).hostname or "", self.config.publishers_at(url)
            self._by_netloc[netloc] = found if any(self._is_wanted(site, host) for site in found) else ()
        return self._by_netloc[netloc]

    def _is_wanted(self, site: Site, host: str) -> bool:
        return not self.sites or not {site.id, host, host.removeprefix("www."), *site.hosts}.isdisjoint(self.sites)
