"""Backups of the archive and its raw responses, made while both are in use, and their restoration.

A backup is a folder: `archive.sqlite3`, `raw/` and, written last, `backup.json` with the size and SHA-256 of each file.
The archive is copied first, as of one moment. Raw responses are on disk before the archive refers to them, so copying
them afterwards, as far as the archive refers to them, is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete

from index.archive import Archive, data_folder, liveness, migrate, sqlite
from index.archive import tables as t
from index.atomic_files import replace_file, sync_folder
from index.errors import ArchiveError, Busy, WrongPlace
from index.file_lock import hold
from index.warc.files import is_file_name
from index.warc.outside import is_outside
from index.warc.place import FileFacts, Place
from index.warc.record import WarcDamaged, WarcRef
from index.warc.store import WarcStore

ARCHIVE, RAW, CONTENTS = sqlite.FILE, "raw", "backup.json"  # names in a backup; the first two are those in `data`
KEEPING = "keeping"  # the lock of backups, erasures and removals of raw responses: only one runs at a time
FORMAT = 1  # of `backup.json`
_MOST_CONTENTS = 64 * 1024 * 1024  # bytes of `backup.json`, which takes some 170 for each file
_CHUNK_BYTES = 1024 * 1024  # bytes copied at a time
_FETCHED_BYTES = 8 * _CHUNK_BYTES  # of raw responses, each piece of which may be a request

Told = Callable[[int, int], None]  # how much is done, and how much there is


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a backup: its name in the folder, its length in bytes, the SHA-256 of its content."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Backup:
    """The contents of a backup; `made` is UTC. `short` names WARC files that were already truncated and were copied as
    far as they go, `damaged` the records, as `FILE:OFFSET`, that were already lost or not as their digests say;
    `outside` the addresses of files of others that have some of the raw responses, which are in no backup."""

    made: datetime
    articles: int
    versions: int
    parts: tuple[Part, ...]
    short: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """The size of all its files, in bytes."""
        return sum(part.bytes for part in self.parts)


def back_up(archive: Archive, raw: Place, into: Path, told: Told | None = None) -> Backup:
    """Back up an archive and its raw responses into a new or empty folder, while other processes read and write both.

    `told` is called with the bytes read so far, and with their number in all.

    :raises Busy: when another process is making a backup or erasing.
    :raises WrongPlace: when it is a file, or the folder is not empty.
    :raises ArchiveError: when the disk is full.
    """
    file = archive.path
    with archive.database.lock(KEEPING), _display_path(into):
        try:
            into.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise WrongPlace(f"{into} is or lies in a file: name a new folder for the copy") from None
        if any(into.iterdir()):
            raise WrongPlace(f"{into} is not empty: name a new folder for the copy")
        made = datetime.now(UTC)
        copy = into / ARCHIVE
        with closing(sqlite3.connect(file, timeout=sqlite.BUSY_SECONDS)) as source:
            source.execute("VACUUM INTO ?", (str(copy),))  # a snapshot, without deleted content
        extent, lying = _extent(copy), raw.listed()
        moved = _Moved(told, copy.stat().st_size + sum(extent.values()))
        parts = [_describe(copy, ARCHIVE, moved)]
        (into / RAW).mkdir()
        short = []
        for name, length in extent.items():
            if not is_file_name(name):  # of no file of ours: it is not read
                short.append(name)
                continue
            there = min(length, lying[name].bytes) if name in lying else 0
            if there < length:
                short.append(name)
            if there:
                parts.append(_fetch(raw, name, into, there, moved))
        counts = _count(copy, "articles"), _count(copy, "versions")
        backup = Backup(made, *counts, tuple(parts), tuple(short), _damaged(copy, into / RAW), _outside(copy))
        _sync(into / RAW)
        contents = json.dumps({"format": FORMAT, **asdict(backup)}, default=datetime.isoformat, indent=1)
        replace_file(into / CONTENTS, contents.encode())
        return backup


def check(folder: Path, moved: _Moved | None = None) -> Backup:
    """The contents of a backup, after verifying each file against its digest and the integrity of the database.

    :raises WrongPlace: when the folder holds no backup that was completed.
    :raises ArchiveError: when the backup is not complete and intact; the message names the file.
    """
    backup = _contents(folder)
    if moved is not None:
        moved.total = 2 * backup.bytes  # each file is read to be verified, then to be copied
    for part in backup.parts:
        file = folder / part.name
        with _display_path(file):
            if not _is_within(folder, part.name):
                raise ArchiveError(f"{file} is no file of this copy, but a link or a device: use another copy")
            if _describe(file, part.name, moved) != part:
                raise ArchiveError(f"{file} is not as it was when the copy was made: use another copy")
    there = {part.name.removeprefix(f"{RAW}/"): part.bytes for part in backup.parts}
    with _display_path(folder / ARCHIVE):
        extent, discarded = _extent(folder / ARCHIVE), _discarded(folder / ARCHIVE)
    for name in (*extent, *discarded):
        if not is_file_name(name) and name not in backup.short:
            raise ArchiveError(
                f"{folder / ARCHIVE} names {name!r} as a raw copy, which is no file of ours: use another copy"
            )
    for name, length in extent.items():
        if there.get(name, 0) < length and name not in backup.short:
            raise ArchiveError(f"{folder / RAW / name} ends before what the archive refers to: use another copy")
    with _display_path(folder / ARCHIVE), closing(_copied(folder / ARCHIVE)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if sound != "ok":
        raise ArchiveError(f"{folder / ARCHIVE} is damaged ({sound}): use another copy")
    return backup


def restore(
    folder: Path, data: Path, *, elsewhere: Place | None = None, force: bool = False, told: Told | None = None
) -> tuple[Backup, Path | None]:
    """Verify a backup and put it in place of the archive in `data`; return its contents, and the folder that now holds
    whatever was there before. No index matches the restored archive: each must be rebuilt. `told` is called with the
    bytes read so far, and with their number in all.

    Raw responses that are not in `data` but `elsewhere` are written there, as far as they are missing; what else is
    there stays, but for files that are not as in the backup, which `force` replaces.

    :raises WrongPlace: when there is an archive already and `force` is not set, or `folder` holds no backup.
    :raises ArchiveError: when an archive in PostgreSQL has its raw responses there, or the backup is not complete.
    :raises Busy: when a process is working there, even with `force`.
    """
    data_folder.check_free(data)
    moved = _Moved(told)
    backup = check(folder, moved)
    archive, raw = data / ARCHIVE, data / RAW
    own = [] if elsewhere is not None else [raw]
    there = [path for path in (archive, sqlite.journal(archive), shared(archive), *own) if path.exists()]
    if there and not force:
        raise WrongPlace(f"{data} holds an archive already: name another place, or move it aside with --force")
    with _display_path(data), _nobody_else(data):
        for left in data.glob(f"{migrate.RESTORING}*"):  # from an interrupted restore
            shutil.rmtree(left)
        draft = data / f"{migrate.RESTORING}{os.getpid()}"
        (draft / RAW).mkdir(parents=True)
        lying = elsewhere.listed() if elsewhere is not None else {}
        for part in backup.parts:
            if elsewhere is not None and part.name != ARCHIVE:
                _put_back(folder, part, elsewhere, lying, moved, force=force)
            elif _copy(folder / part.name, draft / part.name, part.name, part.bytes, moved) != part:
                raise ArchiveError(f"{folder / part.name} changed while it was read: begin again")
        _sync(draft)
        sqlite.set_wal(draft / ARCHIVE)
        _forget_indexes(draft / ARCHIVE)
        if (journal := sqlite.journal(draft / ARCHIVE)).exists() and journal.stat().st_size:
            raise ArchiveError(f"another process reads {draft}: end it, and begin again")
        aside = _move_aside(there, data) if there else None
        if elsewhere is None:
            os.replace(draft / RAW, raw)
        _put_archive(draft / ARCHIVE, archive)
        shutil.rmtree(draft)  # the draft's lock, and an emptied journal
        return backup, aside


def shared(path: Path) -> Path:
    """The index of a database's write-ahead log, which processes share."""
    return path.with_name(path.name + "-shm")


# --- internal ------------------------------------------------------------------------------------------------------


@contextmanager
def _nobody_else(data: Path) -> Iterator[None]:
    """Keep daemons, indexers, other backups and erasures out of this folder for the duration of the block.

    :raises Busy: when one of them, or a crawl, is at work there.
    """
    archive = data / ARCHIVE
    with ExitStack() as stack:
        for lock in (data / f"{KEEPING}.lock", data / "daemon.lock", *sorted(data.glob("shipper-*.lock"))):
            stack.enter_context(hold(lock, wait=False))
        for site, pid in _crawled(archive):
            raise Busy(f"process {pid} is crawling {site}: wait for its end")
        yield


def _crawled(archive: Path) -> list[tuple[str, int]]:
    """The sites that a living process is crawling, with its pid; empty if the archive is too damaged to tell."""
    if not archive.exists():
        return []
    try:
        with closing(_reading(archive)) as connection:
            rows = connection.execute("SELECT site, pid, born, boot FROM leases WHERE owner IS NOT NULL").fetchall()
    except sqlite3.Error:
        return []
    return [(site, pid) for site, pid, born, boot in rows if liveness.is_alive(archive.parent, pid, born, boot)]


def _forget_indexes(path: Path) -> None:
    with Archive(path) as archive:  # also migrates it to the current schema

        def forget(conn: Connection) -> None:
            for table in (t.outbox, t.quarantine, t.targets):
                conn.execute(delete(table))

        archive.write(forget).result()


def _move_aside(there: list[Path], data: Path) -> Path:
    aside = data / f"before-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"  # unique even within one second
    aside.mkdir()
    for path in there:
        os.replace(path, aside / path.name)
    return aside


def _put_archive(draft: Path, archive: Path) -> None:
    """The last step: until then, the draft's folder keeps any process from creating an empty archive."""
    os.replace(draft, archive)
    sync_folder(archive.parent)


def _contents(folder: Path) -> Backup:
    file = folder / CONTENTS
    try:
        if file.exists() and (not _is_within(folder, CONTENTS) or file.stat().st_size > _MOST_CONTENTS):
            raise ArchiveError(f"{file} is a link or a device, or larger than any list of files: use another copy")
        text = file.read_text("utf-8")
        if TypeAdapter(dict[str, Any]).validate_json(text).get("format") != FORMAT:
            raise ArchiveError(f"{file} was written by a newer Arshif: update this one")
        backup = TypeAdapter(Backup).validate_json(text)
    except (FileNotFoundError, NotADirectoryError):
        raise WrongPlace(f"{folder} is no whole copy: it has no {CONTENTS}, which is written last") from None
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{file} cannot be read ({error}): use another copy") from None
    if unsafe := [part.name for part in backup.parts if not _is_part_name(part.name)]:
        raise ArchiveError(f"{file} names {unsafe[0]!r}, which is no file of a copy: use another copy")
    names = Counter(part.name for part in backup.parts)
    if wrong := [name for name in {ARCHIVE, *names} if names[name] != 1]:
        raise ArchiveError(f"{file} names {min(wrong)} {names[min(wrong)]} times, not once: use another copy")
    return backup


def _is_part_name(name: str) -> bool:
    """Whether a name in `backup.json` is one that `back_up` gives, so that it leads nowhere but into the folder."""
    return name == ARCHIVE or (name.startswith(f"{RAW}/") and is_file_name(name.removeprefix(f"{RAW}/")))


def _is_within(folder: Path, name: str) -> bool:
    """Whether a file, which must exist, is a regular one in the folder itself and not a link to elsewhere."""
    file = folder / name
    return file.resolve(strict=True) == folder.resolve() / name and file.is_file()


def _extent(database: Path) -> dict[str, int]:
    """How many bytes of each WARC file of ours the archive refers to."""
    return {name: length for name, length in _files(database) if not is_outside(name)}


def _outside(database: Path) -> tuple[str, ...]:
    """The addresses of the files of others that the archive refers to."""
    return tuple(name for name, _ in _files(database) if is_outside(name))


def _files(database: Path) -> list[tuple[str, int]]:
    with closing(_copied(database)) as connection:
        query = 'SELECT file, MAX("offset" + length) FROM raws GROUP BY file ORDER BY file'
        return connection.execute(query).fetchall()


def _discarded(database: Path) -> list[str]:
    """The WARC files that are to be deleted; none in an archive from before these were noted."""
    with closing(_copied(database)) as connection:
        table = "SELECT 1 FROM sqlite_master WHERE name = 'discarded_files'"
        if connection.execute(table).fetchone() is None:
            return []
        return [file for (file,) in connection.execute("SELECT file FROM discarded_files ORDER BY file")]


def _damaged(database: Path, raw: Path) -> tuple[str, ...]:
    """The records that are missing or not as their digests say, but for those in files of others."""
    found = []
    with closing(_copied(database)) as connection, WarcStore(raw) as records:
        for file, offset, length in connection.execute('SELECT file, "offset", length FROM raws ORDER BY 1, 2'):
            if is_outside(file):
                continue
            try:
                records.checked(WarcRef(file, offset, length))
            except WarcDamaged:
                found.append(f"{file}:{offset}")
    return tuple(found)


def _count(database: Path, table: str) -> int:
    with closing(_copied(database)) as connection:
        return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def _copied(database: Path) -> sqlite3.Connection:
    """The archive of a backup as its file has it, whatever journal lies beside that, which nobody has verified."""
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=sqlite.BUSY_SECONDS)


class _Moved:
    """Counts the bytes that were read, and tells whoever wants to know."""

    def __init__(self, told: Told | None, total: int = 0) -> None:
        self.told, self.total, self.bytes = told, total, 0

    def add(self, more: int) -> None:
        self.bytes += more
        if self.told is not None:
            self.told(self.bytes, self.total)


def _describe(file: Path, name: str, moved: _Moved | None = None) -> Part:
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as stream:
        while piece := stream.read(_CHUNK_BYTES):
            digest.update(piece)
            size += len(piece)
            if moved is not None:
                moved.add(len(piece))
        os.fsync(stream.fileno())
    return Part(name, size, digest.hexdigest())


def _put_back(
    folder: Path, part: Part, raw: Place, lying: Mapping[str, FileFacts], moved: _Moved, *, force: bool
) -> None:
    """Write a WARC file of a backup to a place, unless it is there."""
    name = part.name.removeprefix(f"{RAW}/")
    if name in lying:
        digest = hashlib.sha256()
        for piece in raw_pieces(raw, name, lying[name].bytes):
            digest.update(piece)
        if digest.hexdigest() == part.sha256:
            moved.add(part.bytes)
            return
        if not force:
            raise ArchiveError(f"{name} in {raw.name} is not as it was when the copy was made: --force replaces it")
        raw.remove(name)
    digest = hashlib.sha256()
    with (folder / part.name).open("rb") as stream, raw.create(name) as out:
        while piece := stream.read(_CHUNK_BYTES):
            out.write(piece)
            digest.update(piece)
            moved.add(len(piece))
        if digest.hexdigest() != part.sha256:
            raise ArchiveError(f"{folder / part.name} changed while it was read: begin again")


def raw_pieces(raw: Place, name: str, length: int) -> Iterator[bytes]:
    """The first `length` bytes of a WARC file.

    :raises ArchiveError: when it becomes shorter meanwhile.
    """
    for start in range(0, length, _FETCHED_BYTES):
        try:
            yield raw.read(WarcRef(name, start, min(_FETCHED_BYTES, length - start)))
        except WarcDamaged as error:
            raise ArchiveError(f"{name} changed while it was read: begin again ({error})") from error


def _fetch(raw: Place, name: str, into: Path, length: int, moved: _Moved) -> Part:
    """Copy the first `length` bytes of a WARC file to disk, synced."""
    return _write(raw_pieces(raw, name, length), into / RAW / name, f"{RAW}/{name}", length, moved)


def _copy(source: Path, target: Path, name: str, length: int, moved: _Moved) -> Part:
    """Copy the first `length` bytes of a file to disk, synced."""

    def pieces() -> Iterator[bytes]:
        left = length
        with source.open("rb") as stream:
            while left and (piece := stream.read(min(left, _CHUNK_BYTES))):
                left -= len(piece)
                yield piece
        if left:
            raise ArchiveError(f"{source} became {left} bytes shorter while it was read: begin again")

    return _write(pieces(), target, name, length, moved)


def _write(pieces: Iterator[bytes], target: Path, name: str, length: int, moved: _Moved) -> Part:
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as out:
        for piece in pieces:
            out.write(piece)
            digest.update(piece)
            moved.add(len(piece))
        out.flush()
        os.fsync(out.fileno())
    return Part(name, length, digest.hexdigest())


def _sync(folder: Path) -> None:
    """Sync the entries of a folder and of those in it."""
    for path in (*folder.rglob("*"), folder):
        if path.is_dir():
            sync_folder(path)


@contextmanager
def _display_path(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"{error.filename or place}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise ArchiveError(sqlite.explain(error, place)) from error
