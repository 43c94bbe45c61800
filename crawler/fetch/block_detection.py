"""Detection of hosts that serve only block pages, and of crawler traps, so that a run stops requesting them. Pure."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

BLOCKED_PAGES = 5  # block pages in a row from one host: it rejects crawlers today, and more requests make that worse
TRAP_PAGES = 20  # pages of one shape, all parsed and none an article: a calendar, a maze; the rest are postponed
BLOCK_STATUSES = (403, 429)  # statuses with which a server blocks a client: RFC 9110 15.5.4, RFC 6585 4
_NUMBER = re.compile(r"\d+")


class BlockDetector:
    """Counts a run's articles, other pages and block pages by site, and by host and URL shape.

    Page processing records what each page was; the download middlewares check before each request.
    """

    def __init__(self) -> None:
        self.walls: Counter[tuple[str, str]] = Counter()  # block pages in a row, by site and host
        self._barren: Counter[tuple[str, str]] = Counter()  # pages that are not articles, by site and shape
        self._fruitful: set[tuple[str, str]] = set()

    def record_answer(self, site: str, url: str) -> None:
        """Record that the host of this URL, the one after redirects, answered with anything but a block page."""
        del self.walls[site, _host(url)]

    def record_article(self, site: str, url: str) -> None:
        """Record that this URL, the one before redirects, yielded an article."""
        self._fruitful.add((site, shape(url)))

    def record_non_article(self, site: str, url: str) -> None:
        """Record that this URL, the one before redirects, yielded a page that was parsed and is not an article."""
        self._barren[site, shape(url)] += 1

    def record_block(self, site: str, url: str) -> None:
        """Record that this URL, the one after redirects, yielded a block page: a demand for a human or for consent."""
        self.walls[site, _host(url)] += 1

    def is_blocked(self, site: str, host: str) -> bool:
        """Whether a host serves only block pages to this site's requests, and gets no further ones in this run."""
        return self.walls[site, host] >= BLOCKED_PAGES

    def is_trap(self, site: str, url: str) -> bool:
        """Whether no page of this URL's shape has been an article, which makes it unlikely to be one."""
        key = site, shape(url)
        return self._barren[key] >= TRAP_PAGES and key not in self._fruitful


def shape(url: str) -> str:
    """The pattern that a URL shares with others generated like it: every number becomes 0, and only the names of the
    query's parameters are kept. /calendar/2026/03?session=x -> /calendar/0/0?session."""
    parts = urlsplit(url)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return _NUMBER.sub("0", f"{parts.netloc}{parts.path}") + ("?" + "&".join(names) if names else "")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
