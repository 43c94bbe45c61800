"""WARC files in a folder: each record is appended to the file of its writer, and on disk once it has a location."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import ENOENT
from io import FileIO
from pathlib import Path
from typing import IO

from index.atomic_files import new_file, sync_folder
from index.errors import ArchiveError, FileThere
from index.model.message import Message
from index.warc import files, torn
from index.warc.files import is_file_name, make_place, month
from index.warc.messages import RawMessage
from index.warc.place import MARK, FileFacts
from index.warc.record import WarcDamaged, WarcMissing, WarcRef, empty, pack_info


@dataclass(frozen=True, slots=True)
class Folder:
    """The WARC files in a folder, which may be on a mount that several machines share, if its locks are shared too."""

    path: Path

    @property
    def name(self) -> str:
        """The path of the folder."""
        return str(self.path)

    def writer(self, name: str, info: Mapping[str, str], file_bytes: int) -> FolderWriter:
        """A writer of files that are locked while it lives."""
        return FolderWriter(self.path, name, info, file_bytes)

    def read(self, ref: WarcRef) -> bytes:
        """The bytes at a location."""
        if not is_file_name(ref.file):
            raise WarcMissing(f"raw copy {ref.file!r} is no name of a file of ours")
        path = self.path / ref.file
        try:
            if not path.is_file():  # whoever opened a pipe would wait for ever
                raise FileNotFoundError(ENOENT, "no file")
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if not 0 <= ref.offset < ref.offset + ref.length <= size:
                    raise WarcMissing(f"raw copy {path} ends at {size}, before the end of the record at {ref.offset}")
                file.seek(ref.offset)
                return file.read(ref.length)
        except OSError as error:
            kind = WarcMissing if isinstance(error, FileNotFoundError | NotADirectoryError) else WarcDamaged
            raise kind(f"raw copy {path} cannot be read: {error.strerror}") from error

    def listed(self, start: str = "") -> dict[str, FileFacts]:
        """The files by their names."""
        found = {}
        for name in files.names(self.path, start):
            with suppress(FileNotFoundError):  # deleted meanwhile
                stat = (self.path / name).stat()
                found[name] = FileFacts(stat.st_size, stat.st_mtime)
        return found

    def free(self) -> int:
        """The free bytes of the disk."""
        try:
            there = next(folder for folder in (self.path, *self.path.parents) if folder.exists())
            return shutil.disk_usage(there).free
        except OSError as error:  # such as of a mount whose server is away
            raise ArchiveError(Message(RawMessage.FAILED, {"place": self.name, "why": error.strerror})) from error

    @contextmanager
    def create(self, name: str) -> Iterator[IO[bytes]]:
        """A new file to write to, synced to disk."""
        path = make_place(self.path, name)
        with new_file(path) as out:
            yield out
        sync_folder(path.parent)

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Whether a file is there that is not locked, and stays locked by us during the block."""
        with files.held(self.path / name) as file:
            yield file is not None

    def blank(self, refs: Iterable[WarcRef]) -> int:
        """Overwrite these records in place; an active writer may go on."""
        done = 0
        for name, its in files.by_file(refs):
            path = self.path / name
            try:
                with path.open("r+b") as file:
                    size = os.fstat(file.fileno()).st_size
                    for ref in its:
                        if ref.offset + ref.length <= size:
                            file.seek(ref.offset)
                            file.write(empty(ref.length))
                            done += 1
                    file.flush()
                    os.fsync(file.fileno())
            except FileNotFoundError:
                continue
            except OSError as error:
                raise ArchiveError(f"cannot blank raw copies in {path}: {error.strerror}") from error
        return done

    def remove(self, name: str) -> bool:
        """Delete a file for good, with what was left of an attempt to write it and what was cut off it."""
        return files.remove(self.path, name)

    def repair(self, files: Mapping[str, int]) -> int:
        """Cut off torn records; what is cut stays beside the file, as `NAME.torn-OFFSET`."""
        return torn.repair(self.path, files)

    def torn_bytes(self, name: str) -> int:
        """The number of bytes after the last complete record of a file; 0 while its writer is active."""
        return torn.torn_bytes(self.path / name)

    def remove_cut(self) -> None:
        """Delete what was cut off any file and kept beside it."""
        torn.remove_cut(self.path)

    def claim(self, archive: str) -> str:
        """The id of the archive whose files these are: this one, if they were nobody's."""
        mark = self.path / MARK
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with suppress(FileThere), new_file(mark) as out:
                out.write(archive.encode())
            sync_folder(self.path)
            return mark.read_text("utf-8", "replace").strip()
        except OSError as error:
            raise ArchiveError(Message(RawMessage.FAILED, {"place": self.name, "why": error.strerror})) from error


class FolderWriter:
    """Appends records to files of its own."""

    def __init__(self, folder: Path, name: str, info: Mapping[str, str], file_bytes: int) -> None:
        self._folder, self._name, self._info, self._file_bytes = folder, name, info, file_bytes
        self._file: FileIO | None = None
        self._number = 0  # of our last file
        self._guard = threading.Lock()

    def append(self, record: bytes) -> WarcRef:
        """Write a record, synced to disk."""
        with self._guard:
            try:
                file = self._ready()
                offset = self._put(file, record)
            except OSError as error:
                raise ArchiveError(f"cannot write raw copies to {self._folder}: {error.strerror}") from error
            return WarcRef(_path(file).relative_to(self._folder).as_posix(), offset, len(record))

    def ahead(self, records: Callable[[], Sequence[bytes]]) -> Future[list[WarcRef]]:  # noqa: ARG002 - it is quick
        """Nothing yet."""
        done: Future[list[WarcRef]] = Future()
        done.set_result([])
        return done

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _ready(self) -> FileIO:
        if self._file is not None:
            if self._file.seek(0, os.SEEK_END) < self._file_bytes:
                return self._file
            self._file.close()
            self._file = None
        self._file = self._begin()
        return self._file

    def _begin(self) -> FileIO:
        """A new file. One that is there already is another writer's, such as that of an archive which was lost."""
        while True:
            self._number += 1
            path = make_place(self._folder, f"{month(datetime.now(UTC))}/{self._name}-{self._number:05}.warc.gz")
            with suppress(FileExistsError):
                file = FileIO(path, "x+")
                break
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # shows that its writer lives
            self._put(file, pack_info(path.name, self._info))
            sync_folder(path.parent)
        except BaseException:
            path.unlink(missing_ok=True)
            file.close()
            raise
        return file

    def _put(self, file: FileIO, record: bytes) -> int:
        offset = file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(record)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(offset)
            raise
        return offset


def _path(file: FileIO) -> Path:
    return Path(str(file.name))
