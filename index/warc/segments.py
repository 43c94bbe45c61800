"""Records put together into segments, each an object of its own, for a place where nothing can be appended to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate

from index.errors import ArchiveError
from index.warc.files import month
from index.warc.messages import RawMessage
from index.warc.record import WarcRef, pack_info

SEGMENT_SECONDS = 1.0  # that a segment waits for further records; a page waits as long, and its site's next ones
SEGMENT_BYTES = 8 * 1024**2  # at which it waits no longer
PATIENCE = 60.0  # seconds that records written ahead wait for a server that is away: it may be starting anew

AGAIN = 1.0  # seconds between two attempts, each of which takes some itself

Put = Callable[[str, bytes], bool]  # creates a file; whether it has this content now, and not another writer's


@dataclass(slots=True, eq=False)
class _Segment:
    """Records that become one object, and those who wait for their locations: from which record on, and how many."""

    records: list[bytes] = field(default_factory=list)
    waiting: list[tuple[int, int, Future[list[WarcRef]]]] = field(default_factory=list)


class SegmentWriter:
    """Writes records as objects named `2026/11/name-00001.warc.gz` and so on: those that are written ahead in one go,
    as they come within SEGMENT_SECONDS."""

    def __init__(self, put: Put, name: str, info: Mapping[str, str]) -> None:
        self._put, self._name, self._info = put, name, info
        self._number = 0  # of our last object
        self._guard = threading.Lock()
        self._open: _Segment | None = None

    def append(self, record: bytes) -> WarcRef:
        """Write a record as an object of its own."""
        return self._write([record])[0]

    def ahead(self, records: Callable[[], Sequence[bytes]]) -> Future[list[WarcRef]]:
        """The locations of these records, once the segment that has them is there."""
        mine: Future[list[WarcRef]] = Future()
        new = records()
        with self._guard:
            begun = self._open is None
            segment = self._open = self._open or _Segment()
            segment.waiting.append((len(segment.records), len(new), mine))
            segment.records += new
            full = sum(map(len, segment.records)) >= SEGMENT_BYTES
        if begun or full:
            timer = threading.Timer(0.0 if full else SEGMENT_SECONDS, self._flush, [segment])
            timer.daemon = True  # whoever waits for a location has stored nothing yet
            timer.start()
        return mine

    def close(self) -> None:
        """Write what is still open, for whoever waits for it."""
        with self._guard:
            segment = self._open
        if segment is not None:
            self._flush(segment, wait=False)

    def _flush(self, segment: _Segment, *, wait: bool = True) -> None:
        with self._guard:
            if self._open is not segment:
                return  # it was full before its time, or closed
            self._open = None
        try:
            refs = self._write(segment.records, PATIENCE if wait else 0.0)
        except BaseException as error:
            for _, _, mine in segment.waiting:
                mine.set_exception(error)
            if not isinstance(error, ArchiveError):
                raise
            return
        for first, number, mine in segment.waiting:
            mine.set_result(refs[first : first + number])

    def _write(self, records: Sequence[bytes], patience: float = 0.0) -> list[WarcRef]:
        while True:
            with self._guard:
                self._number += 1
                file = f"{month(datetime.now(UTC))}/{self._name}-{self._number:05}.warc.gz"
            head = pack_info(file.rpartition("/")[2], self._info)
            if self._put_in_time(file, b"".join((head, *records)), time.monotonic() + patience):
                break  # else it is another writer's, such as that of an archive which was lost
        offsets = accumulate(map(len, records), initial=len(head))
        return [WarcRef(file, offset, len(record)) for offset, record in zip(offsets, records, strict=False)]

    def _put_in_time(self, file: str, content: bytes, until: float) -> bool:
        """Put an object under this name, again and again while the server is away."""
        while True:
            try:
                return self._put(file, content)
            except ArchiveError as error:
                if error.code not in (RawMessage.AWAY, RawMessage.FAILED) or time.monotonic() >= until:
                    raise
            time.sleep(AGAIN)
