"""The file of an export while it is being written, in a folder beside it that outlives a killed process: `FILE.new`.

What is written is only appended to. How long that was when a piece of the job was whole is noted in a database, with
what it is: what a killed process wrote after that is cut off, and the next one goes on there.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from index.atomic_files import sync_folder
from index.errors import ArchiveError, FileThere
from index.file_lock import hold

WHOLE = "whole"  # the name that the file has in its draft
_STATE, _LOCK = "state.sqlite3", "lock"
_OWN = (_LOCK, _STATE, f"{_STATE}-journal")
_TABLES = """
CREATE TABLE IF NOT EXISTS state (what TEXT NOT NULL, at INTEGER NOT NULL, report TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, length INTEGER NOT NULL);
"""


class Draft:
    """The draft of this file in this folder. `listed` is its database, with tables of the export's own besides."""

    def __init__(self, file: Path, folder: Path, listed: sqlite3.Connection) -> None:
        self.folder, self.listed = folder, listed
        self._file = file
        self._open: dict[str, IO[bytes]] = {}

    @property
    def published(self) -> bool:
        """Whether the file is there already, and a process was killed before it removed the draft."""
        return self._file.exists() and any(self._file.samefile(one) for one in self.folder.iterdir())

    @property
    def noted(self) -> tuple[int, dict[str, Any]]:
        """How many items are done, and what came of them."""
        at, report = self.listed.execute("SELECT at, report FROM state").fetchone()
        return at, json.loads(report)

    def part(self, name: str) -> IO[bytes]:
        """A file of the draft, to append to."""
        if name not in self._open:
            self.listed.execute("INSERT OR IGNORE INTO parts VALUES (?, 0)", (name,))
            self._open[name] = (self.folder / name).open("ab")
        return self._open[name]

    @property
    def parts(self) -> list[tuple[str, int]]:
        """The files of the draft with their lengths in bytes, as they were last noted, by their names."""
        return self.listed.execute("SELECT name, length FROM parts ORDER BY name").fetchall()

    @property
    def is_there(self) -> bool:
        """Whether all that was noted is there: a process may have been killed while it removed the draft."""
        sizes = {one.name: one.stat().st_size for one in self.folder.iterdir()}
        return all(sizes.get(name, -1) >= length for name, length in self.parts)

    def begin(self) -> None:
        """Begin a piece: what is appended and listed from now on is so once that is noted."""
        self.listed.execute("BEGIN")

    def note(self, at: int, report: Mapping[str, Any]) -> None:
        """Note that the piece is whole, how many items are done now, and what came of them."""
        for name, out in self._open.items():
            out.flush()
            os.fsync(out.fileno())
            self.listed.execute("UPDATE parts SET length = ? WHERE name = ?", (out.tell(), name))
        self.listed.execute("UPDATE state SET at = ?, report = ?", (at, json.dumps(report)))
        self.listed.execute("COMMIT")

    def publish(self) -> None:
        """Have the file be the one in the draft.

        :raises FileThere: when the file was created meanwhile.
        """
        try:
            os.link(self.folder / WHOLE, self._file)  # never replaces
        except FileExistsError:
            raise FileThere(str(self._file)) from None
        sync_folder(self._file.parent)

    def restart(self, what: str) -> None:
        """Begin anew: nothing is written or listed."""
        self.close()
        for name in [row[0] for row in self.listed.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]:
            self.listed.execute(f"DELETE FROM {name}")
        self.listed.execute("INSERT INTO state VALUES (?, 0, '{}')", (what,))
        self.cut()

    def cut(self) -> None:
        """Cut off what was written after the last note."""
        lengths = dict(self.parts)
        for file in self.folder.iterdir():
            if file.name in lengths:
                os.truncate(file, lengths[file.name])
            elif file.name not in _OWN:
                file.unlink()

    def close(self) -> None:
        """Close the files that are written to."""
        for out in self._open.values():
            out.close()
        self._open.clear()


@contextmanager
def draft(
    file: Path, what: object, tables: str, is_valid: Callable[[sqlite3.Connection], bool] = lambda _: True
) -> Iterator[Draft]:
    """The draft of a file; that of a process that was killed at the same (`what`), where all that it has may still be
    exported (`is_valid`). It is removed once the file is there.

    :raises FileThere: when the file exists already.
    :raises Busy: when another process writes it.
    :raises ArchiveError: when it cannot be written.
    """
    folder = file.with_name(f"{file.name}.new")
    mark = blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    try:
        if file.exists() and not folder.exists():
            raise FileThere(str(file))
        if folder.exists() and not (folder / _STATE).exists() and any(one.name != _LOCK for one in folder.iterdir()):
            raise FileThere(str(folder))  # it is somebody else's
        folder.mkdir(exist_ok=True)
        with hold(folder / _LOCK, wait=False):
            with closing(sqlite3.connect(folder / _STATE, isolation_level=None, check_same_thread=False)) as listed:
                listed.executescript(_TABLES + tables)
                found = Draft(file, folder, listed)
                if file.exists() and not found.published:
                    raise FileThere(str(file))
                known = listed.execute("SELECT what FROM state").fetchone()
                if not found.published:
                    if known == (mark,) and found.is_there and is_valid(listed):
                        found.cut()
                    else:
                        found.restart(mark)
                with closing(found):
                    yield found
            if file.exists():
                _remove(folder)
    except sqlite3.Error as error:
        raise ArchiveError(f"cannot write {folder / _STATE}: {error}") from error
    except OSError as error:
        raise ArchiveError(f"cannot write {error.filename or file}: {error.strerror}") from error


def _remove(folder: Path) -> None:
    """Remove a draft, last what tells that it is one."""
    for file in sorted(folder.iterdir(), key=lambda one: _OWN[::-1].index(one.name) if one.name in _OWN else -1):
        file.unlink()
    folder.rmdir()
