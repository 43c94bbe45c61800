"""Records that lie where others wrote them: in files of this machine, on web servers or in buckets.

An import can refer to such a record instead of copying it: by the address of its file, by its position and length in
bytes, and by the SHA-256 of these bytes, so that a file that was changed is noticed. Only what lies below the places
that the settings name is read, whatever an archive refers to, which somebody else may have written. Nothing is ever
written there.
"""

from __future__ import annotations

import gzip
import os
import posixpath
import re
import stat
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple
from urllib.parse import parse_qsl, unquote, urldefrag, urlsplit

from index.errors import ArchiveError
from index.warc.record import GZIP, MEMBER, RECORD, RECORD_BYTES, WarcDamaged, WarcMissing, WarcRef

WEB = ("http://", "https://")
SCHEMES = ("file://", *WEB, "s3://")
TIMEOUT = 20.0  # seconds without a byte from a web server

_PIECE = 64 * 1024  # bytes read at a time
_HEAD = 64 * 1024  # bytes in which the header of a record that is not compressed ends
_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
_END = b"\r\n\r\n"  # of a record's header, and of the record
_COMPARED = 1_000  # bytes at the beginning of a file


def is_outside(name: str) -> bool:
    """Whether the archive refers by this name to a file that others wrote."""
    return name.startswith(SCHEMES)


class _Where(NamedTuple):
    """What addresses are compared by."""

    scheme: str
    server: str
    query: tuple[tuple[str, str], ...]  # of a bucket: its server
    path: PurePosixPath


@dataclass(frozen=True, slots=True)
class Outside:
    """The files of others in these `places`: folders, or what their addresses begin with, as `raw.outside` has it."""

    places: Sequence[str] = ()

    def address(self, name: str) -> str | None:
        """The address by which the archive refers to the file with this path or address; None if it is in none of the
        places, so that its records are copied."""
        address = urldefrag(name).url if is_outside(name) else Path(os.path.realpath(name)).as_uri()
        return address if self._has(address) else None

    def check(self, address: str, file: Path) -> None:
        """Check that parts of the file at this address can be read, which is the same as this one.

        :raises WarcDamaged: when they cannot, as where a web server gives files as a whole only.
        """
        with file.open("rb") as stream:
            first = stream.read(_COMPARED)
        if _bytes(address, 0, len(first)) != first:
            raise WarcDamaged(f"{address} is not what was read there before")

    def read(self, ref: WarcRef) -> bytes:
        """The record at a location, as a gzip member.

        :raises WarcMissing: when its file is in none of the places, is not there, cannot be read, or ends before it.
        :raises WarcDamaged: when other bytes are there than were.
        """
        if not self._has(ref.file):
            raise WarcMissing(
                f"the record at {ref.offset} lies in {ref.file}, which is in none of the places in `raw.outside`: "
                "add its folder there"
            )
        found = _bytes(ref.file, ref.offset, ref.length)
        if sha256(found).hexdigest() != ref.digest:
            raise WarcDamaged(f"{ref.file} was changed: the record at {ref.offset} is not as it was imported")
        return found if found.startswith(MEMBER) else gzip.compress(found, mtime=0)

    def _has(self, address: str) -> bool:
        here = _where(address)
        return here is not None and any(
            there is not None and here[:3] == there[:3] and here.path.is_relative_to(there.path)
            for there in map(_where, self.places)
        )


NOWHERE = Outside()


def record_at(file: BinaryIO, offset: int) -> bytes | None:
    """The bytes of the record that begins at an offset of a WARC file: its gzip member, or all of it to its end. None
    if it cannot be referred to: it is not whole, or not alone in its member, or in neither form."""
    file.seek(offset)
    beginning = file.read(_PIECE)
    if not beginning.startswith(MEMBER):
        end = _end(beginning)
        record = beginning[:end] + file.read(max(0, end - len(beginning)))
        return record if len(record) == end and record.endswith(_END) else None
    unpacker, packed, plain, piece = zlib.decompressobj(GZIP), b"", b"", beginning
    try:
        while piece and not unpacker.eof and len(plain) < RECORD_BYTES:
            packed += piece
            plain += unpacker.decompress(piece, RECORD_BYTES - len(plain))
            piece = file.read(_PIECE) if not unpacker.eof else b""
    except zlib.error:
        return None
    alone = unpacker.eof and plain.endswith(_END) and len(plain) == _end(plain)
    return packed[: len(packed) - len(unpacker.unused_data)] if alone else None


def _end(beginning: bytes) -> int:
    """Where a record ends that begins so; 0 if that is not one."""
    head, end, _ = beginning[:_HEAD].partition(_END)
    length = _LENGTH.search(head + b"\r\n")
    if not RECORD.match(beginning) or not end or length is None or int(length[1]) > RECORD_BYTES:
        return 0
    return len(head) + len(_END) + int(length[1]) + len(_END)


def _where(address: str) -> _Where | None:
    """What a file or a place is compared by; None if it is none. A path leads where its links and dots lead."""
    try:
        parts = urlsplit(address if is_outside(address) else Path(address).as_uri())
        query = tuple(sorted(parse_qsl(parts.query))) if parts.scheme == "s3" else ()
        path = unquote(parts.path)
        path = os.path.realpath(path) if parts.scheme == "file" else posixpath.normpath(f"/{path.lstrip('/')}")
    except ValueError:
        return None
    if "@" in parts.netloc or bool(parts.netloc) == (parts.scheme == "file"):
        return None
    return _Where(parts.scheme, parts.netloc.lower(), query, PurePosixPath(path))


# --- reading a part of a file ----------------------------------------------------------------------------------------


def _bytes(address: str, offset: int, length: int) -> bytes:
    """So many bytes of a file from a place on.

    :raises WarcMissing: when they are not there, or cannot be read.
    """
    read = _of_file if address.startswith("file://") else _of_object if address.startswith("s3://") else _of_web
    try:
        found = read(address, offset, length) if offset >= 0 and length > 0 else b""
    except (OSError, ValueError, ArchiveError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise WarcMissing(f"{address}, which has the record at {offset}, cannot be read: {why}") from None
    if len(found) != length:
        raise WarcMissing(f"{address} ends before the end of the record at {offset}")
    return found


def _of_file(address: str, offset: int, length: int) -> bytes:
    path = Path(unquote(urlsplit(address).path))
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would have to be waited for
        raise ValueError("it is no file")
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def _of_object(address: str, offset: int, length: int) -> bytes:
    from index.warc.bucket import object_at  # what it loads is for those who have a bucket

    bucket, key = object_at(address)
    found = bucket.piece(key, offset, length)
    if found is None:
        raise ValueError("there is no such object, or it ends before it")
    return found


def _of_web(address: str, offset: int, length: int) -> bytes:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    headers = {"Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity", "User-Agent": "Arshif"}
    try:
        with urlopen(Request(address, headers=headers), timeout=TIMEOUT) as answer:
            said = answer.headers.get("Content-Range", "")
            if answer.status != HTTPStatus.PARTIAL_CONTENT or not said.startswith(f"bytes {offset}-"):
                raise ValueError("its server does not give parts of files")
            return bytes(answer.read(length + 1))
    except HTTPError as error:
        error.close()
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return b""
        raise ValueError(str(error)) from error
    except HTTPException as error:  # such as an answer that breaks off
        raise ValueError(str(error) or type(error).__name__) from error
