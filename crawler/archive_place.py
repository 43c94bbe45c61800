"""Where the archive is, by the settings."""

from __future__ import annotations

from crawler.settings_model import Settings
from index.archive import sqlite
from index.archive.database import Database, SqliteFile
from index.archive.postgresql import PostgresqlDatabase


def database(settings: Settings) -> Database:
    """Where the archive of these settings is; it need not exist yet."""
    if settings.archive:
        # The index that is built in lies in the data folder: those of several machines would each lack a part
        return PostgresqlDatabase(settings.archive, settings.data, joins=settings.index.engine == "elasticsearch")
    return SqliteFile(settings.data / sqlite.FILE)
