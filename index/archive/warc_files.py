"""The WARC files of the archive's raw responses: what it refers to in each, and which are to be deleted.

A file to which nothing refers any more is noted in the transaction that removed its last reference, and deleted
afterwards; a new one, which others are merged into, is noted before it is written, until the first reference leads
there. So whatever is killed in between leaves no file behind that nobody knows of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update

from index.archive import tables as t
from index.archive.upsert import chunks, insert_missing
from index.archive.warc_records import ref_of, remove
from index.warc.outside import is_outside
from index.warc.record import WarcRef


@dataclass(frozen=True, slots=True)
class Content:
    """What the archive refers to in a WARC file: how many records, how many of them are damaged or missing, and when
    the newest page was fetched (UTC)."""

    file: str
    records: int
    damaged: int
    newest: datetime


def contents(conn: Connection, files: Sequence[str]) -> list[Content]:
    """What the archive refers to in these files; those to which nothing refers are left out."""
    raw = t.raws.c
    query = select(raw.file, func.count(), func.count(raw.problem), func.max(raw.fetched)).group_by(raw.file)
    rows = [row for piece in chunks(files) for row in conn.execute(query.where(raw.file.in_(piece)))]
    return sorted((Content(*row) for row in rows), key=lambda one: one.file)


def ends(conn: Connection, files: Sequence[str]) -> dict[str, int]:
    """Where the last record ends that the archive refers to in each of these files; 0 if it refers to none there."""
    end = func.max(t.raws.c.offset + t.raws.c.length)
    query = select(t.raws.c.file, end).group_by(t.raws.c.file)
    rows = [row for piece in chunks(files) for row in conn.execute(query.where(t.raws.c.file.in_(piece)))]
    return dict.fromkeys(files, 0) | {row[0]: row[1] for row in rows}


def records(conn: Connection, file: str) -> list[WarcRef]:
    """The records of a file that the archive refers to, in their order."""
    return list(map(ref_of, conn.execute(select(t.raws).where(t.raws.c.file == file).order_by(t.raws.c.offset))))


def referred(conn: Connection) -> set[str]:
    """The files of ours that the archive refers to."""
    # By their names: the databases find those in the index, without a look at each record
    return {file for file in conn.execute(select(t.raws.c.file).distinct()).scalars() if not is_outside(file)}


def expire(conn: Connection, before: datetime) -> list[str]:
    """Remove references to the files of ours whose records were all fetched and stored before then, and note these as
    discarded; return their names. Their versions stay but cannot be extracted again. An image counts as fetched
    whenever a page showed it."""
    part, raw = t.facsimile_parts.c, t.raws.c
    # An imported page was fetched long before it came here; of what archives before 0012 stored, only that is known
    newest = func.max(raw.fetched), func.coalesce(func.max(raw.stored), func.max(raw.fetched))
    ours = select(raw.file).where(raw.digest.is_(None))
    aged = ours.group_by(raw.file).having(and_(*(moment < before for moment in newest)))
    shown = select(t.raws.c.file).join(t.facsimile_parts, part.raw == t.raws.c.id).where(part.made >= before)
    files = sorted({*conn.execute(aged).scalars()} - {*conn.execute(shown.distinct()).scalars()})
    for piece in chunks(files):
        remove(conn, t.raws.c.file.in_(piece))
    discard(conn, files)
    return files


def move(conn: Connection, offsets: Mapping[str, Mapping[int, int]], target: str, now: datetime) -> bool:
    """Have the references to all records of some files lead to their copies in another one: `offsets` says where each
    is there, by its file and its id. They were checked `now` (UTC). The files are noted as discarded, the other one no
    longer is.

    Returns whether that was done; it is not if the archive refers to other records in one of the files than these, nor
    if the other one is noted as discarded no more: whoever took the note away has deleted it.
    """
    ids = {record: place for places in offsets.values() for record, place in places.items()}
    there: set[int] = set()
    for piece in chunks(list(offsets)):
        there |= set(conn.execute(select(t.raws.c.id).where(t.raws.c.file.in_(piece))).scalars())
    noted = select(t.discarded_files).where(t.discarded_files.c.file == target)
    if there != ids.keys() or conn.execute(noted).first() is None:
        return False
    values = {"file": target, "offset": bindparam("place"), "checked": now, "problem": None}
    one = update(t.raws).where(t.raws.c.id == bindparam("record")).values(**values)
    conn.execute(one, [{"record": record, "place": place} for record, place in ids.items()])
    discard(conn, list(offsets))
    keep(conn, [target])
    return True


# --- files to be deleted ---------------------------------------------------------------------------------------------


def discard(conn: Connection, files: Sequence[str]) -> None:
    """Note files that are to be deleted unless something refers to them."""
    insert_missing(conn, t.discarded_files, {}, "file", [{"file": file} for file in files])


def keep(conn: Connection, files: Sequence[str]) -> None:
    """Note no longer that these files are to be deleted: something refers to them, or they are gone."""
    for piece in chunks(files):
        conn.execute(delete(t.discarded_files).where(t.discarded_files.c.file.in_(piece)))


def discarded(conn: Connection) -> list[str]:
    """The files that are to be deleted: noted, and nothing refers to them."""
    file = t.discarded_files.c.file
    unused = ~select(t.raws.c.id).where(t.raws.c.file == file).exists()
    return list(conn.execute(select(file).where(unused).order_by(file)).scalars())
