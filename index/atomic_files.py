"""Durable files: creating one atomically, and syncing a folder's entries."""

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


def sync_folder(path: Path) -> None:
    """Sync a folder's entries to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
