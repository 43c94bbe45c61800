"""What a run learns of how sites treat it, and where it stops asking: walls, and traps. Pure."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

BLOCKED_PAGES = 5  # in a row from one host: it wants no machine today, and each further request makes that worse
TRAP_PAGES = 20  # pages of one shape that were all read and no article: a calendar, a maze; the others wait
BLOCK_STATUSES = (403, 429)  # statuses by which walls are told to programs: RFC 9110 15.5.4, RFC 6585 4
_NUMBER = re.compile(r"\d+")


class BlockDetector:
    """How the hosts of a run treat it. Who reads pages tells it what they were; who asks for them looks here before."""

    def __init__(self) -> None:
        self.walls: Counter[str] = Counter()  # in a row, by host
        self._barren: Counter[tuple[str, str]] = Counter()  # pages that were none, by site and shape
        self._fruitful: set[tuple[str, str]] = set()

    def record_article(self, site: str, url: str) -> None:
        """This address gave an article."""
        del self.walls[_host(url)]
        self._fruitful.add((site, shape(url)))

    def record_non_article(self, site: str, url: str) -> None:
        """This address gave a page that was read, and is no article."""
        del self.walls[_host(url)]
        self._barren[site, shape(url)] += 1

    def record_block(self, url: str) -> None:
        """Behind this address there was a wall: something that asks for a person, or for consent."""
        self.walls[_host(url)] += 1

    def is_blocked(self, url: str) -> bool:
        """Whether its host shows walls only, so that it is not asked any more in this run."""
        return self.walls[_host(url)] >= BLOCKED_PAGES

    def is_trap(self, site: str, url: str) -> bool:
        """Whether all pages of its shape have been no article, so that it would hardly be one."""
        key = site, shape(url)
        return self._barren[key] >= TRAP_PAGES and key not in self._fruitful


def shape(url: str) -> str:
    """What an address has in common with those that a machine made like it: numbers are all the same, and of the query
    the names count alone. /calendar/2026/03?session=x -> /calendar/0/0?session."""
    parts = urlsplit(url)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return _NUMBER.sub("0", f"{parts.netloc}{parts.path}") + ("?" + "&".join(names) if names else "")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
