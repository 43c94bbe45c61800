"""Comparing versions that were stored, outside of the transactions that stored them: two long texts take a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from index.archive import Archive, dialect, documents, edits
from index.archive.edits import Shown, Waiting
from index.dedup.version_diff import version_change
from index.model.article import Version
from index.model.change import UNCHANGED, Change

MOST = 100  # in one call: their writing holds up every other writer


@dataclass(frozen=True, slots=True)
class Compared:
    """What a version changed, and which readings of it and the one before were compared."""

    waiting: Waiting
    read: tuple[Shown, ...]
    change: Change


def compare_waiting(archive: Archive, now: datetime) -> int:
    """Compare versions that are yet to be compared for the list of edits, at most MOST; return how many. Any number of
    processes may do so at once.

    :raises ArchiveError: when the archive fails.
    """
    with archive.read() as conn:
        waiting = edits.waiting(conn, MOST)
        read = [documents.versions(conn, one.article, (one.version - 1, one.version)) for one in waiting]
    compared = [
        Compared(one, tuple(map(_shown, versions)), version_change(*versions) if len(versions) == 2 else UNCHANGED)
        for one, versions in zip(waiting, read, strict=True)
    ]
    if compared:
        archive.write(lambda conn: _record(conn, compared, now)).result()
    return len(waiting)


def _record(conn: Connection, compared: Sequence[Compared], now: datetime) -> None:
    """Record the changes; a version that was read anew since is left for the next call."""
    dialect.of(conn).hold_articles(conn)
    still = [one for one in compared if edits.shown_readings(conn, one.waiting) == one.read]
    fewer = {one.waiting.article for one in still if edits.record(conn, one.waiting, one.change)}
    documents.touch(conn, sorted(fewer), now)


def _shown(version: Version) -> Shown:
    return version.number, version.reading, version.seen
