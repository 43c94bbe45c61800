"""An archive of made-up articles with its indexes, filled once and then kept."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, insert

from bench.synthetic_corpus import article
from index.archive import Archive, article_counts, tables
from index.archive.documents import columns_of, count, documents, ids
from index.engines import Engine, open_engine
from index.engines.base import new_target

BATCH = 500
PREFIX = "arshif-bench"
EMBEDDED, ELASTIC = "embedded", "elasticsearch"


def fill(home: Path, number: int, url: str = "") -> None:
    """Archive and embedded index with so many articles, in Elasticsearch too where a URL is given; those that are there
    already are left out."""
    home.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with Archive(home / "archive.sqlite3") as archive:
        with archive.read() as conn:
            there = count(conn)
        for first in range(there, number, BATCH):
            some = range(first, min(first + BATCH, number))
            archive.write(lambda conn, some=some: _insert(conn, some)).result()  # type: ignore[misc]
    print(f"archive: {number} articles, {time.perf_counter() - started:.0f} s", flush=True)
    kinds = [EMBEDDED, ELASTIC] if url else [EMBEDDED]
    works = [multiprocessing.get_context("spawn").Process(target=_index, args=(home, number, url, k)) for k in kinds]
    for work in works:
        work.start()
    for work in works:
        work.join()
        assert work.exitcode == 0


def _insert(conn: Connection, numbers: Sequence[int]) -> None:
    rows, versions = [], []
    for document in map(article, numbers):
        one = document.article
        dates = {"published": one.published, "first_seen": document.first_seen, "sort_date": document.sort_date}
        own = {"id": one.id, "site": one.site, "url": one.url, "content_hash": one.content_hash, "mergeable": True}
        rows.append({**own, **dates, "number": 1, "revision": 1, "lead": True})
        how = {"article": one.id, "number": 1, "seen": document.first_seen, "url": one.url}
        versions.append(how | columns_of(one))
    conn.execute(insert(tables.articles), rows)
    conn.execute(insert(tables.versions), versions)
    for site, many in Counter(row["site"] for row in rows).items():
        article_counts.add(conn, site, many)


def _index(home: Path, number: int, url: str, kind: str) -> None:
    engine = opened(home, url, kind)
    if (current := engine.current()) is None or engine.count() != number:
        started = time.perf_counter()
        if current is not None:
            target = current
        else:
            target = new_target(PREFIX)
            engine.create(target)
        with Archive(home / "archive.sqlite3") as archive, archive.read() as conn:
            left = (article for article, _ in islice(ids(conn), engine.count(target), number))
            while some := list(islice(left, BATCH)):
                assert engine.bulk(target, documents(conn, some), []) == {}
        engine.activate(target)
        print(f"{kind}: {number} articles, {time.perf_counter() - started:.0f} s", flush=True)
    engine.close()


def opened(home: Path, url: str, kind: str) -> Engine:
    """The index of a kind in this folder."""
    return open_engine(kind, directory=home / "index", url=url, prefix=PREFIX)
