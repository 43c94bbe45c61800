"""Records of WARC files that the archive does not refer to, such as pages of a crawl that was killed before it had
stored them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from operator import attrgetter

from index.warc.place import Place
from index.warc.record import GZIP, MEMBER, WarcDamaged, WarcRef, begins_record

_PIECE_BYTES = 8 * 1024**2  # read at a time: what was forgotten may leave a gap of a whole file
_CHUNK_BYTES = 1024 * 1024  # bytes unpacked at a time
_FIRST_BYTES = 256  # … of the beginning of a record
_HEAD_BYTES = 64 * 1024  # of a record, in which its own header ends
_END_OF_HEAD = b"\r\n\r\n"
_TARGET = re.compile(rb"\r\nWARC-Target-URI:[ \t]*<?([^\r\n>]*)", re.IGNORECASE)


def unreferred(place: Place, name: str, size: int, referred: Iterable[WarcRef]) -> Iterator[tuple[WarcRef, str]]:
    """The records in the first `size` bytes of a file beside those `referred` to, each with its URL, or an empty one.

    One that is torn or damaged reaches to where the next begins. A file that is not there has none.
    """
    for start, end in _between(referred, size):
        with suppress(WarcDamaged):  # it was merged with others meanwhile
            for offset, length, target in _records(_Gap(place, name, end), start):
                yield WarcRef(name, offset, length), target


def _between(referred: Iterable[WarcRef], size: int) -> Iterator[tuple[int, int]]:
    at = 0
    for ref in sorted(referred, key=attrgetter("offset")):
        if at < min(ref.offset, size):
            yield at, min(ref.offset, size)
        at = max(at, ref.offset + ref.length)
    if at < size:
        yield at, size


class _Gap:
    """What lies before the `end` of a gap, of which one piece is in memory."""

    def __init__(self, place: Place, name: str, end: int) -> None:
        self._place, self._name, self.end = place, name, end
        self._piece, self._start = b"", 0

    def bytes(self, at: int, most: int) -> bytes:
        """Up to so many bytes from a place on: fewer where the gap ends or, from _FIRST_BYTES on, the piece does; none
        at the end only.

        :raises WarcDamaged: when they cannot be read.
        """
        skip, left = at - self._start, self.end - at
        if left <= 0:
            return b""
        if not 0 <= skip <= len(self._piece) - min(left, _FIRST_BYTES):
            self._piece = self._place.read(WarcRef(self._name, at, min(left, _PIECE_BYTES)))
            self._start, skip = at, 0
        return self._piece[skip : skip + most]


def _records(gap: _Gap, start: int) -> Iterator[tuple[int, int, str]]:
    """The records from a place to the end of a gap: where each begins, how long it is, and its URL."""
    at = _next(gap, start)
    while at < gap.end:
        head, length = _member(gap, at)
        after = at + length if length else _next(gap, at + 1)
        found = _TARGET.search(head.partition(_END_OF_HEAD)[0])
        yield at, after - at, found[1].decode("utf-8", "replace").strip() if found else ""
        at = _next(gap, after)


def _next(gap: _Gap, at: int) -> int:
    """Where the next record begins; the end of the gap if none does."""
    while data := gap.bytes(at, _CHUNK_BYTES):
        found = data.find(MEMBER)
        while found >= 0:
            if begins_record(gap.bytes(at + found, _FIRST_BYTES)):
                return at + found
            found = data.find(MEMBER, found + 1)
        at += max(1, len(data) - len(MEMBER) + 1)  # the next may begin in one and end in the next
    return gap.end


def _member(gap: _Gap, start: int) -> tuple[bytes, int]:
    """The beginning of a member as far as it can be read, and its length; 0 if it is not whole."""
    unpacker, head, at = zlib.decompressobj(GZIP), b"", start
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail
        if not packed:
            step = _CHUNK_BYTES if _END_OF_HEAD in head else _FIRST_BYTES  # the head of a damaged one can be read
            packed = gap.bytes(at, step)
            at += len(packed)
        try:
            piece = unpacker.decompress(packed, _CHUNK_BYTES)
        except zlib.error:
            return head, 0
        if not packed and not piece:
            return head, 0
        head += piece[: _HEAD_BYTES - len(head)]
    return head, at - len(unpacker.unused_data) - start
