"""The adaptive schedule against fixed ones: 180 simulated days of 93 sources. `make bench-schedule`.

    python -m bench.schedule [--days 180] [--seeds 1 2 3]

Sources publish 0.5 to 200 articles a day (log-uniform), 80 % of them within 14 local hours; a tenth of them changes its
habit on some day: as many articles as another source, at other hours. An article is found by the first poll after it.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from crawler.scheduling.poll_interval import Bounds, PollRecord, next_poll
from crawler.scheduling.publication_rate import PublicationRate, learn

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
SOURCES = 93
SLOWEST, FASTEST = 0.5, 200.0  # articles a day
BUSY_HOURS, BUSY_SHARE = 14, 0.8
SOON = 30.0  # minutes


@dataclass(frozen=True)
class Outlet:
    """A source: its zone (hours east of UTC) and when it publishes, in minutes since the begin."""

    zone: tzinfo
    published: tuple[float, ...]


@dataclass
class Result:
    """Of all sources together: requests, articles, and those found within half an hour."""

    requests: int = 0
    articles: int = 0
    soon: int = 0

    @property
    def share(self) -> float:
        return self.soon / max(1, self.articles)


def outlets(days: int, seed: int, count: int = SOURCES) -> list[Outlet]:
    """The sources of one simulated world."""
    chance = random.Random(seed)
    return [_outlet(days, chance, changes=n % 10 == 0) for n in range(count)]


def _outlet(days: int, chance: random.Random, changes: bool) -> Outlet:
    from datetime import timezone

    zone = timezone(timedelta(hours=chance.randrange(-8, 10)))
    change = chance.randrange(days // 4, 3 * days // 4) if changes else days
    moments: list[float] = []
    for first, last in ((0, change), (change, days)):
        rate = math.exp(chance.uniform(math.log(SLOWEST), math.log(FASTEST)))
        opens = chance.randrange(24)
        for day in range(first, last):
            for _ in range(_poisson(rate, chance)):
                busy = chance.random() < BUSY_SHARE
                hour = opens + chance.uniform(*((0, BUSY_HOURS) if busy else (BUSY_HOURS, 24)))
                local = day * 1440 + (hour % 24) * 60
                moments.append(local - zone.utcoffset(None).total_seconds() / 60)  # type: ignore[union-attr]
    return Outlet(zone, tuple(sorted(m for m in moments if 0 <= m < days * 1440)))


def _poisson(mean: float, chance: random.Random) -> int:
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count += 1
        left += chance.expovariate(1.0)
    return count


def adaptive(outlet: Outlet, days: int, bounds: Bounds, name: str) -> list[float]:
    """The minutes at which the schedule asks this source."""
    habit, last = PublicationRate(), BEGIN.astimezone(outlet.zone)
    polls, seen, end = [0.0], 0, days * 1440.0
    seen = bisect_right(outlet.published, 0.0)
    while True:
        at = next_poll(PollRecord(name, last, habit), bounds).at
        minute = (at - BEGIN).total_seconds() / 60
        if minute >= end:
            return polls
        until = bisect_right(outlet.published, minute)
        at = at.astimezone(outlet.zone)
        found = [(BEGIN + timedelta(minutes=m)).astimezone(outlet.zone) for m in outlet.published[seen:until]]
        habit = learn(habit, last, at, found)
        last, seen = at, until
        polls.append(minute)


def fixed(days: int, every: float, offset: float) -> list[float]:
    """The minutes of a poll every so many of them."""
    return [offset + n * every for n in range(int((days * 1440 - offset) / every))]


def judge(outlet: Outlet, polls: Sequence[float], into: Result) -> None:
    """Counts what these polls found, and when. What no poll came to before the end counts as late."""
    into.requests += len(polls)
    into.articles += len(outlet.published)
    n = 0
    for moment in outlet.published:
        while n < len(polls) and polls[n] < moment:
            n += 1
        into.soon += n < len(polls) and polls[n] - moment <= SOON


def simulate(days: int, seed: int, bounds: Bounds = Bounds(), count: int = SOURCES) -> dict[str, Result]:  # noqa: B008
    """What each schedule finds in one world, by its name."""
    results = {name: Result() for name in ("every 15 min", "every 30 min", "adaptive")}
    chance = random.Random(-seed)
    for number, outlet in enumerate(outlets(days, seed, count)):
        for every in (15.0, 30.0):
            judge(outlet, fixed(days, every, chance.uniform(0, every)), results[f"every {every:g} min"])
        judge(outlet, adaptive(outlet, days, bounds, f"source-{number}"), results["adaptive"])
    return results


def passed(results: dict[str, Result]) -> bool:
    """Whether 95 % are found within half an hour, with a third of the requests of a poll every 15 minutes."""
    ours, often = results["adaptive"], results["every 15 min"]
    return ours.share >= 0.95 and ours.requests * 3 <= often.requests


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--days", type=int, default=180)
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    given = arguments.parse_args()
    good = True
    for seed in given.seeds:
        began = time.perf_counter()
        results = simulate(given.days, seed)
        print(f"seed {seed}: {SOURCES} sources, {given.days} days, {time.perf_counter() - began:.0f} s")
        for name, r in results.items():
            ratio = r.requests / results["every 15 min"].requests
            print(
                f"  {name:<13} {r.share:7.2%} of {r.articles} articles within {SOON:g} min, "
                f"{r.requests} requests, {r.requests / SOURCES / given.days:.1f} a day each, {ratio:.3f} of 15 min"
            )
        good &= passed(results)
    print("pass" if good else "FAIL", "(at least 95 %, at most 0.333)")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
