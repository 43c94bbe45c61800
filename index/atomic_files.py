"""Files that are there for good: a new one, whole or not at all, and the names in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from index.errors import ArchiveError


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which is there under its name when the block ends well, and on disk.

    Raises ArchiveError where the file is there already or cannot be written; then there is none."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        if path.exists():
            raise ArchiveError(f"{path} is there already: name a new file")
        with draft.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, path)  # never over a file that has come meanwhile
    except FileExistsError:
        raise ArchiveError(f"{path} is there already: name a new file") from None
    except OSError as error:
        raise ArchiveError(f"cannot write {error.filename or path}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Bring a folder's list of names to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
