"""Which data folder an archive in PostgreSQL belongs to: its WARC files are there. Another folder would lack them, and
another archive would take them for its own and delete them; so each names the other, by an id.

Where the raw copies are elsewhere, as in a bucket, each machine may have a folder of its own: an empty one joins the
archive, with its id and the place of the raw copies.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from index.archive import raw_owner, sqlite
from index.archive.tables import data_folder
from index.atomic_files import replace_file, sync_folder
from index.errors import ArchiveError
from index.model.message import Message

FILE = "database.id"  # in the folder: the id that the database has too
_DRAFT = f"{FILE}.new"  # the same, before it is known that the database has it


def belong_together(conn: Connection, folder: Path) -> bool:
    """Whether the database of this connection has the id of this folder, at this place or with the raw copies in the
    place that the folder names."""
    known = conn.execute(select(data_folder)).one_or_none()
    if known is None or known.id != _id(folder / FILE):
        return False
    raw = raw_owner.elsewhere(folder)
    return bool(known.raw == raw) if known.raw else raw is None and _is_at(known, folder)


def owner(conn: Connection, folder: Path) -> bool | None:
    """Whether the database of this connection belongs to this folder, as a process knew that may have been killed
    before it called `settle`; None if it belongs to none."""
    known = conn.execute(select(data_folder)).one_or_none()
    return None if known is None else known.id in (_id(folder / FILE), _id(folder / _DRAFT))


def claim(conn: Connection, folder: Path, name: str, *, instead_of_file: bool = False, joins: bool = False) -> None:
    """Have the database of this connection, which people call `name`, belong to this folder from the commit on; then
    call `settle`. Whoever calls both keeps others from doing so. The folder holds no archive in a file, but where the
    database is to be `instead_of_file`. An empty folder `joins` others, if the raw copies are in none of them.

    :raises ArchiveError: when it belongs to another folder, or the folder to another archive.
    """
    known = conn.execute(select(data_folder)).one_or_none()
    host, path = _place(folder)
    own, draft = _id(folder / FILE), _id(folder / _DRAFT)
    if known is None:
        check_free(folder)
        if (folder / sqlite.FILE).exists() and not instead_of_file:
            raise ArchiveError(Message("archive.folder_has_file", {"folder": str(folder)}))
        conn.execute(insert(data_folder).values(id=draft or _begin(folder, uuid4().hex), host=host, path=path))
    elif known.id not in (own, draft) and known.raw:
        if not joins or own or draft or (folder / sqlite.FILE).exists() or not raw_owner.is_free(folder):
            raise ArchiveError(Message("archive.cannot_join", {"name": name, "folder": str(folder)}))
        _begin(folder, known.id)
        raw_owner.join(folder, known.raw)
    elif known.id not in (own, draft) or (known.raw == "" and raw_owner.elsewhere(folder)):
        params = {"name": name, "host": known.host, "folder": known.path, "file": FILE}
        raise ArchiveError(Message("archive.other_folder", params))
    elif known.raw:
        raw_owner.join(folder, known.raw)  # where another machine has moved them
    else:
        conn.execute(update(data_folder).values(host=host, path=path, raw=raw_owner.elsewhere(folder) or known.raw))


def note_raw(conn: Connection, folder: Path) -> None:
    """Note where the raw copies of this folder's archive have been moved; with SQLite, nobody else asks."""
    host, path = _place(folder)
    conn.execute(update(data_folder).values(host=host, path=path, raw=raw_owner.elsewhere(folder) or ""))


def settle(folder: Path) -> None:
    """Record in the folder that the database has its id."""
    if (folder / _DRAFT).exists():
        os.replace(folder / _DRAFT, folder / FILE)
        sync_folder(folder)


def is_settled(folder: Path) -> bool:
    """Whether a folder says that it belongs to a database."""
    return (folder / FILE).exists()


def unsettle(folder: Path) -> None:
    """Have the folder be as before `settle`: an archive in a file is opened again."""
    if is_settled(folder):
        os.replace(folder / FILE, folder / _DRAFT)
        sync_folder(folder)


def give_up(folder: Path) -> None:
    """Have the folder belong to no database any more."""
    (folder / FILE).unlink()
    sync_folder(folder)


def check_free(folder: Path) -> None:
    """Check that a folder may have a new archive.

    :raises ArchiveError: when it belongs to a database.
    """
    if is_settled(folder):
        raise ArchiveError(Message("archive.folder_taken", {"folder": str(folder)}))


def _place(folder: Path) -> tuple[str, str]:
    return socket.gethostname(), str(folder)


def _id(file: Path) -> str | None:
    try:
        return file.read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveError(Message("archive.id_unreadable", {"file": str(file), "error": str(error)})) from None


def _is_at(known: Any, folder: Path) -> bool:
    return (known.host, known.path) == _place(folder)


def _begin(folder: Path, new: str) -> str:
    replace_file(folder / _DRAFT, f"{new}\n".encode())
    return new
