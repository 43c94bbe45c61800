"""Raw responses, byte for byte as servers sent them, in WARC 1.1 files with one gzip member per record.

Any WARC tool can read them (https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/).
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from index.atomic_files import sync_folder
from index.errors import ArchiveError
from index.warc.files import is_file_name, make_place, month
from index.warc.record import (
    Record,
    Resource,
    Response,
    WarcDamaged,
    WarcRef,
    pack,
    pack_info,
    pack_resource,
    parse,
    unpack,
)

FILE_BYTES = 1024**3  # length at which a file is closed: 1 GB is the WARC guidelines' recommended size


class WarcStore:
    """A folder of raw responses. It reads what any process wrote there, and writes to files of its own in the folder of
    the month, beginning with `2026/11/name-00001.warc.gz`.

    `name` is the writer's, such as `20261123T191000-run7`; no existing file is written to. A file of `file_bytes` or
    more gets no further record. `moved` gives the location that a record has by now, where its file was merged into
    another one after the reference to it was read.
    """

    def __init__(
        self,
        folder: Path | str,
        name: str | None = None,
        info: Mapping[str, str] | None = None,
        *,
        file_bytes: int = FILE_BYTES,
        moved: Callable[[WarcRef], WarcRef | None] = lambda _: None,
    ) -> None:
        self.folder = Path(folder)
        self._moved = moved
        self._file_bytes = file_bytes
        self._name = name or f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}"
        self._info = {"software": "Arshif", "format": "WARC File Format 1.1", **(info or {})}
        self._file: FileIO | None = None
        self._number = 0  # of our last file
        self._guard = threading.Lock()

    def append(self, what: Response | Resource) -> WarcRef:
        """Write a response or a resource, synced to disk, and return its location. Thread-safe.

        :raises ArchiveError: when it cannot be written; then the file is as before.
        """
        record = pack(what) if isinstance(what, Response) else pack_resource(what)
        with self._guard:
            try:
                file = self._ready()
                offset = self._put(file, record)
            except OSError as error:
                raise ArchiveError(f"cannot write raw copies to {self.folder}: {error.strerror}") from error
            return WarcRef(_path(file).relative_to(self.folder).as_posix(), offset, len(record))

    def read(self, ref: WarcRef, url: str | None = None) -> tuple[list[tuple[str, str]], bytes]:
        """The headers and the body of a record.

        :raises WarcDamaged: when it is not a complete response, not as its digests say, or not one of `url`.
        """
        found = self.record(ref, url)
        return list(found.headers), found.body

    def checked(self, ref: WarcRef, url: str | None = None) -> bytes:
        """A record as stored, a gzip member, after its digests were checked.

        :raises WarcDamaged: as `read` does.
        """
        return self.record(ref, url).packed

    def record(self, ref: WarcRef, url: str | None = None) -> Record:
        """A record with what it says of itself, after its digests were checked.

        :raises WarcDamaged: as `read` does.
        """
        return parse(self.packed(ref), ref, url)

    def unpacked(self, ref: WarcRef, url: str | None = None) -> bytes:
        """A record as it was before it was compressed, after its digests were checked.

        :raises WarcDamaged: as `read` does.
        """
        return unpack(self.checked(ref, url), ref)

    def holds(self, ref: WarcRef) -> bool:
        """Whether the file of a record is there, and reaches to its end."""
        try:
            size = (self.folder / ref.file).stat().st_size if is_file_name(ref.file) else 0
        except OSError:
            size = 0
        if 0 <= ref.offset < ref.offset + ref.length <= size:
            return True
        later = self._moved(ref)
        return later is not None and later != ref and self.holds(later)

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __enter__(self) -> WarcStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing

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
            path = make_place(self.folder, f"{month(datetime.now(UTC))}/{self._name}-{self._number:05}.warc.gz")
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

    # --- reading

    def packed(self, ref: WarcRef) -> bytes:
        """A record as stored, a gzip member.

        :raises WarcDamaged: when the file is missing or too short.
        """
        try:
            return self._packed(ref)
        except WarcDamaged:
            later = self._moved(ref)
            if later is None or later == ref:
                raise
        return self.packed(later)

    def _packed(self, ref: WarcRef) -> bytes:
        if not is_file_name(ref.file):
            raise WarcDamaged(f"raw copy {ref.file!r} is no name of a file of ours")
        path = self.folder / ref.file
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if not 0 <= ref.offset < ref.offset + ref.length <= size:
                    raise WarcDamaged(f"raw copy {path} ends at {size}, before the end of the record at {ref.offset}")
                file.seek(ref.offset)
                return file.read(ref.length)
        except OSError as error:
            raise WarcDamaged(f"raw copy {path} cannot be read: {error.strerror}") from error


def _path(file: FileIO) -> Path:
    return Path(str(file.name))
