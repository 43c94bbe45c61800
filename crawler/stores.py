"""Where this configuration keeps what it crawls: the archive, the raw copies and the index, opened from settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.config import Config
from index.archive import Archive
from index.engines import Engine, open_engine


def open_archive(config: Config) -> Archive:
    """The archive of this configuration, created where there is none.

    :raises ArchiveError: its file is damaged, newer than this program, or cannot be written.
    """
    return Archive(archive_file(config))


def archive_file(config: Config) -> Path:
    """Where the archive is, or will be."""
    return config.settings.data / "archive.sqlite3"


def raw_folder(config: Config) -> Path:
    """The folder of the WARC files."""
    return config.settings.data / "raw"


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
        username=index.username,
        password=index.password.get_secret_value(),
        prefix=index.prefix,
    )
    try:
        yield engine
    finally:
        engine.close()
