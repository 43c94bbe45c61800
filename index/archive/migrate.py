"""Creating the archive's file or migrating it to the current schema. An empty one never replaces an existing one."""

from __future__ import annotations

import os
import sqlite3
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_mock_engine, inspect, select, text
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.exc import DBAPIError

from index.archive import data_folder, near_duplicates, sqlite
from index.archive.tables import metadata, signatures
from index.atomic_files import sync_folder
from index.errors import ArchiveError
from index.file_lock import hold

HEAD = "0036"  # the newest revision in migrations/versions; a test verifies that
_VERSION_TABLE = "alembic_version"


RESTORING = "restoring-"  # prefix of a folder beside the archive during a restore (`index/archive/backup.py`)


def prepare(path: Path) -> None:
    """Create the archive or migrate it to HEAD; several processes may call this at once.

    :raises ArchiveError: when the file is damaged, newer than this program, or not an archive; the message names the
        file and what to do.
    """
    with hold(path.with_name(path.name + ".lock"), wait=True):
        data_folder.check_free(path.parent)
        try:
            if path.exists():
                _upgrade(path)
            else:
                _create(path)
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error):
                raise ArchiveError(sqlite.explain(error.orig, path)) from error
            raise
        except sqlite3.Error as error:
            raise ArchiveError(sqlite.explain(error, path)) from error
        except OSError as error:
            raise ArchiveError(f"archive {path} cannot be opened: {error.strerror}") from error


def _create(path: Path) -> None:
    # Under another name until complete: so an empty file is always a damaged archive, never one being created.
    left_over = sqlite.journal(path)
    if left_over.exists() and left_over.stat().st_size:
        raise ArchiveError(
            f"archive {path} is missing, but its journal {left_over.name} is there: "
            "put the archive back beside it, or move the journal away to begin anew"
        )
    for unfinished in path.parent.glob(f"{RESTORING}*"):
        raise ArchiveError(
            f"archive {path} is missing, and a restore was broken off in {unfinished}: "
            "run `arshif restore` again with --force, or move that folder away to begin anew"
        )
    draft = path.with_name(path.name + ".new")
    for stale in (draft, sqlite.journal(draft)):
        stale.unlink(missing_ok=True)
    engine = sqlite.open_engine(draft, writer=True)
    try:
        with engine.begin() as connection:
            create(connection)
    finally:
        engine.dispose()
    sqlite.set_wal(draft)
    os.replace(draft, path)
    sync_folder(path.parent)


def _upgrade(path: Path) -> None:
    if not sqlite.is_database(path):
        raise ArchiveError(f"{path} is no SQLite database: move it away, or restore it from a backup")
    engine = sqlite.open_engine(path, writer=True)
    try:
        with engine.begin() as connection:
            found = version(connection)
            if found is None:
                raise ArchiveError(f"{path} is a database, but no archive of Arshif: move it away")
            if found != HEAD:
                known(found, str(path))
                migrate(connection)
            left = is_left(connection)
        if left:
            finish(engine)
    finally:
        engine.dispose()


def is_left(connection: Connection) -> bool:
    """Whether a migration has left work to `finish`."""
    unplaced = select(signatures.c.number).where(signatures.c.month == near_duplicates.UNPLACED).limit(1)
    return connection.execute(unplaced).first() is not None


def finish(engine: Engine) -> None:
    """Do what a migration has left, in transactions of their own: one of a large archive that is broken off goes on
    from there."""
    left = True
    while left:
        with engine.begin() as connection:
            left = near_duplicates.place_some(connection)


def version(connection: Connection) -> str | None:
    """The revision of an archive's schema, "" if it does not say; None if this is no archive."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    return str(connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar() or "")


def create(connection: Connection) -> None:
    """Create the tables of an archive, as all migrations would: that takes a small part of their time."""
    for statement in _statements(connection.engine.url.drivername):
        connection.exec_driver_sql(statement)
    connection.execute(text(f"CREATE TABLE {_VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text(f"INSERT INTO {_VERSION_TABLE} VALUES (:head)"), {"head": HEAD})


@cache
def _statements(driver: str) -> list[str]:
    """What creates the tables and their indexes."""
    statements: list[str] = []
    engine: MockConnection = create_mock_engine(
        f"{driver}://", lambda ddl, *_, **__: statements.append(str(ddl.compile(engine)))
    )
    metadata.create_all(engine, checkfirst=False)
    return statements


def known(version: str, name: str) -> None:
    """Check that this program knows a revision.

    :raises ArchiveError: when it does not.
    """
    if not version:
        raise ArchiveError(f"archive {name} does not say which version it has: restore it from a backup")
    # Imported here, because it takes 0.2 s that only an upgrade needs to spend.
    from alembic.script import ScriptDirectory

    revisions = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if version not in revisions:
        raise ArchiveError(
            f"archive {name} was written by a newer Arshif (schema {version}, this one knows up to {HEAD}): update it"
        )


MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to this revision, within the connection's open transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, revision)
