"""The files of raw responses: their names, and where they lie.

Each lies in the folder of the month (UTC) in which it was begun, such as `2026/11`; those of older archives lie beside
these folders. The name by which the archive refers to a file has its folder in it.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from index.atomic_files import sync_folder
from index.warc.record import WarcRef

_FILE = re.compile(r"(?:\d{4}/(?:0[1-9]|1[0-2])/)?[A-Za-z0-9][A-Za-z0-9._-]*\.warc\.gz")


def is_file_name(name: str) -> bool:
    """Whether this is the name of a WARC file as we write them, which leads to no place but into its folder."""
    return _FILE.fullmatch(name) is not None


def by_file(refs: Iterable[WarcRef]) -> Iterator[tuple[str, list[WarcRef]]]:
    """Locations by the names of their files, in the order of their positions; without those in a file that is none of
    ours."""
    for name, its in groupby(sorted(refs, key=attrgetter("file", "offset")), key=attrgetter("file")):
        if is_file_name(name):
            yield name, list(its)


def month(when: datetime) -> str:
    """The folder of the files of a month."""
    at = when.astimezone(UTC)
    return f"{at.year:04}/{at.month:02}"


def names(folder: Path, start: str = "") -> list[str]:
    """The names of the files in this folder; of those only which begin with `start`, their months aside. What is no
    file, such as a folder or a pipe of such a name, is left out."""
    patterns = (f"{start}*.warc.gz", f"[0-9]*/[0-9]*/{start}*.warc.gz")
    paths = (path for pattern in patterns for path in folder.glob(pattern) if os.path.isfile(path))
    return sorted(filter(is_file_name, (path.relative_to(folder).as_posix() for path in paths)))


def make_place(folder: Path, name: str) -> Path:
    """The path of a file of this name, in the folder of its month, which is created if it does not exist."""
    path = folder / name
    missing = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    for parent in missing:
        sync_folder(parent.parent)
    return path


@contextmanager
def held(path: Path) -> Iterator[FileIO | None]:
    """A file that nobody writes to during the block; None if its writer goes on, or it is not there."""
    try:
        file = FileIO(path, "r+")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file


def remove(folder: Path, name: str) -> bool:
    """Delete a file for good, with what was left of an attempt to write it and what was cut off it; return whether it
    is gone. One whose writer goes on stays. A name of no file of ours, such as in an archive that somebody else wrote,
    deletes nothing: what it leads to is not there."""
    if not is_file_name(name):
        return True
    path = folder / name
    with held(path) as file:
        if file is None and path.exists():
            return False
        beside = (left for end in ("*.new", "torn-*") for left in path.parent.glob(f"{path.name}.{end}"))
        for left in (*beside, path):
            left.unlink(missing_ok=True)
    if path.parent.exists():
        sync_folder(path.parent)
    return True
