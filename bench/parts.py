"""What it costs to search an Elasticsearch index in 36 parts, one a month, beside one part with the same articles.

    python -m bench.parts --articles 20000

Needs what `make elasticsearch` needs, or a running one in ARSHIF_TEST_ELASTICSEARCH that nobody else uses meanwhile:
what is compared is the CPU time of the whole server. Prints milliseconds of it for each search, and p50 and p95 of the
time that one takes.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from bench.synthetic_corpus import article
from index.engines.base import MAPPING_VERSION, new_target
from index.engines.elastic import ElasticEngine
from index.model.query import Query
from index.search.query_language import parse
from index.text.analysis import words
from tests.support.elasticsearch import server

QUERIES = 300
BATCH = 500
AT_MOST = 0.8  # of the CPU time that it takes to ask all parts, for a search of the last month
PERIODS = {"of the last month": "after:{month}", "of all time": ""}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--articles", type=int, default=20_000)
    asked = arguments.parse_args()
    given = os.environ.get("ARSHIF_TEST_ELASTICSEARCH")
    with nullcontext(given) if given else server.lent() as url:
        whole, parted = (ElasticEngine(url, prefix=f"bench{uuid.uuid4().hex[:8]}") for _ in range(2))
        try:
            return 0 if _compare(whole, parted, asked.articles) else 1
        finally:
            for engine in (whole, parted):
                client = engine.server.client
                for name in client.indices.get(index=f"{engine.prefix}-v*").body:
                    client.indices.delete(index=name)
                client.indices.delete_index_template(name=f"{engine.prefix}-v{MAPPING_VERSION}")
                engine.close()


def _compare(whole: ElasticEngine, parted: ElasticEngine, number: int) -> bool:
    stored = [article(n) for n in range(number)]
    months = sorted({one.sort_date.replace(day=1, hour=0, minute=0, second=0, microsecond=0) for one in stored})
    _fill(whole, number, [])
    _fill(parted, number, months[1:])
    chance = random.Random(6)
    asked = [chance.choice(words(article(chance.randrange(number)).article.body)) for _ in range(QUERIES)]
    good = True
    for period, text in PERIODS.items():
        since = text.format(month=f"{months[-2]:%Y-%m-%d}")
        queries = [parse(f"{word} {since}") for word in asked]
        found = {"one part": _cost(whole, queries), f"{len(months)} parts": _cost(parted, queries)}
        if text:
            found["and all of them asked"] = _cost(parted, queries, all_parts=True)
        costs = [cpu for cpu, _ in found.values()]
        for name, (cpu, taken) in found.items():
            ordered = sorted(taken)
            told = f"{statistics.median(ordered):.1f} / {ordered[int(len(ordered) * 0.95)]:.1f} ms"
            print(f"{period}, {name}: {cpu:.1f} ms of CPU, {cpu / costs[0]:.2f} times; {told}", flush=True)
        good &= not text or costs[1] <= AT_MOST * costs[2]
    return good


def _fill(engine: ElasticEngine, number: int, begins: Sequence[datetime]) -> None:
    target = new_target(engine.prefix)
    engine.create(target)
    for begin in begins:
        engine.add_part(target, begin)
    for first in range(0, number, BATCH):
        some = [article(n) for n in range(first, min(first + BATCH, number))]
        assert engine.bulk(target, [replace(one, stored=one.sort_date) for one in some], [], begins) == {}
    engine.activate(target)
    client = engine.server.client.options(request_timeout=600)
    client.indices.forcemerge(index=f"{target}*", max_num_segments=1)


def _cost(engine: ElasticEngine, queries: Sequence[Query], *, all_parts: bool = False) -> tuple[float, list[float]]:
    """Milliseconds of the server's CPU time for each search, and of the time that each takes; each was asked before."""
    for query in queries:
        engine.search(query)
    if all_parts:  # without what tells the server which parts cannot match
        engine._is_divided = False
    before, taken = _cpu(engine), []
    for query in queries:
        started = time.perf_counter()
        engine.search(query)
        taken.append((time.perf_counter() - started) * 1000)
    return (_cpu(engine) - before) / len(queries), taken


def _cpu(engine: ElasticEngine) -> int:
    (node,) = engine.server.client.nodes.stats(metric="process")["nodes"].values()
    return int(node["process"]["cpu"]["total_in_millis"])


if __name__ == "__main__":
    raise SystemExit(main())
