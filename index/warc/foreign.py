"""The responses in WARC records that anyone wrote: in chunks or without them, compressed in whatever way.

https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from hashlib import new, sha1
from io import BytesIO

from fastwarc.stream_io import BrotliReader, ChunkedReader, ZstdReader
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from index.warc.record import RECORD_BYTES, Record, WarcDamaged, WarcRef, status_of, unpack

PAGES = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.revisit

_DECODERS = {"br": BrotliReader, "zstd": ZstdReader}
_KEPT = ("", "identity", "gzip", "x-gzip", "deflate")  # encodings that whoever reads the body can undo
_OF_TRANSFER = ("transfer-encoding", "content-length")  # headers that do not apply to the body as it is given


@dataclass(frozen=True, slots=True)
class Content:
    """A record's response: the head as sent, and the body, without a transfer coding or a compression but gzip and
    deflate."""

    status_line: str
    headers: list[tuple[str, str]]
    body: bytes


def parse(packed: bytes, ref: WarcRef, url: str | None) -> Record:
    """What a record says that others wrote, a gzip member whose bytes are known to be those that were imported.

    :raises WarcDamaged: when it is no response that can be read.
    """
    try:
        record = next(iter(ArchiveIterator(BytesIO(unpack(packed, ref)), record_types=PAGES, parse_http=False)))
        found = content(record, RECORD_BYTES)
    except (OSError, StopIteration, ValueError):
        found = None
    if found is None:
        raise WarcDamaged(f"the record at {ref.offset} of {ref.file} cannot be read")
    date = record.headers.get("WARC-Date") or ""
    digest = record.headers.get("WARC-Payload-Digest") or _sha1(found.body)
    return Record(packed, url or target(record), date, status_of(found.status_line), found.headers, found.body, digest)


def target(record: WarcRecord) -> str:
    """The URL of a record."""
    return (record.headers.get("WARC-Target-URI") or "").strip("<> ")  # WARC 1.0 has it in brackets


def has_response(record: WarcRecord) -> bool:
    """Whether the content of a record is an HTTP response, and not the page alone. FastWARC's own answer is no where
    the type is written in capitals."""
    if record.record_type == WarcRecordType.resource:
        return False
    return record.is_http or (record.headers.get("Content-Type") or "").lower().startswith("application/http")


def agrees(digest: str, data: bytes) -> bool | None:
    """Whether data has a digest as WARC headers have it, such as `sha1:` with base 32, or base 16; None if it is of a
    kind that is not known here, and tells nothing."""
    label, _, value = digest.strip().partition(":")
    try:
        found = new(label.lower().replace("sha-", "sha"), data, usedforsecurity=False).digest()
    except (ValueError, TypeError):  # TypeError: one of any length
        return None
    return value.strip().rstrip("=").lower() in (found.hex(), b32encode(found).decode().rstrip("=").lower())


def content(record: WarcRecord, most: int) -> Content | None:
    """The response of a record that was not read yet; None if it is not as its digest says, in an encoding that is not
    known, or becomes longer than `most` bytes."""
    if not has_response(record):  # such as FTP's: nothing but its content
        body = record.reader.read()
        return Content("HTTP/1.1 200 OK", [("Content-Type", record.headers.get("Content-Type") or "")], body)
    record.is_http = True
    record.parse_http(quirks_mode=True)  # RFC 9112, section 2.2: lines may end with LF alone
    line, headers = record.http_headers.status_line or "", list(record.http_headers.to_tuples())
    named = {name.lower(): value.strip().lower() for name, value in headers}
    chunked = named.get("transfer-encoding") == "chunked"
    # Only where there is no digest of the block: writers differ in whether the payload's is of the chunks.
    body, digest = record.reader.read(), record.headers.get("WARC-Payload-Digest")
    of_block = record.headers.get("WARC-Block-Digest") is not None
    if digest is not None and not of_block and not chunked and agrees(digest, body) is False:
        return None
    if chunked:
        body = _unchunked(body)
    encoding = named.get("content-encoding", "")
    if encoding in _DECODERS:
        body = _DECODERS[encoding](BytesIO(body)).read(most + 1)
        if len(body) > most:  # a small one can unpack to gigabytes
            return None
        headers = [pair for pair in headers if pair[0].lower() != "content-encoding"]
    elif encoding not in _KEPT:
        return None
    return Content(line, [pair for pair in headers if pair[0].lower() not in _OF_TRANSFER], body)


def _unchunked(body: bytes) -> bytes:
    """The body without its chunks, or as it is if it has none: some crawlers remove them and keep the header."""
    try:
        return ChunkedReader(BytesIO(body)).read() or body
    except OSError:
        return body


def _sha1(body: bytes) -> str:
    return f"sha1:{b32encode(sha1(body, usedforsecurity=False).digest()).decode()}"
