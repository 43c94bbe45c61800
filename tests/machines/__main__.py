"""python -m tests.machines [--minutes 30] [--seed 0]: four machines crawl into one archive, and all of them break.

Each has its own address, processes, data folder and clock; they share PostgreSQL, an S3 server and two nodes of
Elasticsearch. Machines are killed, frozen for longer than a lease, cut off and put at another time; the database and
the S3 server go away. In the end, the archive must have each article of the newsroom once, and no host been asked by
two machines within its delay; the exit code is 0 where that is so, and 2 where there can be no such machines.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, count
from pathlib import Path

from crawler.urls.canonical import canonical
from index.archive import documents
from index.archive import runs as records
from tests.faults.clock import can_jump
from tests.integration.harness import Harness
from tests.machines import faults, network, politeness
from tests.machines.crawler import Crawler
from tests.soak import final_checks
from tests.support import object_store, postgresql
from tests.support.elasticsearch import server
from tests.support.elasticsearch.two_nodes import pair
from tests.support.news_sites import Newsroom
from tests.support.news_sites.autopublish import at_work
from tests.support.patience import PATIENCE
from tests.support.shared_host import list_all, share

MACHINES = 4
SITES = ("jannah", "arabic2", "old", "fr", "fa", "english")
SHARED, PARTS = "english", ("left", "right")  # a site whose host is asked by two crawls at once
PUBLISH = 3.0  # seconds between two changes at the newsroom
EVERY = 0.1  # minutes between two crawls of a site
DELAY = 0.5  # seconds between two requests to a host
TIMEOUT = 10  # seconds that a page may take
OFF = 25.0  # seconds by which a clock is wrong all the time: less than a machine may not be
LOOK = 0.2  # seconds between two looks at the machines
REMIND = 60.0  # seconds after which all is due once more, as sites that failed are left alone for an hour


def main() -> int:
    options = argparse.ArgumentParser(prog="machines", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=float, default=30.0)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    reason = network.why_not() or ("" if can_jump() else "clocks of their own take a C compiler: apt install gcc")
    if reason:
        print(f"four machines cannot be had here: {reason}", file=sys.stderr)
        return 2
    object_store.built_server()  # what these download must be here before there is no way out
    with server.own_folder("tried-", print):
        pass
    network.go_apart()
    with ExitStack() as stack:
        return _run(stack, chosen.minutes, random.Random(chosen.seed))


def _run(stack: ExitStack, minutes: float, dice: random.Random) -> int:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="arshif-machines-")))
    hosts = network.network(MACHINES)
    # What it has confirmed outlives a crash of the server, and of nothing else
    database = stack.enter_context(postgresql.serving(network.ADDRESS, synchronous_commit="on", max_connections="200"))
    store = stack.enter_context(object_store.serving(network.ADDRESS))
    nodes = stack.enter_context(pair(address=network.ADDRESS)).urls
    room = stack.enter_context(Newsroom(via="proxy", only=SITES, address=network.ADDRESS))
    os.environ.update(object_store.KEYS)
    settings = {
        "raw": {"url": store.bucket()},
        "index": {"engine": "elasticsearch", "url": nodes[0]},
        "machine": {"runs": 1},
        "politeness": {"delay": DELAY, "timeout": TIMEOUT},
        "schedule": {"every": EVERY, "first_visit_days": 36_500},
    }
    house = Harness(room, folder, database, settings=settings)
    share(room, SHARED, PARTS, house.config, enabled=True)
    house.open().close()
    crawlers = [
        Crawler(house, host, nodes[number % 2], folder / host.name) for number, host in enumerate(hosts)
    ]  # fmt: skip
    for crawler in crawlers:
        stack.callback(crawler.kill)
        crawler.clock.jump(dice.uniform(-OFF, OFF))
    scene = faults.Scene(house, dice, crawlers, database, store)
    with at_work(room, PUBLISH, lambda: list_all(room, SHARED, PARTS)) as changes:
        happened = _suffer(scene, minutes * 60)
    print(f"{minutes * 60:6.1f} s: all is mended", flush=True)
    left = _come_to_rest(house, crawlers)
    return _conclude(house, crawlers, happened, changes(), left)


def _suffer(scene: faults.Scene, seconds: float) -> Counter[str]:
    """Faults at random for so long; gives how many of each there were."""
    happened: Counter[str] = Counter()
    begin = time.monotonic()
    to_come = list(faults.plan(scene.dice, seconds))[::-1]
    under_way: list[tuple[float, int, faults.End]] = []
    numbers = count()
    try:
        while (passed := time.monotonic() - begin) < seconds:
            if under_way and under_way[0][0] <= passed:
                heapq.heappop(under_way)[2]()
            elif to_come and to_come[-1].at <= passed:
                planned = to_come.pop()
                name = planned.fault.__name__.replace("_", " ")
                if (end := planned.fault(scene)) is not None:
                    print(f"{passed:6.1f} s: {name} for {planned.lasts:.0f} s", flush=True)
                    happened[name] += 1
                    heapq.heappush(under_way, (passed + planned.lasts, next(numbers), end))
            _tend(scene.crawlers)
            time.sleep(LOOK)
    finally:
        for _, _, end in under_way:
            end()
    return happened


def _tend(crawlers: Sequence[Crawler]) -> None:
    for crawler in crawlers:
        if crawler.harmed != "killed":
            crawler.tend()


def _come_to_rest(house: Harness, crawlers: Sequence[Crawler]) -> int:
    """How many articles the machines do not have, when they have all or the time is over."""
    end, remind = time.monotonic() + PATIENCE, 0.0
    while (left := len(_lacking(house))) and (now := time.monotonic()) < end:
        if now > remind:
            house.make_due(*house.room.sites, *PARTS)
            remind = now + REMIND
        _tend(crawlers)
        time.sleep(1)
    return left


def _lacking(house: Harness) -> list[str]:
    """The addresses of the newsroom's articles that are not in the archive."""
    urls = [article.url for article in chain.from_iterable(map(house.room.articles, house.room.sites))]
    with house.archive() as conn:
        return [url for url in urls if documents.by_url(conn, canonical(url) or "") is None]


def _conclude(house: Harness, crawlers: Sequence[Crawler], happened: Counter[str], changes: int, lacked: int) -> int:
    """Ends the machines, holds all against what it must be, and prints how it went."""
    wrongs = [f"lost: {lacked} articles, which the machines did not get by themselves"] if lacked else []
    codes = {crawler.name: crawler.end() for crawler in crawlers}
    wrongs += [f"{name} ended with exit code {code}" for name, code in codes.items() if code]
    asked = len(house.room.log)
    if left := final_checks.settle(house):
        wrongs.append(f"pages are left: {left}")
    wrongs += final_checks.wrongs(house)
    seen = list(politeness.changes(house.room.requests()))
    hasty = [change for change in seen if change.gap < DELAY]
    wrongs += [f"within its delay: {change}" for change in hasty]
    wrongs += list(_tracebacks(crawlers))
    with house.archive() as conn:
        ends = Counter(run.status for run in records.recent(conn, 1_000_000))
        rows = house.rows()
    told = ", ".join(f"{number} {name}" for name, number in happened.most_common())
    print(f"{changes} changes at the newsroom; faults: {told}")
    print("runs: " + ", ".join(f"{number} {status}" for status, number in ends.most_common()))
    for one in crawlers:
        requests = sum(request.client == one.host.address for request in house.room.log)
        print(f"{one.name}: started {one.starts} times, ended by itself with {dict(one.codes)}; {requests} requests")
    print(f"stored: {len(rows['articles'])} articles, {len(rows['versions'])} versions, {len(rows['raws'])} raw copies")
    print(", ".join(f"{sum(wrong.startswith(kind) for wrong in wrongs)} {kind}" for kind in final_checks.KINDS))
    least = min((change.gap for change in seen), default=0.0)
    print(f"{asked} requests; {len(seen)} times another machine asked a host, {least:.3f} s after at least ({DELAY} s)")
    return _verdict(wrongs, crawlers)


def _tracebacks(crawlers: Sequence[Crawler]) -> Iterator[str]:
    for crawler in crawlers:
        if times := crawler.log.read_text("utf-8", "replace").count(final_checks.TRACEBACK):
            yield f"{times} tracebacks in the log of {crawler.name}"


def _verdict(wrongs: Sequence[str], crawlers: Sequence[Crawler]) -> int:
    for wrong in wrongs:
        print(f"WRONG: {wrong}")
    if wrongs:
        kept = Path(tempfile.mkdtemp(prefix="arshif-machines-logs-"))
        for crawler in crawlers:
            crawler.log.rename(kept / f"{crawler.name}.log")
        print(f"logs: {kept}")
    print("all is well" if not wrongs else f"{len(wrongs)} wrong")
    return int(bool(wrongs))


if __name__ == "__main__":
    sys.exit(main())
