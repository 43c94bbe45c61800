"""Records of WARC files that the archive does not refer to, such as pages of a crawl that was killed before it had
stored them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from operator import attrgetter

from index.warc.place import Place
from index.warc.record import GZIP, MEMBER, WarcDamaged, WarcRef, begins_record

_CHUNK_BYTES = 1024 * 1024  # bytes unpacked at a time
_FIRST_BYTES = 256  # … of the beginning of a record
_HEAD_BYTES = 64 * 1024  # of a record, in which its own header ends
_END_OF_HEAD = b"\r\n\r\n"
_TARGET = re.compile(rb"\r\nWARC-Target-URI:[ \t]*<?([^\r\n>]*)", re.IGNORECASE)


def unreferred(place: Place, name: str, size: int, referred: Iterable[WarcRef]) -> Iterator[tuple[WarcRef, str]]:
    """The records in the first `size` bytes of a file beside those `referred` to, each with its URL, or an empty one.

    One that is torn or damaged reaches to where the next begins. A file that is not there has none. What lies between
    two records that are referred to is read at once.
    """
    for start, end in _between(referred, size):
        try:
            data = place.read(WarcRef(name, start, end - start))
        except WarcDamaged:  # it was merged with others meanwhile
            continue
        for offset, length, target in _records(data, 0, len(data)):
            yield WarcRef(name, start + offset, length), target


def _between(referred: Iterable[WarcRef], size: int) -> Iterator[tuple[int, int]]:
    at = 0
    for ref in sorted(referred, key=attrgetter("offset")):
        if at < min(ref.offset, size):
            yield at, min(ref.offset, size)
        at = max(at, ref.offset + ref.length)
    if at < size:
        yield at, size


def _records(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """The records between two places: where each begins, how long it is, and its URL."""
    at = _next(data, start, end)
    while at < end:
        head, length = _member(data, at, end)
        after = at + length if length else _next(data, at + 1, end)
        found = _TARGET.search(head.partition(_END_OF_HEAD)[0])
        yield at, after - at, found[1].decode("utf-8", "replace").strip() if found else ""
        at = _next(data, after, end)


def _next(data: bytes, start: int, end: int) -> int:
    """Where the next record begins; `end` if none does."""
    at = data.find(MEMBER, start, end)
    while at >= 0 and not begins_record(data[at : min(at + _FIRST_BYTES, end)]):
        at = data.find(MEMBER, at + 1, end)
    return at if at >= 0 else end


def _member(data: bytes, start: int, end: int) -> tuple[bytes, int]:
    """The beginning of a member as far as it can be read, and its length; 0 if it is not whole."""
    unpacker, head, at = zlib.decompressobj(GZIP), b"", start
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail
        if not packed:
            step = _CHUNK_BYTES if _END_OF_HEAD in head else _FIRST_BYTES  # the head of a damaged one can be read
            packed = data[at : min(at + step, end)]
            at += len(packed)
        try:
            piece = unpacker.decompress(packed, _CHUNK_BYTES)
        except zlib.error:
            return head, 0
        if not packed and not piece:
            return head, 0
        head += piece[: _HEAD_BYTES - len(head)]
    return head, at - len(unpacker.unused_data) - start
