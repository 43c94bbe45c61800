"""Where the record of an imported page is to be found: where it lies, or in a copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection

from crawler.importing.unpacking import Input
from index.archive import warc_records
from index.warc.outside import record_at
from index.warc.record import WarcRef


@dataclass(slots=True)
class RawRecord:
    """The record of a page at an offset of a file, and what writes its copy, once. It `is_referred` to where it lies
    once it was `located` there."""

    source: Input
    offset: int
    copy: Callable[[], WarcRef]
    is_referred: bool = False

    def located(self, conn: Connection) -> WarcRef:
        """Where the record is to be found: where it lies, if it is one that can be referred to, else in a copy. So is
        one to which the archive refers already: each of its references is removed by itself."""
        found = self._lying()
        self.is_referred = found is not None and not warc_records.is_referred(conn, found)
        return found if found is not None and self.is_referred else self.copy()

    def _lying(self) -> WarcRef | None:
        if self.source.address is None:
            return None
        with self.source.file.open("rb") as file:
            data = record_at(file, self.offset)
        if data is None:
            return None
        start = self.source.start + self.offset
        return WarcRef(self.source.address, start, len(data), digest=sha256(data).hexdigest())
