"""robots.txt as RFC 9309 has it: what an answer means, how long it holds, and what we may ask then. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from protego import Protego

ROBOTS_MAX_BYTES = 500 * 1024  # bytes that are read, RFC 9309 2.5; a longer file is cut after its last whole line
MAX_AGE = timedelta(days=1)  # RFC 9309 2.4: no copy is used for longer, unless there is no newer one to be had
UNREACHABLE_FOR = timedelta(days=30)  # RFC 9309 2.3.1.4: after that, a file that cannot be had may be taken for none
TOO_MANY_REQUESTS = (
    429  # counted among the server's errors: a host that is asked too much has not said that all is allowed
)


@dataclass(frozen=True, slots=True)
class RobotsResponse:
    """How the request for robots.txt ended: with a status and a body, or with no answer of the host at all (None)."""

    status: int | None
    body: bytes = b""

    @property
    def text(self) -> bytes | None:
        """The rules: none at all ("unavailable") for 4xx and for redirects that lead nowhere; None: unreachable."""
        if self.status is None or self.status >= 500 or self.status == TOO_MANY_REQUESTS:
            return None
        if not 200 <= self.status < 300:
            return b""
        return self.body if len(self.body) <= ROBOTS_MAX_BYTES else self.body[:ROBOTS_MAX_BYTES].rpartition(b"\n")[0]


@dataclass(frozen=True, slots=True)
class RobotsState:
    """What is known of an origin's robots.txt: the last copy that came and when, and since when none can be had."""

    copy: bytes | None = None
    answered: datetime | None = None
    silent: datetime | None = None

    def fresh(self, now: datetime) -> bool:
        """Whether the copy still holds, so that the file is not asked for."""
        return self.answered is not None and timedelta(0) <= now - self.answered < MAX_AGE

    def after(self, answer: RobotsResponse, now: datetime) -> RobotsState:
        """What is known once this came."""
        text = answer.text
        return replace(self, silent=self.silent or now) if text is None else RobotsState(text, now)

    def closed(self, now: datetime) -> bool:
        """Whether nothing may be asked: the file cannot be had, and not for so long that it may be taken for none."""
        return self.silent is not None and now - self.silent < UNREACHABLE_FOR

    def rules(self, product: str) -> RobotsRules:
        """The rules of the last copy for this crawler's name; none where there never was a copy."""
        return RobotsRules(self.copy or b"", product)


class RobotsRules:
    """What one robots.txt asks of a crawler; `product` is its name there, such as `Arshif/0.1`."""

    def __init__(self, text: bytes, product: str) -> None:
        self.product = product
        self._parsed = Protego.parse(text.decode("utf-8-sig", "ignore"))

    def allow(self, url: str) -> bool:
        """Whether we may ask for this address."""
        allowed: bool = self._parsed.can_fetch(url, self.product)
        return allowed

    @property
    def delay(self) -> float | None:
        """Seconds between two requests (Crawl-delay, which RFC 9309 knows as one of the other records)."""
        found = self._parsed.crawl_delay(self.product)
        return None if found is None else max(0.0, float(found))
