"""Torn tails: what a crash left of a record at the end of a WARC file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from io import FileIO
from itertools import count
from pathlib import Path

from index.atomic_files import sync_folder
from index.errors import ArchiveError
from index.warc.record import MEMBER, begins_record, end_of_members

_CHUNK_BYTES = 1024 * 1024  # bytes read at a time


def repair(folder: Path, files: Mapping[str, int]) -> int:
    """Cut off torn records that a dead writer left in its files; return the number of bytes removed.

    `files` says, by their names, where the last record ends that the archive refers to: nothing before that is cut.
    What is cut stays beside the file, as `NAME.torn-OFFSET`. The locked file of a living writer is skipped, and so
    is one that is not there.

    :raises ArchiveError: when a file cannot be written.
    """
    cut = 0
    for name, referred in files.items():
        path = folder / name
        try:
            with FileIO(path, "r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                cut += truncate_torn_tail(file, referred)
        except (BlockingIOError, FileNotFoundError):  # or it was merged with others meanwhile
            continue
        except OSError as error:
            raise ArchiveError(f"cannot mend raw copies {path}: {error.strerror}") from error
    return cut


def torn_bytes(path: Path) -> int:
    """The number of bytes after the last complete record of a file; 0 while its writer is active."""
    with FileIO(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        return file.seek(0, os.SEEK_END) - _end_of_last_record(file)


def truncate_torn_tail(file: FileIO, referred: int = 0) -> int:
    """Cut off the partial record that a crash left at the end of a file; return the number of bytes removed.

    Nothing before `referred` is cut, and nothing before a later complete record: a record damaged in the middle of a
    file is no tail. What is cut is kept in a file beside it.
    """
    size = file.seek(0, os.SEEK_END)
    whole = min(size, max(referred, _end_of_last_record(file, referred)))
    if whole < size:
        _set_aside(file, whole)
        file.truncate(whole)
        os.fsync(file.fileno())
    file.seek(0, os.SEEK_END)
    return size - whole


def remove_cut(folder: Path) -> None:
    """Delete what was cut off any file and kept beside it: it may be of any page."""
    for pattern in ("*.warc.gz.torn-*", "[0-9]*/[0-9]*/*.warc.gz.torn-*"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
            sync_folder(path.parent)


def _set_aside(file: FileIO, start: int) -> None:
    path = Path(str(file.name))
    aside = path.with_name(f"{path.name}.torn-{start}")
    for number in count(2):
        if not aside.exists():
            break
        aside = path.with_name(f"{path.name}.torn-{start}-{number}")
    file.seek(start)
    with aside.open("xb") as out:
        while piece := file.read(_CHUNK_BYTES):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    sync_folder(path.parent)


def _end_of_last_record(file: FileIO, start: int = 0) -> int:
    """Where the last complete record of a file ends that begins at `start` or later; `start` if there is none."""
    whole = end_of_members(file, start)
    while (later := _next_record(file, whole)) is not None:
        whole = later
    return whole


def _next_record(file: FileIO, start: int) -> int | None:
    """The end of the run of complete members that begins with the first complete record after `start`."""
    file.seek(start)
    before = b""
    at = start
    while piece := file.read(_CHUNK_BYTES):
        data = before + piece
        found = data.find(MEMBER, 1 if at == start and not before else 0)
        while found >= 0:
            place = at - len(before) + found
            if (end := end_of_members(file, place)) > place:
                file.seek(place)
                if begins_record(file.read(1_024)):
                    return end
            found = data.find(MEMBER, found + 1)
        at += len(piece)
        before = data[-len(MEMBER) + 1 :]
        file.seek(at)
    return None
