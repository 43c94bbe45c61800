"""Where this configuration keeps what it crawls: the archive, the raw copies and the index, opened from settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import Busy
from crawler.urls.canonical import canonical
from index.archive import Archive, documents, warc_records
from index.archive.backup import keeping_lock
from index.engines import Engine, open_engine
from index.file_lock import hold


def open_archive(config: Config) -> Archive:
    """The archive of this configuration, created where there is none.

    :raises ArchiveError: its file is damaged, newer than this program, or cannot be written.
    """
    return Archive(archive_file(config))


def archive_file(config: Config) -> Path:
    """Where the archive is, or will be."""
    return config.settings.data / "archive.sqlite3"


def find_article(conn: Connection, name: str) -> str | None:
    """The id of the article that a person means by its id or one of its addresses, however that is spelled."""
    if documents.document(conn, name) is not None:
        return name
    return documents.by_url(conn, name) or documents.by_url(conn, canonical(name) or name)


def raw_folder(config: Config) -> Path:
    """The folder of the WARC files."""
    return config.settings.data / "raw"


def expire_raw(config: Config, archive: Archive, now: datetime) -> int:
    """Deletes the files of raw copies that are older than the settings keep them; gives how many went.

    The archive forgets them first: what is left behind by a crash in between is refered to by nobody, and goes the next
    time. While a copy is made nothing goes."""
    if not config.settings.raw.keep_days:
        return 0
    try:
        with hold(keeping_lock(config.settings.data), wait=False):
            return _expire(config, archive, now - timedelta(days=config.settings.raw.keep_days))
    except Busy:
        return 0


def _expire(config: Config, archive: Archive, before: datetime) -> int:
    archive.write(lambda conn: warc_records.expire(conn, before)).result()
    with archive.read() as conn:
        kept = warc_records.files(conn)
    old = [
        path
        for path in raw_folder(config).glob("*.warc.gz")
        if path.name not in kept and path.stat().st_mtime < before.timestamp()
    ]
    for path in old:
        path.unlink()
    return len(old)


def raw_name(run: int) -> str:
    """What the names of a run's WARC files begin with."""
    return f"run-{run:06d}"


@contextmanager
def open_index(config: Config) -> Iterator[Engine]:
    """The index of this configuration, for the block; nothing is asked of a server yet."""
    index = config.settings.index
    engine = open_engine(
        index.engine,
        directory=config.settings.data / "index",
        url=index.url,
        api_key=index.api_key.get_secret_value(),
        basic_auth=(index.username, index.password.get_secret_value()) if index.username else None,
        ca_file=index.ca,
        prefix=index.prefix,
    )
    try:
        yield engine
    finally:
        engine.close()
