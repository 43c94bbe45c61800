"""A second crawl of a site where nothing changed, against Scrapy, which fetches it all again: `make bench-recrawl`.

    python -m bench.recrawl [--pages 5000]

One site of 5,000 pages: crawled once; again when its sitemap's dates say that nothing moved; again when every
page is due to be looked at, by its validators; then a hundredth of the pages is edited, and all of those must be found,
and nothing else stored.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from bench import page_server
from bench.crawl import addresses, child, configured
from crawler.config import load
from crawler.storage import open_archive
from index.archive import runs
from index.archive import tables as t

TIME, BYTES, VALIDATED = 30, 50, 20  # of Scrapy's, at most a 30th, a 50th, a 20th


def crawl(config: Path) -> dict[str, Any]:
    """A crawl of all, with its counts."""
    result = child("bench.arshif_crawl", ARSHIF_CONFIG=str(config))
    with open_archive(load(config)) as archive, archive.read() as conn:
        (run,) = runs.recent(conn, 1)
        return {**result, **run.sites[0].counts, "bytes": result["bytes"]}


def versions(config: Path, since: datetime) -> set[str]:
    """The addresses of which a version was stored since then."""
    with open_archive(load(config)) as archive, archive.read() as conn:
        query = select(t.articles.c.url).join(t.versions, t.versions.c.article == t.articles.c.id)
        return set(conn.execute(query.where(t.versions.c.seen >= since)).scalars())


def make_due(config: Path) -> None:
    """Lets the time come when every page is looked at again."""
    with open_archive(load(config)) as archive:
        again = update(t.frontier).where(t.frontier.c.state == "stored").values(due=datetime.now(UTC))
        archive.write(lambda conn: conn.execute(again)).result()


def compare(config: Path, address: str, urls: Path) -> Iterator[tuple[bool, str]]:
    """Each figure, and whether it is good enough."""
    first = crawl(config)
    print(f"first crawl: {first['stored']} stored, {first['seconds']:.1f} s, {first['bytes']:,} bytes")
    plain = child("bench.scrapy_baseline", str(urls), "no")
    print(f"Scrapy, all again: {plain['pages']} pages, {plain['seconds']:.1f} s, {plain['bytes']:,} bytes")

    dated = crawl(config)
    told = f"by lastmod: {dated['requests']} pages asked, {dated['seconds']:.2f} s, {dated['bytes']:,} bytes"
    yield dated["discovered"] == 0, told
    yield dated["seconds"] * TIME <= plain["seconds"], f"  1/{plain['seconds'] / dated['seconds']:.0f} of the time"
    yield dated["bytes"] * BYTES <= plain["bytes"], f"  1/{plain['bytes'] / dated['bytes']:.0f} of the bytes"

    make_due(config)
    asked = crawl(config)
    told = f"by validators: {asked['unchanged']} unchanged, {asked['seconds']:.1f} s, {asked['bytes']:,} bytes"
    yield asked["unchanged"] == asked["discovered"] > 0, told
    yield asked["bytes"] * VALIDATED <= plain["bytes"], f"  1/{plain['bytes'] / asked['bytes']:.0f} of the bytes"

    began = datetime.now(UTC)
    edited = set(page_server.told(address, f"/~edit/{plain['pages'] // 100}")["edited"])
    found = crawl(config)
    stored = versions(config, began)
    told = f"edited: {len(edited)}, found {found['discovered']} in {found['seconds']:.1f} s, stored {len(stored)}"
    yield stored == edited and found["stored"] == len(edited), told


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--pages", type=int, default=5_000)
    given = arguments.parse_args()
    good = True
    with page_server.running(given.pages) as address, tempfile.TemporaryDirectory() as folder:
        config = configured(Path(folder), address, 1, given.pages)
        urls = addresses(address, given.pages, 1, Path(folder) / "urls.txt")
        for well, told in compare(config, address, urls):
            good &= well
            print(f"{told}: {'pass' if well else 'FAIL'}", flush=True)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
