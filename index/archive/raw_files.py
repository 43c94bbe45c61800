"""Deleting WARC files to which the archive refers no longer."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath

from index.archive import Archive, runs, warc_files
from index.archive.database import StillHeld
from index.warc.place import Place

ORPHAN_AGE = timedelta(days=2)  # a run takes half an hour; clocks of servers differ by less
_OF_RUN = re.compile(r"run-(\d+)-\d+\.warc\.gz")  # as `crawler.storage.raw_name` has it


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


def sweep_orphans(archive: Archive, place: Place, now: datetime, still_held: StillHeld) -> int:
    """Delete the files that runs of this archive left which have ended, and to which nothing refers; return how many.
    None is deleted before ORPHAN_AGE: what a killed run sent may have arrived after it was looked for. A file from
    before its run is another archive's, and stays. Call it while the lock `KEEPING` is held, with what makes sure of
    that.

    :raises Busy: when the lock was lost to another process.
    """
    old = {name: facts for name, facts in place.listed().items() if facts.modified < (now - ORPHAN_AGE).timestamp()}
    of_run = {name: int(found[1]) for name in old if (found := _OF_RUN.fullmatch(PurePosixPath(name).name))}
    with archive.read() as conn:
        begun = runs.ended(conn, sorted(set(of_run.values())))
        kept = warc_files.referred(conn)
    orphans = [
        name
        for name, run in of_run.items()
        if name not in kept and run in begun and old[name].modified >= begun[run].timestamp()
    ]
    still_held()
    return sum(place.remove(name) for name in orphans)


def expire(archive: Archive, place: Place, before: datetime, still_held: StillHeld) -> int:
    """Delete the files whose pages were all fetched and stored before then (UTC), and older ones to which nothing
    refers; return how many. The archive forgets them first. Call it while the lock `KEEPING` is held, with what makes
    sure of that.

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
