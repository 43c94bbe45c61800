"""Raw responses, byte for byte as servers sent them, in WARC 1.1 files with one gzip member per record.

Any WARC tool can read them (https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from index.warc.folder import Folder
from index.warc.outside import NOWHERE, Outside
from index.warc.place import Place, Writer
from index.warc.record import Record, Resource, Response, WarcDamaged, WarcRef, pack, pack_resource, parse, unpack

FILE_BYTES = 1024**3  # length at which a file is closed: 1 GB is the WARC guidelines' recommended size


class WarcStore:
    """The raw responses in a place, such as a folder. It reads what any process wrote there, and writes to files of its
    own in the folder of the month, beginning with `2026/11/name-00001.warc.gz`. Records that lie `outside` are read
    there.

    `name` is the writer's, such as `20261123T191000-run7`; no existing file is written to. A file of `file_bytes` or
    more gets no further record. `moved` gives the location that a record has by now, where its file was merged into
    another one after the reference to it was read.
    """

    def __init__(
        self,
        place: Place | Path | str,
        name: str | None = None,
        info: Mapping[str, str] | None = None,
        *,
        file_bytes: int = FILE_BYTES,
        outside: Outside = NOWHERE,
        moved: Callable[[WarcRef], WarcRef | None] = lambda _: None,
    ) -> None:
        self.place: Place = Folder(Path(place)) if isinstance(place, Path | str) else place
        self.outside, self._moved = outside, moved
        self._writer: Writer = self.place.writer(
            name or f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}",
            {"software": "Arshif", "format": "WARC File Format 1.1", **(info or {})},
            file_bytes,
        )

    def append(self, what: Response | Resource) -> WarcRef:
        """Write a response or a resource, and return its location once it is there for good. Thread-safe.

        :raises ArchiveError: when it cannot be written; then nothing of it is there.
        """
        return self._writer.append(_pack(what))

    def ahead(self, whats: Sequence[Response | Resource]) -> Future[list[WarcRef]]:
        """Write these before anything refers to them, where that takes long: their locations, once they are there for
        good. Where it does not, nothing is written yet, and there is none. Thread-safe.

        :raises ArchiveError: from the future, when they cannot be written.
        """
        return self._writer.ahead(lambda: [_pack(what) for what in whats])

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
        packed = self.packed(ref)
        if ref.digest is None:
            return parse(packed, ref, url)
        from index.warc import foreign  # loads FastWARC, which a crawl does not need

        return foreign.parse(packed, ref, url)

    def unpacked(self, ref: WarcRef, url: str | None = None) -> bytes:
        """A record as it was before it was compressed, after its digests were checked.

        :raises WarcDamaged: as `read` does.
        """
        return unpack(self.checked(ref, url), ref)

    def packed(self, ref: WarcRef) -> bytes:
        """A record as stored, a gzip member.

        :raises WarcDamaged: when the file is missing or too short.
        """
        try:
            return (self.place if ref.digest is None else self.outside).read(ref)
        except WarcDamaged:
            later = self._moved(ref)
            if later is None or later == ref:
                raise
        return self.packed(later)

    def close(self) -> None:
        """Write no more."""
        self._writer.close()

    def __enter__(self) -> WarcStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pack(what: Response | Resource) -> bytes:
    return pack(what) if isinstance(what, Response) else pack_resource(what)
