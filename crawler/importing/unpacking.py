"""A file that holds WARC records in whatever form, told by its content -> the files to read: as it is, unpacked, or
written anew.

FastWARC reads WARC 1.0 and 1.1, uncompressed or each record in a gzip member of its own, and only such a record can be
referred to where it lies. Files of other forms are unpacked: Zstandard's
(https://iipc.github.io/warc-specifications/specifications/warc-zstd/), those that were compressed as a whole or in
blocks, and WACZ's (https://specs.webrecorder.net/wacz/1.1.1/). warcio reads what FastWARC does not: ARC, and records
whose lines end with LF alone or whose field names are in another case, which WARC allows.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice, pairwise
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, BinaryIO

from fastwarc.stream_io import ZstdReader
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as AnyIterator
from warcio.exceptions import ArchiveLoadFailed

from crawler.errors import ArshifError
from index.warc.record import GZIP, MEMBER, begins_record

log = logging.getLogger("arshif.import")

WARCS = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
WACZ = ".wacz"

_CHUNK = 64 * 1024  # bytes read at a time
_LOOK = 1024  # bytes by which a record is recognised
_LOOKED_AT = 8  # records at the beginning by which a file's form is told
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_SKIPPED = b"\x2a\x4d\x18"  # of frames that hold no content, such as a dictionary, after a first byte of 0x50 to 0x5f
_SKIPPED_FIRST = range(0x50, 0x60)
_OTHER_ARC = re.compile(rb"filedesc:[^\n]*\n(?!1 )")  # its second line begins with the version
_DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
_FRAMING = {"warc-type": "WARC-Type", "content-length": "Content-Length"}  # names that FastWARC knows in this case only


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read: a WARC file, or a saved page. `name` is how the user knows it, such as `news.wacz: data.warc`.

    Where its records are referred to and not copied, `address` is that of the file which they lie in, and `start` where
    this one begins there."""

    name: str
    file: Path
    saved_page: bool = False
    address: str | None = None
    start: int = 0


def warcs(name: str, file: Path, address: str | None, work: Path) -> Iterator[Input]:
    """The WARC files to read of a file, whose records can be referred to at `address` if it need not be unpacked; what
    is, goes into the folder `work`.

    :raises ArshifError: when a WACZ file is damaged.
    """
    if file.name.lower().endswith(WACZ):
        yield from _in_wacz(name, file, address, work)
        return
    given, beginning = file, _beginning(file)
    if _is_zstandard(beginning):
        file = _unzstd(name, file, work)
    elif beginning.startswith(MEMBER) and not _is_by_record(file):
        file = _gunzip(name, file, work)
    if not _is_read(file):
        file = _written_anew(name, file, work) or given
    yield Input(name, file, address=address if file == given else None)


def _beginning(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_LOOK)


def _is_zstandard(beginning: bytes) -> bool:
    skipped = beginning[1:4] == _SKIPPED and beginning[0] in _SKIPPED_FIRST
    return skipped or beginning.startswith(_ZSTANDARD)


def _is_by_record(file: Path) -> bool:
    """Whether each record is in a gzip member of its own, as the specification asks, so that it can be read by itself;
    told by the first few. FastWARC gives those within a member the same place."""
    places: list[int] = []
    with file.open("rb") as stream:
        with suppress(OSError):  # what is damaged is told when it is looked through
            places.extend(one.stream_pos for one in islice(ArchiveIterator(stream, parse_http=False), _LOOKED_AT))
        if len(places) < 2:
            return True
        stream.seek(places[1])
        return begins_record(stream.read(_LOOK)) and all(one != other for one, other in pairwise(places))


def _is_read(file: Path) -> bool:
    """Whether FastWARC reads the first record. Where lines end with LF alone, it may give several of them as one field,
    and where names are in another case, a record without type and content."""
    with file.open("rb") as stream:
        try:
            first = next(iter(ArchiveIterator(stream, parse_http=False)), None)
        except OSError:
            return False
        return first is not None and all(
            "\n" not in value and _FRAMING.get(name.lower(), name) == name for name, value in first.headers
        )


class _AnyRecords(AnyIterator):  # type: ignore[misc]
    """warcio's reader; it counts records that are not as long as they say, and does not write of them itself."""

    INC_RECORD = ""


def _written_anew(name: str, file: Path, work: Path) -> Path | None:
    """The records that warcio reads of a file, as FastWARC reads them; None if there is none."""
    if _beginning(file).startswith(MEMBER):
        file = _gunzip(name, file, work)
    if _OTHER_ARC.match(_beginning(file)):
        log.warning("%s is an ARC file of another version than 1, which nothing here reads", name)
        return None
    target = own_folder(work) / file.name
    with file.open("rb") as stream, target.open("wb") as copy:
        records = _AnyRecords(stream, no_record_parse=True, arc2warc=True)
        try:
            for record in records:
                if records.err_count:  # what follows may be within a page
                    raise ArchiveLoadFailed("a record is not as long as it says")
                if record.rec_type != "warcinfo":  # warcio gives that of an ARC file without its content
                    copy.write(_head(record))
                    shutil.copyfileobj(record.raw_stream, copy, _CHUNK)
                    copy.write(b"\r\n\r\n")
        except (ArchiveLoadFailed, LookupError, OverflowError, ValueError) as error:
            if copy.tell():
                log.warning("%s: damaged, and read up to there: %s", name, error)
    return target if target.stat().st_size else None


def _head(record: Any) -> bytes:
    fields = ((_FRAMING.get(key.lower(), key), value) for key, value in record.rec_headers.headers)
    return "".join(("WARC/1.1\r\n", *(f"{key}: {value}\r\n" for key, value in fields), "\r\n")).encode()


def _gunzip(name: str, file: Path, work: Path) -> Path:
    target = own_folder(work) / file.stem
    with file.open("rb") as packed, target.open("wb") as copy:
        try:
            for piece in _inflated(packed):
                copy.write(piece)
        except (EOFError, zlib.error) as error:
            log.warning("%s: damaged, and read up to there: %s", name, error)
    return target


def _inflated(packed: BinaryIO) -> Iterator[bytes]:
    """What gzip members have unpacked, in pieces.

    :raises zlib.error: where they are damaged, after all that is before it.
    :raises EOFError: likewise, where the last one ends too early.
    """
    unpacker, data, begun = zlib.decompressobj(GZIP), b"", False
    while data or (data := packed.read(_CHUNK)):
        if not begun and not data.strip(b"\0"):  # what some tapes and discs fill files up with
            data = b""
            continue
        before, begun = unpacker.copy(), True
        try:
            piece = unpacker.decompress(data, _CHUNK)
        except zlib.error:
            for place in range(len(data)):  # this gave nothing of what is before the damage
                yield before.decompress(data[place : place + 1])
            raise
        yield piece
        data = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        if unpacker.eof:
            unpacker, begun = zlib.decompressobj(GZIP), False
    if begun:
        raise EOFError("it ends too early")


def _unzstd(name: str, file: Path, work: Path) -> Path:
    target = own_folder(work) / file.stem
    with file.open("rb") as packed, target.open("wb") as copy:
        for size in (_CHUNK, 1):  # a read that meets damage gives nothing of what is before it
            try:
                for chunk in _unpacked(packed, copy.tell(), size):
                    copy.write(chunk)
                return target
            except OSError as error:
                problem = error
    log.warning("%s: damaged, and read up to there: %s", name, problem)
    return target


def _unpacked(packed: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """What a Zstandard file has unpacked from a position on, in pieces of up to `size` bytes.

    :raises OSError: where it is damaged.
    """
    packed.seek(0)
    source = ZstdReader(packed)
    while start and (skipped := source.read(min(start, _CHUNK))):
        start -= len(skipped)
    while chunk := source.read(size):
        yield chunk


# --- WACZ ------------------------------------------------------------------------------------------------------------


def _in_wacz(name: str, file: Path, address: str | None, work: Path, *, nested: bool = False) -> Iterator[Input]:
    """The WARC files in a WACZ, wherever they are in it, and in the WACZ files in it, as one of several collections
    has them. One that is not compressed there, as the specification has it, can be referred to."""
    own, kinds = own_folder(work), WARCS if nested else (*WARCS, WACZ)
    with _as_wacz(name):
        container = zipfile.ZipFile(file)
    with container:
        members = sorted(one for one in container.namelist() if one.lower().endswith(kinds))
        if not members:
            log.warning("%s has no WARC file in it", name)
        declared = _declared(container)
        for number, member in enumerate(members):
            ending = next(end for end in kinds if member.lower().endswith(end))
            target = own / f"{number:04}{ending}"  # the member's own name may lead anywhere
            digest = sha256()
            with target.open("wb") as copy:
                for chunk in _member(container, member, name):
                    digest.update(chunk)
                    copy.write(chunk)
            if declared.get(member, digest.hexdigest()) != digest.hexdigest():
                log.warning("%s: %s is not as its digest in datapackage.json says", name, member)
            info, own_name = container.getinfo(member), f"{name}: {member}"
            within = address if info.compress_type == zipfile.ZIP_STORED else None
            found = _in_wacz(own_name, target, within, work, nested=True) if ending == WACZ else None
            for one in found or warcs(own_name, target, within, work):
                yield replace(one, start=_start(file, info) + one.start) if one.address is not None else one


def _declared(container: zipfile.ZipFile) -> dict[str, str]:
    """The SHA-256 of the files in a WACZ by datapackage.json, in base 16; none if that cannot be read."""
    try:
        found = {one["path"]: str(one["hash"]) for one in json.loads(container.read("datapackage.json"))["resources"]}
    except (*_DAMAGED_ZIP, LookupError, TypeError, ValueError, RecursionError):
        return {}
    return {path: hash_[7:].lower() for path, hash_ in found.items() if hash_.startswith("sha256:")}


def _start(file: Path, member: zipfile.ZipInfo) -> int:
    """Where the content of a member begins: after its header, whose name and further fields have the lengths in it."""
    with file.open("rb") as stream:
        stream.seek(member.header_offset)
        name, more = struct.unpack("<26x2H", stream.read(30))
    return int(member.header_offset + 30 + name + more)


def _member(container: zipfile.ZipFile, member: str, name: str) -> Iterator[bytes]:
    """The content of a member, in pieces."""
    with _as_wacz(name):
        source = container.open(member)
    with source:
        while True:
            with _as_wacz(name):
                chunk = source.read(_CHUNK)
            if not chunk:
                return
            yield chunk


@contextmanager
def _as_wacz(name: str) -> Iterator[None]:
    """:raises ArshifError: when what is read meanwhile is damaged."""
    try:
        yield
    except _DAMAGED_ZIP as error:
        raise ArshifError(f"{name} cannot be read as a WACZ file: {error}") from error


def own_folder(work: Path) -> Path:
    """A folder for one input, so that files of the same name do not meet."""
    return Path(mkdtemp(dir=work))
