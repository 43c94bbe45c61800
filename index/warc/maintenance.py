"""Joining raw responses into one WARC file."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path

from index.atomic_files import new_file
from index.warc.record import WarcDamaged, WarcRef, pack_info
from index.warc.store import WarcStore


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
