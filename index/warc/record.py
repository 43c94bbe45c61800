"""A raw response as a WARC 1.1 record: packed into a gzip member, and read back with its digests checked."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1
from io import BytesIO, FileIO
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from index.errors import ArchiveError, ArshifError

RECORD_BYTES = 128 * 1024**2  # longest unpacked record; by default, a page has at most 5 MiB, a source 50
MEMBER = b"\x1f\x8b\x08"  # how a gzip member begins: its magic number and the method, RFC 1952
RECORD = re.compile(rb"WARC/1\.[01]\r?\n")  # the first line of a record
GZIP = zlib.MAX_WBITS + 16  # tells zlib to expect gzip's header and checksum
_PACKED, _STORED = 6, 0  # zlib levels: compressing what came compressed only takes time
_COMMENT = 0x10  # FLG.FCOMMENT of a gzip member's header, RFC 1952: text up to a zero byte, which readers skip
_STATUS = re.compile(r"HTTP/\S+ ([1-9]\d\d)\b")  # how the head of a response begins
_FIRST_LINE = 16  # bytes at least that it fits in
_CHUNK_BYTES = 1024 * 1024  # bytes read at a time

Headers = Sequence[tuple[str, str]]


class WarcDamaged(ArshifError):
    """A raw response is missing or not as written: its article stays, but cannot be extracted again."""


class WarcMissing(WarcDamaged):
    """The file of a raw response is not there, or ends before it."""


@dataclass(frozen=True, slots=True)
class WarcRef:
    """The location of a record: the file's name in the WARC folder, and the position of its gzip member in bytes; and
    the `id` by which the archive knows where it is now, if it came from there. Of a record that lies outside, `file` is
    the address of a file that others wrote, and `digest` the SHA-256 of its bytes there (`index.warc.outside`)."""

    file: str
    offset: int
    length: int
    id: int | None = field(default=None, compare=False)
    digest: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A response as received: `status_line` such as `HTTP/1.1 200 OK`, headers in original order and case, and the
    body's bytes. `url` is the one after redirects; `fetched` is aware. `truncated` says why the body was not kept, as
    WARC-Truncated does: `length` or `unspecified`; empty if it was."""

    url: str
    fetched: datetime
    status_line: str
    headers: Headers
    body: bytes
    truncated: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that belongs to a page, such as a picture of it: its URL, when it was made (aware), its media type and its
    bytes. As a record it has no headers of a server."""

    url: str
    fetched: datetime
    media: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """A response or a resource as a WARC file has it: `packed` is its gzip member, `date` its WARC-Date as written,
    `digest` that of its payload, such as `sha1:` and base 32. A resource has the status and the header of a response
    with it."""

    packed: bytes
    url: str
    date: str
    status: int
    headers: Headers
    body: bytes
    digest: str


class _AsReceived(StatusAndHeaders):  # type: ignore[misc]
    """The head of a response, which warcio writes unchanged; otherwise it would normalize and percent-encode it."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_line, list(response.headers))
        lines = [response.status_line, *(f"{name}: {value}" for name, value in response.headers), "", ""]
        self.headers_buff = "\r\n".join(lines).encode("latin-1", "backslashreplace")

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        """Nothing to compute."""


def pack(response: Response) -> bytes:
    """A response as a gzip member with its record."""
    plain = BytesIO()
    writer = WARCWriter(plain, gzip=False, warc_version="WARC/1.1")
    when = _moment(response.fetched)
    record = writer.create_warc_record(
        response.url,
        "response",
        payload=BytesIO(response.body),
        length=len(response.body),
        warc_headers_dict={"WARC-Date": when} | ({"WARC-Truncated": response.truncated} if response.truncated else {}),
        http_headers=_AsReceived(response),
    )
    writer.write_record(record)
    encoded = any(name.lower() == "content-encoding" for name, _ in response.headers)
    return gzip.compress(plain.getvalue(), _STORED if encoded else _PACKED, mtime=0)


def pack_resource(resource: Resource) -> bytes:
    """A resource as a gzip member with its record."""
    plain = BytesIO()
    writer = WARCWriter(plain, gzip=False, warc_version="WARC/1.1")
    record = writer.create_warc_record(
        resource.url,
        "resource",
        payload=BytesIO(resource.body),
        length=len(resource.body),
        warc_content_type=resource.media,
        warc_headers_dict={"WARC-Date": _moment(resource.fetched)},
    )
    writer.write_record(record)
    encoded = resource.media.startswith("image/")
    return gzip.compress(plain.getvalue(), _STORED if encoded else _PACKED, mtime=0)


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def pack_info(name: str, info: Mapping[str, str]) -> bytes:
    """The `warcinfo` record with which a file begins."""
    packed = BytesIO()
    writer = WARCWriter(packed, gzip=True, warc_version="WARC/1.1")
    writer.write_record(writer.create_warcinfo_record(name, dict(info)))
    return packed.getvalue()


def empty(length: int) -> bytes:
    """A gzip member of this length with an empty WARC record.

    :raises ArchiveError: when that is too short for one.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    head = f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:{uuid4()}>\r\nWARC-Date: {now}\r\n"
    record = f"{head}Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n\r\n\r\n".encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(record) + packer.flush()
    start = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, _COMMENT, 0, 0, 255)
    end = struct.pack("<II", zlib.crc32(record), len(record))
    padding = length - len(start) - 1 - len(packed) - len(end)
    if padding < 0:
        raise ArchiveError(f"a record of {length} bytes is too short to be blanked")
    return start + b" " * padding + b"\0" + packed + end


def unpack(packed: bytes, ref: WarcRef) -> bytes:
    """A record as it was before it was compressed.

    :raises WarcDamaged: when it is not one whole gzip member.
    """
    unpacker = zlib.decompressobj(GZIP)
    try:
        record = unpacker.decompress(packed, RECORD_BYTES)
    except zlib.error as error:
        raise WarcDamaged(f"raw copy {ref.file} at {ref.offset} is damaged: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise WarcDamaged(f"raw copy {ref.file} at {ref.offset} is not one whole record")
    return record


def parse(packed: bytes, ref: WarcRef, url: str | None) -> Record:
    """What a record says, after its digests were checked.

    :raises WarcDamaged: when it is not a complete response or resource, not as its digests say, or not one of `url`.
    """
    where = f"raw copy {ref.file} at {ref.offset}"
    try:
        found = next(ArchiveIterator(BytesIO(unpack(packed, ref)), no_record_parse=True))
    except (StopIteration, ArchiveLoadFailed, ValueError) as error:
        raise WarcDamaged(f"{where} is no record of a WARC file") from error
    if found.rec_type not in ("response", "resource"):
        raise WarcDamaged(f"{where} is no answer but {found.rec_type}")
    target = found.rec_headers.get_header("WARC-Target-URI")
    if url is not None and not _is_of(target or "", url):
        raise WarcDamaged(f"{where} is the answer of {target}, not of {url}")
    try:
        block = found.raw_stream.read()
    except OverflowError as error:  # of a length beyond any file
        raise WarcDamaged(f"{where} is shorter than it says") from error
    head, _, body = block.partition(b"\r\n\r\n") if found.rec_type == "response" else (_head(found), b"", block)
    if found.rec_headers.get_header("Content-Length") != str(len(block)):  # warcio returns what there is
        raise WarcDamaged(f"{where} is shorter than it says")
    for name, content in (("WARC-Block-Digest", block), ("WARC-Payload-Digest", body)):
        if not _agrees(found.rec_headers.get_header(name), content):
            raise WarcDamaged(f"{where} is not as its {name} says")
    line, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    headers = [(name, value.removeprefix(" ")) for name, _, value in pairs]
    date, digest = (found.rec_headers.get_header(name) or "" for name in ("WARC-Date", "WARC-Payload-Digest"))
    return Record(packed, target or "", date, status_of(line), headers, body, digest)


def status_of(line: str) -> int:
    """The status in the first line of a response; 0 if it has none."""
    status = _STATUS.match(line)
    return int(status[1]) if status else 0


def _head(resource: Any) -> bytes:
    """The head of a response with a resource, as programs that replay archives give it."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {resource.rec_headers.get_header('Content-Type')}".encode(
        "latin-1", "replace"
    )


def _is_of(target: str, url: str) -> bool:
    """Whether a record of `target` is the response of `url`, of which the archive may know the canonical form, that has
    fewer parameters and escapes."""
    if target == url:
        return True
    try:
        same = _place(target) == _place(url)
    except ValueError:  # one has no valid host or port
        return False
    return same and _parameters(urlsplit(url).query) <= _parameters(urlsplit(target).query)


def _place(url: str) -> tuple[str, str | None, int | None, str]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port, unquote(parts.path)


def _parameters(query: str) -> set[str]:
    return set(filter(None, unquote(query).split("&")))


def _agrees(digest: str | None, content: bytes) -> bool:
    """Whether content has this digest of a WARC header, such as `sha1:` and base 32; None if the record has none."""
    if digest is None:
        return True
    name, _, value = digest.partition(":")
    if name.lower() != "sha1":  # as all of ours are
        return False
    return b32encode(sha1(content, usedforsecurity=False).digest()).decode() == value.upper()


def begins_record(data: bytes) -> bool:
    """Whether a gzip member with this beginning holds a record: compressed content of a page may look like one, too."""
    try:
        return RECORD.match(zlib.decompressobj(GZIP).decompress(data, _FIRST_LINE)) is not None
    except zlib.error:
        return False


def end_of_members(file: BinaryIO | FileIO, start: int) -> int:
    """The end of the last of the complete members that follow one another from `start` on; `start` if there is none."""
    file.seek(start)
    whole = at = start
    unpacker, data = zlib.decompressobj(GZIP), b""
    while True:
        if not data and not (data := file.read(_CHUNK_BYTES)):
            return whole
        given = len(data)
        try:
            unpacker.decompress(data, _CHUNK_BYTES)  # the output is discarded, so it is limited
        except zlib.error:
            return whole
        rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        at += given - len(rest)
        data = rest
        if unpacker.eof:
            whole, unpacker = at, zlib.decompressobj(GZIP)
