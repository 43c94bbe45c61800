"""Comparing versions that were stored, outside of the transactions that stored them: two long texts take a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from index.archive import Archive, dialect, documents, edits
from index.archive.edits import Waiting
from index.dedup.version_diff import Change, classify_change

MOST = 100  # in one call: their writing holds up every other writer
UNCHANGED = Change(())


def compare_waiting(archive: Archive, now: datetime) -> int:
    """Compare versions that are yet to be compared for the list of edits, at most MOST; return how many. Any number of
    processes may do so at once.

    :raises ArchiveError: when the archive fails.
    """
    with archive.read() as conn:
        waiting = edits.waiting(conn, MOST)
        read = [documents.versions(conn, one.article, (one.version - 1, one.version)) for one in waiting]
    compared = [
        (one, classify_change(*(version.article for version in versions)) if len(versions) == 2 else UNCHANGED)
        for one, versions in zip(waiting, read, strict=True)
    ]
    if compared:
        archive.write(lambda conn: _record(conn, compared, now)).result()
    return len(waiting)


def _record(conn: Connection, compared: Sequence[tuple[Waiting, Change]], now: datetime) -> None:
    dialect.of(conn).hold_articles(conn)
    fewer = {one.article for one, change in compared if edits.record(conn, one, change)}
    documents.touch(conn, sorted(fewer), now)
