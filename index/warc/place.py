"""Where WARC files lie, and all that is done to them there: in a folder of this machine, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Protocol

from index.warc.record import WarcRef

MARK = "archive.id"  # the file that says which archive's WARC files these are


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The length of a WARC file in bytes, and when it was last written to (seconds since 1970)."""

    bytes: int
    modified: float


class Writer(Protocol):
    """Writes records to files of its own, which no other writes to."""

    def append(self, record: bytes) -> WarcRef:
        """Write a record, a gzip member, and return its location once it is there for good. Thread-safe.

        :raises ArchiveError: when it cannot be written; then nothing of it is there.
        """

    def ahead(self, records: Callable[[], Sequence[bytes]]) -> Future[list[WarcRef]]:
        """Write these records before anything refers to them, where that takes long: their locations, once they are
        there for good. Where it does not, nothing is written yet, and there is none.

        :raises ArchiveError: from the future, when they cannot be written.
        """

    def close(self) -> None:
        """Write no more."""


class Place(Protocol):
    """Where WARC files lie. Their names are those by which the archive refers to them (`index.warc.files`); a name of
    no file of ours, such as in an archive that somebody else wrote, leads to nothing."""

    @property
    def name(self) -> str:
        """What people call it: a path, or a URL."""

    def writer(self, name: str, info: Mapping[str, str], file_bytes: int) -> Writer:
        """A writer of files in the folder of the month, beginning with `2026/11/name-00001.warc.gz`. No existing file
        is written to; each begins with a `warcinfo` record of `info`, and gets no further record once it has
        `file_bytes` or more."""

    def read(self, ref: WarcRef) -> bytes:
        """The bytes at a location.

        :raises WarcMissing: when the file is not there, or too short.
        :raises WarcDamaged: when it cannot be read.
        """

    def listed(self, start: str = "") -> dict[str, FileFacts]:
        """The files by their names; of those only which begin with `start`, their months aside."""

    def free(self) -> int | None:
        """The free bytes there; None if there is no end to them.

        :raises ArchiveError: when that cannot be read.
        """

    def create(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A new file to write to, which is there for good, and whole, once the block ends without an error.

        :raises ArchiveError: when it cannot be written; then none is there.
        """

    def held(self, name: str) -> AbstractContextManager[bool]:
        """Whether a file is there that nobody writes to during the block."""

    def blank(self, refs: Iterable[WarcRef]) -> int:
        """Overwrite these records with empty ones of the same length, and return how many. All other records keep
        their positions; missing files are skipped.

        :raises ArchiveError: when a file cannot be written, or a record is too short to be blanked.
        """

    def remove(self, name: str) -> bool:
        """Delete a file for good, with what is left of attempts to write it; return whether it is gone. One whose
        writer goes on stays."""

    def repair(self, files: Mapping[str, int]) -> int:
        """Cut off what dead writers left torn at the end of these files; return the number of bytes removed. `files`
        says where the last record ends that the archive refers to: nothing before that is cut.

        :raises ArchiveError: when a file cannot be written.
        """

    def torn_bytes(self, name: str) -> int:
        """The number of bytes after the last complete record of a file; 0 while its writer is active."""

    def remove_cut(self) -> None:
        """Delete what `repair` has cut off and kept: it may be of any page."""

    def claim(self, archive: str) -> str:
        """The id of the archive whose files these are: this one, if they were nobody's.

        :raises ArchiveError: when that cannot be read or written.
        """
