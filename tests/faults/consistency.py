"""What an archive and its index hold, in a form that two of them can be compared in, and whether they are sound."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select
from warcio.archiveiterator import ArchiveIterator

from crawler.archive_place import database
from crawler.config import load
from crawler.session.site_progress import ENDS
from crawler.storage import open_archive, open_index, open_raw, raw_place
from index.archive import Archive, articles, documents, frontier, leases, warc_records
from index.archive import runs as records
from index.archive import tables as t
from index.engines.base import MAPPING_VERSION
from index.warc.record import WarcRef
from tests.support import commands
from tests.support.patience import PATIENCE

ARSHIF = [sys.executable, "-m", "crawler.cli"]


@dataclass(frozen=True)
class Installation:
    """A place of its own for one archive: the configuration's folder, and settings that override it by environment."""

    config: Path
    settings: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """For the processes that work here."""
        return {**os.environ, "ARSHIF_CONFIG": str(self.config), **self.settings}

    def start(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        """A process that works here, its output in a pipe."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True} | options
        return subprocess.Popen(command, env=self.environment, **options)

    def arshif(self, *arguments: str) -> str:
        """What a command says that ends well."""
        ended, told = self.ended("crawler.cli", *arguments)
        assert ended == 0, told
        return told

    def ended(self, module: str, *arguments: str) -> tuple[int, str]:
        """The exit code of `python -m MODULE ARGUMENT...` here, or minus the signal that ended it, and what it said."""
        return commands.said(module, arguments, self.environment, PATIENCE)

    def loaded(self) -> Any:
        return load(self.config, self.environment)


def read_worse(house: Installation, addition: str) -> None:
    """Have each article be one that an earlier extractor read with a paragraph too many."""
    with open_archive(house.loaded()) as archive:
        with archive.read() as conn:
            every = documents.documents(conn, [id_ for id_, _ in documents.ids(conn)])
        worse = [replace(one.article, body=f"{one.article.body}\n\n{addition}", extractor="0") for one in every]
        now = datetime.now(UTC)
        archive.write(lambda conn: [articles.correct(conn, one, now) for one in worse]).result()


def articles_of(house: Installation) -> dict[str, Any]:
    """Each article by its id: what it says, its versions, its other addresses, its story."""
    with open_archive(house.loaded()) as archive, archive.read() as conn:
        found = {}
        for id_, _ in documents.ids(conn):
            versions = documents.versions(conn, id_)
            found[id_] = {
                "address": versions[-1].article.url,
                "texts": [version.article.content_hash for version in versions],
                "aliases": sorted((alias.url, alias.reason) for alias in documents.aliases(conn, id_)),
                "story": conn.execute(select(t.articles.c.story).where(t.articles.c.id == id_)).scalar_one(),
            }
    return found


def count_versions(house: Installation) -> int:
    """How many versions the archive has so far, whoever writes to it; 0 where there is none."""
    place = database(house.loaded().settings)
    if not place.exists():
        return 0
    with Archive(place) as archive, archive.read() as conn:
        return conn.execute(select(func.count()).select_from(t.versions)).scalar_one()


def indexed(house: Installation) -> dict[str, int]:
    """Each document of the index that is searched, with its version."""
    with open_index(house.loaded()) as engine:
        target = engine.current()
        assert target is not None, "there is no index"
        assert engine.targets() == [target], "an index that nobody searches was left"
        found = list(engine.ids(target))
    assert len(dict(found)) == len(found), "a document is in the index twice"
    return dict(found)


def check_sound(house: Installation) -> None:
    """Holds at any moment, however often a crawl was killed before."""
    config = house.loaded()
    if not config.settings.archive:  # PostgreSQL holds references itself
        with closing(sqlite3.connect(config.settings.data / "archive.sqlite3")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with open_archive(config) as archive, archive.read() as conn, open_raw(config, archive) as raw:
        led = set(conn.execute(select(t.redirects.c.raw)).scalars())
        for row in conn.execute(select(t.raws)):
            headers, body = raw.read(warc_records.ref_of(row), row.url)
            assert headers
            assert body or row.id in led, f"{row.url} is empty"
        for row in conn.execute(select(t.versions.c.article, t.versions.c.raw)):
            assert row.raw is not None, f"{row.article} has no raw copy"


def check_settled(house: Installation) -> None:
    """Holds when a crawl came to its end: nothing is left to do, held or torn, and the accounts add up."""
    check_sound(house)
    config = house.loaded()
    place = raw_place(config)
    for name, facts in place.listed().items():
        kinds = [record.rec_type for record in ArchiveIterator(BytesIO(place.read(WarcRef(name, 0, facts.bytes))))]
        assert set(kinds) <= {"warcinfo", "response"}, f"{name}: {kinds}"
    with open_archive(config) as archive, archive.read() as conn:
        for site in config.enabled:
            _check_accounts(conn, site.id)
            assert leases.holder(conn, site.id) is None
        for run in records.recent(conn, 1_000):
            assert run.status != "running", f"run {run.id} seems to go on"
        assert conn.execute(select(t.outbox)).all() == []
        assert conn.execute(select(t.quarantine)).all() == []
        revisions = dict(documents.ids(conn))
    assert indexed(house) == revisions


def _check_accounts(conn: Connection, site: str) -> None:
    states = frontier.counts(conn, site)
    offered = conn.execute(select(t.frontier.c.id).where(t.frontier.c.site == site)).all()
    assert sum(states.values()) == len(offered)
    assert states["pending"] == states["failed"] == 0, states
    last = records.last_by_site(conn, [site])[site]
    assert last.status == "ok", last
    for run in records.recent(conn, 1_000):
        for part in run.sites:
            assert part.counts["discovered"] == sum(part.counts[name] for name in ENDS), part


def clear(house: Installation) -> None:
    """Takes off a server what this house has put there."""
    if house.loaded().settings.index.engine != "elasticsearch":
        return
    with open_index(house.loaded()) as engine:
        client = engine.server.client  # type: ignore[attr-defined]
        for name in client.indices.get(index=f"{engine.prefix}-v*").body:
            client.indices.delete(index=name)
        template = f"{engine.prefix}-v{MAPPING_VERSION}"
        if client.indices.exists_index_template(name=template):
            client.indices.delete_index_template(name=template)
