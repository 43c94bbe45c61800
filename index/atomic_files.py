"""Durable files: creating or replacing one atomically, and syncing a folder's entries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from index.errors import ArchiveError, FileThere


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to; it appears under its name, synced to disk, when the block ends without an error.

    :raises FileThere: when the file exists already.
    :raises ArchiveError: when it cannot be written; then none is created.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        if path.exists():
            raise FileThere(str(path))
        with draft.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, path)  # never replaces a file created meanwhile
    except FileExistsError:
        raise FileThere(str(path)) from None
    except OSError as error:
        raise ArchiveError(f"cannot write {error.filename or path}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write this content to a file, synced to disk, in place of any there, whose mode it keeps: whoever reads it at the
    same time reads the old content or the new one.

    :raises OSError: when it cannot be written; then the old one stays.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with draft.open("wb") as out:
            if path.exists():
                os.fchmod(out.fileno(), path.stat().st_mode & 0o7777)
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Sync a folder's entries to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
