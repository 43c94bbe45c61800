"""Whether machines kept a host's delay among them, by what its server saw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.support.news_sites import Request


@dataclass(frozen=True, slots=True)
class Change:
    """Two requests to a host, one after the other, from two machines, `gap` seconds apart."""

    host: str
    gap: float
    earlier: Request
    later: Request

    def __str__(self) -> str:
        a, b = self.earlier, self.later
        return f"{self.host}: {a.client} asked for {a.path}, and {b.client} {self.gap:.3f} s later for {b.path}"


def changes(requests: Iterable[Request]) -> Iterator[Change]:
    """Each time that another machine asks a host than the one before."""
    by_host: dict[str, list[Request]] = defaultdict(list)
    for request in sorted(requests, key=lambda one: one.time):
        by_host[request.host.partition(":")[0]].append(request)
    for host, asked in by_host.items():
        for earlier, later in pairwise(asked):
            if earlier.client != later.client:
                yield Change(host, later.time - earlier.time, earlier, later)
