"""Maintenance of WARC files: joining records into one file, and blanking records in place."""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from uuid import uuid4

from index.atomic_files import new_file
from index.errors import ArchiveError
from index.warc.files import is_file_name
from index.warc.record import WarcDamaged, WarcRef, pack_info
from index.warc.store import WarcStore

_COMMENT = 0x10  # FLG.FCOMMENT of a gzip member's header, RFC 1952: text up to a zero byte, which readers skip


def join(raw: WarcStore, refs: Iterable[WarcRef], into: Path, info: Mapping[str, str]) -> tuple[int, int]:
    """Copy these records unchanged into one new WARC file; return how many were written, and how many were unreadable.

    Each record is a gzip member, as WARC 1.1 recommends for `.warc.gz`; in a file named `.warc` none is compressed.

    :raises FileThere: when the file exists already.
    :raises ArchiveError: when it cannot be written; then none is created.
    """
    written = damaged = 0
    form = gzip.decompress if into.suffix == ".warc" else bytes
    with new_file(into) as out:
        out.write(form(pack_info(into.name, info)))
        for ref in refs:
            try:
                out.write(form(raw.checked(ref)))
                written += 1
            except WarcDamaged:
                damaged += 1
    return written, damaged


def blank(folder: Path, refs: Iterable[WarcRef]) -> int:
    """Overwrite these records with empty ones of the same length, and return how many.

    All other records keep their positions, for readers and for an active writer. Missing files are skipped, and
    so are names of other files than ours.

    :raises ArchiveError: when a file cannot be written, or a record is too short to be blanked.
    """
    done = 0
    for name, its in groupby(sorted(refs, key=attrgetter("file", "offset")), key=attrgetter("file")):
        if not is_file_name(name):
            continue
        path = folder / name
        try:
            with path.open("r+b") as file:
                size = os.fstat(file.fileno()).st_size
                for ref in its:
                    if ref.offset + ref.length <= size:
                        file.seek(ref.offset)
                        file.write(_empty(ref.length))
                        done += 1
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ArchiveError(f"cannot blank raw copies in {path}: {error.strerror}") from error
    return done


def _empty(length: int) -> bytes:
    """A gzip member of this length with an empty WARC record."""
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
