"""What must be true when a soak is over, however it went."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import chain

import psutil
from sqlalchemy import Connection, select

from crawler.config import load
from crawler.errors import ArshifError
from crawler.session.site_progress import ENDS
from crawler.storage import open_archive, open_raw
from crawler.urls.canonical import canonical
from index.archive import documents, leases, warc_records
from index.archive import runs as records
from index.archive import tables as t
from tests.integration.harness import ROOT, Harness
from tests.support.patience import PATIENCE

TRACEBACK = "Traceback (most recent call last):"
KINDS = ("lost", "twice", "unreadable")  # what those of `wrongs` begin with that are about single articles
TRIES = 30  # crawls by hand, of 100 pages a site, until all that there is has been fetched


def settle(house: Harness) -> str:
    """Looks at every page once more, and crawls until nothing waits, however long it was to be left alone; gives what
    still does."""
    left = ""
    house.make_due(*house.room.sites)
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, "-m", "crawler.cli", "crawl", "--json"],
            cwd=ROOT, env=house.env, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        parts = json.loads(done.stdout)["sites"] if done.stdout else []
        left = "; ".join(
            f"{part['site']}: {part['status']} {part['detail']} {part['counts']['pending']} left"
            for part in parts
            if part["status"] != "ok" or part["counts"]["pending"]
        )
        if parts and not left:
            return ""
        left = left or done.stderr[-500:]
        house.make_due(*house.room.sites, states=("pending", "failed"))
        time.sleep(2)
    return left


def shipped(house: Harness) -> None:
    """Waits until the outbox is empty."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with house.archive() as conn:
            if not conn.execute(select(t.outbox).limit(1)).all():
                return
        time.sleep(1)


def wrongs(house: Harness) -> Iterator[str]:
    """What is not as it must be, in words; nothing where all is well. Nobody writes meanwhile."""
    config = load(house.config, {})
    if not config.settings.archive:  # PostgreSQL holds references itself
        with closing(sqlite3.connect(house.data / "archive.sqlite3")) as connection:
            for pragma in ("integrity_check", "foreign_key_check"):
                if (found := connection.execute(f"PRAGMA {pragma}").fetchall()) not in ([("ok",)], []):
                    yield f"{pragma}: {found}"
    with open_archive(config) as archive, archive.read() as conn, open_raw(config, archive) as raw:
        yield from _accounts(conn)
        yield from _articles(conn, house)
        yield from _versions(conn)
        led = set(conn.execute(select(t.redirects.c.raw)).scalars())
        for row in conn.execute(select(t.raws)):
            try:
                headers, body = raw.read(warc_records.ref_of(row), row.url)
            except ArshifError as error:
                yield f"unreadable: the raw copy of {row.url}: {error}"
                continue
            if not headers or not (body or row.id in led):
                yield f"unreadable: the raw copy of {row.url} is empty"
    verified = subprocess.run(
        [sys.executable, "-m", "crawler.cli", "index", "verify", "--json"],
        cwd=ROOT, env=house.env, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    if verified.returncode or json.loads(verified.stdout)["waiting"]:
        yield f"the index differs from the archive: {verified.stdout[-1500:]}{verified.stderr[-500:]}"


def _accounts(conn: Connection) -> Iterator[str]:
    """Each run has ended, and all that each discovered came to something."""
    for run in records.recent(conn, 1_000_000):
        if run.status == "running":
            yield f"run {run.id} seems to go on"
        for part in run.sites:
            if part.counts["discovered"] != sum(part.counts[name] for name in ENDS):
                yield f"run {run.id}: the account of {part.site} does not add up: {dict(part.counts)}"


def _articles(conn: Connection, house: Harness) -> Iterator[str]:
    """The archive has each article of the newsroom once, as it reads now, and no others."""
    for site in load(house.config, {}).sites:
        if leases.holder(conn, site) is not None:
            yield f"{site}: its lease is held"
    known: set[str | None] = set()
    for article in chain.from_iterable(map(house.room.articles, house.room.sites)):
        url = canonical(article.url) or ""
        found = documents.by_url(conn, url)
        document = documents.document(conn, found) if found else None
        if document is None:
            yield f"lost: {url} is not stored"
        elif document.article.headline != article.headline:
            yield f"{url} has another headline: {document.article.headline} for {article.headline}"
        known.add(found)
    for row in conn.execute(select(t.articles.c.id, t.articles.c.url)):
        if row.id not in known:
            told = [f"{alias.url} ({alias.reason})" for alias in documents.aliases(conn, row.id)]
            yield f"twice: {row.url} is stored, and is no article of the newsroom's; its other addresses: {told}"


def _versions(conn: Connection) -> Iterator[str]:
    """No version is there that says what the one before it did."""
    before = None
    for row in conn.execute(select(t.versions).order_by(t.versions.c.article, t.versions.c.number)):
        if before is not None and (before.article, before.content_hash) == (row.article, row.content_hash):
            yield f"twice: version {row.number} of {row.article} is as the one before"
        before = row


def left_over(house: Harness) -> list[str]:
    """The commands of processes that still work in this house."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("ARSHIF_CONFIG") == house.env["ARSHIF_CONFIG"]:
                found.append(f"{process.pid}: {' '.join(process.cmdline())}")
    return found
