"""Deleting WARC files to which the archive refers no longer."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from index.archive import Archive, warc_files
from index.archive.database import StillHeld
from index.warc.place import Place


def sweep(archive: Archive, place: Place, still_held: StillHeld) -> int:
    """Delete the files in the place of raw responses that are noted as discarded; return how many. Those that another
    process writes to stay for the next time.

    Call it while the lock `KEEPING` is held, with what makes sure of that: a file that is being merged is noted, too.

    :raises Busy: when the lock was lost to another process.
    """
    still_held()
    with archive.read() as conn:
        files = warc_files.discarded(conn)
    gone = [file for file in files if place.remove(file)]
    if gone:
        archive.write(partial(warc_files.keep, files=gone)).result()
    return len(gone)


def expire(archive: Archive, place: Place, before: datetime, still_held: StillHeld) -> int:
    """Delete the files whose pages were all fetched before then (UTC), and older ones to which nothing refers; return
    how many. The archive forgets them first. Call it while the lock `KEEPING` is held, with what makes sure of that.

    :raises Busy: when the lock was lost to another process.
    """
    archive.write(partial(warc_files.expire, before=before)).result()
    deleted = sweep(archive, place, still_held)
    with archive.read() as conn:
        kept = warc_files.referred(conn)
    for name, facts in place.listed().items():
        if name not in kept and facts.modified < before.timestamp():
            deleted += place.remove(name)
    return deleted
