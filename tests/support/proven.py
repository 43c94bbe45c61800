"""An archive with records and manifests, for the tests of both."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, update

from crawler.config import Config, load
from crawler.maintenance import manifests as writer
from crawler.maintenance.manifests import Written
from crawler.maintenance.proofs import prove
from crawler.settings_model import ManifestSettings
from index.archive import Archive, articles, dialect, manifests
from index.archive import tables as t
from index.archive.database import Database
from index.evidence.proofs import Proof
from index.model.article import Article
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.support.archive_samples import article, page
from tests.support.postgresql import env_of
from tests.support.postgresql import place as place_of

KEPT = (t.raws, t.versions, t.readings)


def day(n: int, hour: float = 12) -> datetime:
    """A moment of the n-th of November."""
    return datetime(2026, 11, n, int(hour), int(hour % 1 * 60), tzinfo=UTC)


def text(n: int, **fields: Any) -> Article:
    """The n-th article."""
    return article(f"https://step.example/{n}", headline=f"Story {n}", **fields)


class Proven:
    """An archive in a folder, or in a database, with its configuration; a context manager."""

    def __init__(self, folder: Path, place: Database | None = None, **settings: str) -> None:
        place = place or place_of(folder / "data")
        # The archive need not be opened here yet
        self.config: Config = load(env=env_of(place, folder / "data"), files_only=True)
        self.set(**settings)
        self.folder = folder
        self._open = ExitStack()
        self.raw = self._open.enter_context(WarcStore(folder / "data" / "raw", "run-1"))
        self.archive = self._open.enter_context(Archive(place))

    def __enter__(self) -> Proven:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def set(self, **settings: str) -> None:
        """Set these settings of the manifests, and no others."""
        own = self.config.settings.model_copy(update={"manifest": ManifestSettings(**settings)})
        self.config = replace(self.config, settings=own)

    def store(self, of: Article, at: datetime, *, fetched: datetime | None = None, raw: bool = True) -> str:
        """Store the page of an article, by our clock at a moment; return the article's id."""
        html = f"<h1>{of.headline}</h1>".encode()
        response = Response(of.url, fetched or at, "HTTP/1.1 200 OK", [("Content-Type", "text/html")], html)
        keep = partial(self.raw.append, response) if raw else None
        kept = page(of, fetched or at, raw=keep)
        return self.change(lambda conn: articles.store(conn, kept).id, at)

    def correct(self, of: Article, at: datetime) -> None:
        """Store a further reading of the newest version of an article."""
        self.change(lambda conn: articles.correct(conn, of, at), at)

    def change(self, work: Any, at: datetime) -> Any:
        """Do something that stores, by our clock at a moment."""

        def store(conn: Connection) -> Any:
            before = datetime.now(UTC)
            done = work(conn)
            for table in KEPT:
                new = (table.c.stored >= before) & table.c.entry.is_(None)
                conn.execute(update(table).where(new).values(stored=at))
            return done

        return self.archive.write(store).result()

    def write(self, now: datetime, **options: Any) -> Written:
        """Write what manifests there are to write."""
        return writer.write(self.archive, self.config, now, **options)

    def proof(self, article: str, version: int = 1, reading: int = 1, **options: Any) -> Proof:
        """The proof of a reading."""
        with self.archive.read() as conn:
            found = manifests.reading(conn, article, version, reading)
            assert found is not None
            return prove(conn, self.raw, found, **options)

    def sql(self, statement: str, *values: object) -> None:
        """Change the archive behind its own back."""
        self.archive.write(lambda conn: conn.exec_driver_sql(dialect.of(conn).sql(statement), values)).result()
