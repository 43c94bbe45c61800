"""Copying the raw copies of an archive to another place, where the archive looks for them from then on.

Each file is copied whole and compared with its original, so that a copy that was broken off goes on where it was. The
archive refers to files by names that are the same in any place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.config import Config
from crawler.errors import ArchiveError
from crawler.storage import own_raw_place
from index.archive import Archive, data_folder, raw_files, raw_owner, warc_files
from index.archive.backup import raw_pieces
from index.archive.copying import alone
from index.model.message import Message
from index.warc.messages import RawMessage
from index.warc.place import Place

Told = Callable[[int, int], None]  # how many bytes are copied, and how many there are


@dataclass(slots=True)
class CopiedRaw:
    """How many files the copy has, and their bytes; `missing` names those to which the archive refers and that were
    not there, `before` is where the originals are."""

    files: int
    bytes: int
    missing: tuple[str, ...]
    before: str


def copy(archive: Archive, config: Config, url: str, told: Told | None = None) -> CopiedRaw:
    """Copy all files that the archive refers to into the place with this URL, as `raw.url` has it, and note that they
    are there. The originals stay.

    :raises Busy: when Arshif is running, crawling, or making a backup.
    :raises ArchiveError: when a place cannot be reached, or the other one belongs to another archive.
    """
    source, data = own_raw_place(config), config.settings.data
    with alone(archive) as still_held:
        raw_files.sweep(archive, source, still_held)
        with archive.read() as conn:
            names = sorted(warc_files.referred(conn))
        lying, target = source.listed(), raw_owner.claim(url, data)
        there, total, done = target.listed(), sum(lying[name].bytes for name in names if name in lying), 0
        for name in names:
            if name not in lying:
                continue
            still_held()
            size = lying[name].bytes
            if name not in there or not _equal(source, target, name, size, there[name].bytes):
                _copy(source, target, name, size)
            done += size
            if told is not None:
                told(done, total)
        raw_owner.settle(url, data)
        archive.write(lambda conn: data_folder.note_raw(conn, data)).result()
    missing = tuple(name for name in names if name not in lying)
    return CopiedRaw(len(names) - len(missing), total, missing, source.name)


def _copy(source: Place, target: Place, name: str, size: int) -> None:
    target.remove(name)  # one that is not equal: what an earlier copy had, and was changed since
    with target.create(name) as out:
        for piece in raw_pieces(source, name, size):
            out.write(piece)
    if not _equal(source, target, name, size, size):
        raise ArchiveError(Message(RawMessage.COPY_DIFFERS, {"file": name, "place": target.name}))


def _equal(source: Place, target: Place, name: str, size: int, other: int) -> bool:
    if size != other:
        return False
    pieces = zip(raw_pieces(source, name, size), raw_pieces(target, name, size), strict=True)
    return all(ours == theirs for ours, theirs in pieces)
