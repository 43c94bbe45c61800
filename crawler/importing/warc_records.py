"""The responses in a WARC file that anyone wrote: gzip member by record, Zstandard unpacked before, or uncompressed.

FastWARC parses the records and stops at the first broken one, without an error for one that is cut short, so length and
digest decide here whether a record is whole. Whoever wrote a page may have put records into it, so only a frame tells
where reading may go on after damage: gzip members that follow each other whole to the end of the file cannot be within
a page, as the checksum after it covers what the crawler wrote, such as the record's random id. Uncompressed, nothing
tells.
https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fastwarc.warc import ArchiveIterator, WarcRecord

from crawler.discover.source_document import MAX_BYTES
from crawler.fetch.raw_capture import ENCODED, decoded, replayable
from index.warc import foreign
from index.warc.foreign import PAGES, Content, target
from index.warc.record import MEMBER, RECORD, begins_record, end_of_members

HTTP_OK = 200

_CHUNK = 1024 * 1024  # bytes searched at a time for the next record
_LOOK = 1024  # bytes by which one is recognised


class RecordHead(NamedTuple):  # cheaper to make than a dataclass: there are many that nobody wants
    """What a record says of itself before its content is read; `damaged` says that it is not whole.

    `offset` is the position of its gzip member or first line, in bytes; `date` is WARC-Date (UTC); `status` is None for
    a `resource`; `media_type` is in lower case, without parameters, and empty if it is not given.
    """

    offset: int
    kind: str
    url: str
    date: datetime | None
    status: int | None
    media_type: str
    length: int
    damaged: bool = False


def heads(file: Path) -> Iterator[RecordHead]:
    """The responses, resources and revisits in a file, in its order, and where a part of it is broken a head that is
    `damaged`.

    :raises OSError: when the file cannot be read.
    """
    start: int | None = 0
    with file.open("rb") as stream:
        packed = _is_packed(file, stream.read(_LOOK))
        while start is not None:
            stream.seek(start)
            last, broken = start, start == 0  # unless there is a record
            try:
                for record in ArchiveIterator(stream, parse_http=False):
                    last = record.stream_pos
                    length = _length(record)
                    broken = length is None
                    if record.record_type & PAGES and length is not None:
                        yield _head(record, last, length)
            except OSError:
                broken = True
            start = _next_run(stream, last + 1) if packed else None  # also without an error: it takes zeros for the end
            if broken or start is not None:
                yield RecordHead(last, "", "", None, None, "", 0, damaged=True)


def content(file: Path, offset: int, url: str) -> Content | None:
    """The response of the record of `url` at this offset; None if there is no such record, or it is not whole.

    :raises OSError: when the file cannot be read.
    """
    with file.open("rb") as stream:
        stream.seek(offset)
        try:
            record = next(iter(ArchiveIterator(stream, record_types=PAGES, parse_http=False)))
            return _content(record) if target(record) == url and _is_whole(record) else None
        except (OSError, StopIteration, ValueError):
            return None


def _length(record: WarcRecord) -> int | None:
    """The length that a record declares; None if it does not, so that nothing tells where the next one begins."""
    declared = (record.headers.get("Content-Length") or "").strip()
    return int(declared) if declared.isdecimal() and declared.isascii() else None


def _head(record: WarcRecord, offset: int, length: int) -> RecordHead:
    if foreign.has_response(record):
        record.is_http = True
        record.parse_http(quirks_mode=True)
        status, media_type = record.http_headers.status_code, record.http_content_type or ""
    else:
        status, media_type = None, record.headers.get("Content-Type") or ""
    return RecordHead(
        offset,
        str(record.headers.get("WARC-Type")),
        target(record),
        _utc(record.record_date),
        status,
        media_type.partition(";")[0].strip().lower(),
        length,
    )


def _utc(date: datetime | None) -> datetime | None:
    try:
        return date.astimezone(UTC) if date else None
    except OverflowError:  # at the ends of the calendar
        return None


def _is_whole(record: WarcRecord) -> bool:
    """Whether a record has its declared length and, if it has a digest, the bytes of that."""
    declared, digest = _length(record), record.headers.get("WARC-Block-Digest")
    block = record.reader.read()
    record.set_bytes_content(block)  # which sets the length, too
    return len(block) == declared and (digest is None or foreign.agrees(digest, block) is not False)


def _content(record: WarcRecord) -> Content | None:
    """The response of a record as it is kept: in no encoding that programs which replay archives do not show."""
    found = foreign.content(record, MAX_BYTES)
    if found is None or replayable(found.headers, found.body):
        return found
    body = decoded(found.headers, found.body)
    if len(body) >= MAX_BYTES:
        return None
    return Content(found.status_line, [pair for pair in found.headers if pair[0].lower() not in ENCODED], body)


def _is_packed(file: Path, beginning: bytes) -> bool:
    """Whether a file consists of gzip members, by its beginning or, if that is damaged, by its name."""
    return beginning.startswith(MEMBER) or (file.suffix == ".gz" and RECORD.match(beginning) is None)


def _next_run(stream: BinaryIO, start: int) -> int | None:
    """The first position from `start` on at which a record begins and from which on there are only whole members; None
    if there is none."""
    size = stream.seek(0, SEEK_END)
    while (found := _next_member(stream, start)) is not None:
        end = end_of_members(stream, found)
        if end == size:
            return found
        start = max(end, found + 1)  # those before the end are whole, so that all are within a page or none is
    return None


def _next_member(stream: BinaryIO, start: int) -> int | None:
    """The first position from `start` on that looks like a member with a record; None if there is none."""
    while True:
        stream.seek(start)
        window = stream.read(_CHUNK + _LOOK)
        place = window.find(MEMBER)
        while 0 <= place < _CHUNK:
            if begins_record(window[place : place + _LOOK]):
                return start + place
            place = window.find(MEMBER, place + 1)
        if len(window) <= _CHUNK:
            return None
        start += _CHUNK
