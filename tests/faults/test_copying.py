"""`arshif copy --to` from a file into a database and back, killed at every stage: no row and no raw copy differs.

`make test-long` has it copy 100,000 articles of real sizes."""

from __future__ import annotations

import hashlib
import random
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bench.synthetic_corpus import article
from crawler.fingerprint import identity
from crawler.storage import open_archive, open_raw
from index.archive import articles, copying, frontier, runs, warc_records
from index.archive import tables as t
from index.archive.articles import Fetched
from index.archive.upsert import streamed
from index.model.candidate import Candidate
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.faults.consistency import ARSHIF, Installation
from tests.faults.kill_at import POINTS
from tests.support.long_form import LONG, LONG_MARKS
from tests.support.postgresql import Server, about_a_file

ARTICLES = 100_000 if LONG else 150
CALLS = 40 if LONG else 5  # of the stages of single transactions, of which there are more
IN_TRANSACTION = 500 if LONG else 50
NOW = datetime(2026, 11, 1, tzinfo=UTC)
IN_TRANSACTIONS = ("copy: before a transaction", "copy: within a transaction")
ALWAYS = IN_TRANSACTIONS if LONG else (*IN_TRANSACTIONS, "copy: a table is equal")

pytestmark = [*LONG_MARKS, pytest.mark.timeout(0 if LONG else 3_600), about_a_file]


def pages(copies: WarcStore, numbers: range) -> Iterator[Fetched]:
    """What a crawl fetched: the pages of made-up articles, some of them copies of others, with their raw copies."""
    for number in numbers:
        found = article(number).article
        body = found.body if number % 20 else article(number + 1).article.body
        known = identity(found.headline, body)
        made = replace(found, body=body, content_hash=known.content_hash, signature=known.signature)
        at = NOW - timedelta(minutes=number)
        response = Response(made.url, at, "HTTP/1.1 200 OK", [("Content-Type", "text/html")], body.encode())
        raw = partial(copies.append, response)
        yield Fetched(
            made.site, made.url, made.url, made, at, body_hash=known.content_hash, etag=f'"{number}"', raw=raw
        )


def store(conn: Connection, some: list[Fetched]) -> None:
    """Store these pages as a crawl does."""
    for site in sorted({page.site for page in some}):
        urls = [Candidate(page.url) for page in some if page.site == site]
        frontier.offer(conn, site, "feed", urls, some[0].fetched)
    for page in some:
        articles.store(conn, page)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An archive in a file."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "config").mkdir()
    (folder / "config" / "arshif.yaml").write_text("{}\n")
    house = Installation(folder / "config", {"ARSHIF_DATA": str(folder / "data")})
    config = house.loaded()
    with open_archive(config) as archive:
        run = archive.write(lambda conn: runs.start(conn, [], NOW, owner="")).result()
        with open_raw(config, archive, run) as copies:
            for first in range(0, ARTICLES, IN_TRANSACTION):
                some = list(pages(copies, range(first, min(first + IN_TRANSACTION, ARTICLES))))
                archive.write(partial(store, some=some)).result()
    return house


def digests(house: Installation) -> dict[str, str]:
    """Of all rows of each table, and of all raw copies."""
    found = {}
    config = house.loaded()
    with open_archive(config) as archive, archive.read() as conn, open_raw(config, archive) as raw:
        for table in copying.TABLES:
            digest = hashlib.sha256()
            for row in streamed(conn, select(table).order_by(*table.primary_key)):
                digest.update(repr(tuple(row)).encode())
            found[table.name] = digest.hexdigest()
        digest = hashlib.sha256()
        for row in streamed(conn, select(t.raws).order_by(t.raws.c.id)):
            digest.update(raw.read(warc_records.ref_of(row), row.url)[1])
        found["raw copies"] = digest.hexdigest()
    return found


def copied(house: Installation, direction: str, to: str) -> None:
    """The archive is copied by the last of the calls, all others of which were killed; of many articles, only those in
    which rows are copied, as each later one compares all of them."""
    dice = random.Random(direction)
    for stage in POINTS:
        if stage in ALWAYS or (stage.startswith(f"copy: {direction}") and not LONG):
            call = dice.randint(1, CALLS) if stage in ALWAYS else 1
            ended, told = house.ended("tests.faults.kill_at", stage, str(call), "copy", "--to", to)
            assert ended == -signal.SIGKILL, f"{stage!r} was not reached\n{told}"
    last = house.start(*ARSHIF, "copy", "--to", to)
    told, _ = last.communicate()  # of many articles, it takes as long as it takes
    assert last.returncode == 0, told
    assert ("by a call that was broken off" in told) != LONG


def test_an_archive_goes_there_and_back_although_each_copy_is_killed(
    filled: Installation, postgresql_server: Server
) -> None:
    before, url = digests(filled), postgresql_server.empty()
    copied(filled, "into a database", url)
    in_database = Installation(filled.config, filled.settings | {"ARSHIF_ARCHIVE": url})
    assert digests(in_database) == before
    copied(in_database, "into a file", "file")
    assert digests(filled) == before
    left = {path.name for path in Path(filled.settings["ARSHIF_DATA"]).iterdir()}
    assert not left & {copying.DRAFT, "database.id", "database.id.new"}
    print(f"{ARTICLES:,} articles: {len(before) - 1} tables and all raw copies equal there and back")
