"""Which data folder an archive in PostgreSQL belongs to: its WARC files are there. Another folder would lack them, and
another archive would take them for its own and delete them; so each names the other, by an id."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from index.archive import sqlite
from index.archive.tables import data_folder
from index.atomic_files import replace_file, sync_folder
from index.errors import ArchiveError
from index.model.message import Message

FILE = "database.id"  # in the folder: the id that the database has too
_DRAFT = f"{FILE}.new"  # the same, before it is known that the database has it


def belong_together(conn: Connection, folder: Path) -> bool:
    """Whether the database of this connection has the id of this folder, at this place."""
    known = conn.execute(select(data_folder)).one_or_none()
    return known is not None and (known.id, known.host, known.path) == (_id(folder / FILE), *_place(folder))


def is_claimed(conn: Connection) -> bool:
    """Whether the database of this connection belongs to a folder."""
    return conn.execute(select(data_folder)).one_or_none() is not None


def claim(conn: Connection, folder: Path, name: str, *, instead_of_file: bool = False) -> None:
    """Have the database of this connection, which people call `name`, belong to this folder from the commit on; then
    call `settle`. Whoever calls both keeps others from doing so. The folder holds no archive in a file, but where the
    database is to be `instead_of_file`.

    :raises ArchiveError: when it belongs to another folder, or the folder to another archive.
    """
    known = conn.execute(select(data_folder)).one_or_none()
    host, path = _place(folder)
    own, draft = _id(folder / FILE), _id(folder / _DRAFT)
    if known is None:
        check_free(folder)
        if (folder / sqlite.FILE).exists() and not instead_of_file:
            raise ArchiveError(Message("archive.folder_has_file", {"folder": str(folder)}))
        conn.execute(insert(data_folder).values(id=draft or _begin(folder), host=host, path=path))
    elif known.id not in (own, draft):
        params = {"name": name, "host": known.host, "folder": known.path, "file": FILE}
        raise ArchiveError(Message("archive.other_folder", params))
    else:
        conn.execute(update(data_folder).values(host=host, path=path))


def settle(folder: Path) -> None:
    """Record in the folder that the database has its id."""
    if (folder / _DRAFT).exists():
        os.replace(folder / _DRAFT, folder / FILE)
        sync_folder(folder)


def give_up(folder: Path) -> None:
    """Have the folder belong to no database any more."""
    (folder / FILE).unlink()
    sync_folder(folder)


def check_free(folder: Path) -> None:
    """Check that a folder may have a new archive.

    :raises ArchiveError: when it belongs to a database.
    """
    if (folder / FILE).exists():
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


def _begin(folder: Path) -> str:
    new = uuid4().hex
    replace_file(folder / _DRAFT, f"{new}\n".encode())
    return new
