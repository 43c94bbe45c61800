"""robots.txt according to RFC 9309: what a response means, how long it is valid, and which URLs it allows. Pure."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from protego import Protego

ROBOTS_MAX_BYTES = 500 * 1024  # bytes that are parsed, RFC 9309 2.5; a longer file is cut after its last whole line
MAX_AGE = timedelta(days=1)  # RFC 9309 2.4: no copy is used for longer, unless robots.txt is unreachable
UNREACHABLE_FOR = timedelta(days=30)  # RFC 9309 2.3.1.4: a file unreachable for longer may be treated as unavailable
# Treated like a server error: a host that limits our rate has not thereby allowed everything
TOO_MANY_REQUESTS = 429


# Signs without width at the beginning of a line: of each file that was put behind another
_UNSEEN = re.compile("^[\ufeff\u200b-\u200f]+", re.MULTILINE)
# A line that names a crawler by its product token, with more behind it or not (RFC 9309, 2.2.1). Protego takes the
# beginning of our name for our name, and ours with another version for another: closed by a slash, it is a whole name.
_AGENT = re.compile(r"^(\s*user[ -]?agent\s*:?\s*)([a-z_-]+)[^#\r\n]*", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RobotsResponse:
    """How the request for robots.txt ended: a status and a body, or None if the host did not answer."""

    status: int | None
    body: bytes = b""

    @property
    def text(self) -> bytes | None:
        """The rules; empty ("unavailable") for 4xx and for redirects that lead nowhere; None for "unreachable"."""
        if self.status is None or self.status >= 500 or self.status == TOO_MANY_REQUESTS:
            return None
        if not 200 <= self.status < 300:
            return b""
        return self.body if len(self.body) <= ROBOTS_MAX_BYTES else self.body[:ROBOTS_MAX_BYTES].rpartition(b"\n")[0]


@dataclass(frozen=True, slots=True)
class RobotsState:
    """What is known of an origin's robots.txt: the last copy and when it came, and since when it is unreachable."""

    copy: bytes | None = None
    answered: datetime | None = None
    silent: datetime | None = None

    def fresh(self, now: datetime) -> bool:
        """Whether the copy is recent enough to use without another request."""
        return self.answered is not None and timedelta(0) <= now - self.answered < MAX_AGE

    def after(self, answer: RobotsResponse, now: datetime) -> RobotsState:
        """The state after this response, which came at `now`."""
        text = answer.text
        return replace(self, silent=self.silent or now) if text is None else RobotsState(text, now)

    def closed(self, now: datetime) -> bool:
        """Whether the origin is disallowed: the file is unreachable, but not yet for UNREACHABLE_FOR."""
        return self.silent is not None and now - self.silent < UNREACHABLE_FOR

    def rules(self, product: str) -> RobotsRules:
        """The last copy's rules for this product token; no rules if there never was a copy."""
        return RobotsRules(self.copy or b"", product)


class RobotsRules:
    """The rules of one robots.txt for the crawler with this `product` token, such as `Arshif/0.1`."""

    def __init__(self, text: bytes, product: str) -> None:
        self.product = product.partition("/")[0].lower() + "/"
        self._parsed = Protego.parse(_AGENT.sub(r"\1\2/", _decoded(text)))

    def allow(self, url: str) -> bool:
        """Whether the crawler may fetch this URL."""
        allowed: bool = self._parsed.can_fetch(url, self.product)
        return allowed

    @property
    def delay(self) -> float | None:
        """Seconds between two requests, from Crawl-delay, one of RFC 9309's "other records"; None if not given."""
        found = self._parsed.crawl_delay(self.product)
        return None if found is None else max(0.0, float(found))


def _decoded(text: bytes) -> str:
    """The rules as text: in UTF-8, or as their byte order mark says."""
    utf_16 = text.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return _UNSEEN.sub("", text.decode("utf-16" if utf_16 else "utf-8", "ignore"))
