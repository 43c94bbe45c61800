"""Writing manifests: entries for what was stored, a text for each day that has ended, its signature and time stamp.

Each step is a short transaction, so that it can run beside crawls and be interrupted anywhere; the next call goes on.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http.client import HTTPException

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArshifError
from crawler.maintenance.verification import inspect
from crawler.storage import open_raw, signing_key
from index.archive import Archive, manifests, warc_records
from index.archive.manifests import OpenManifest
from index.evidence import merkle, minisign, time_stamps
from index.evidence.forms import Manifest
from index.evidence.messages import ManifestProblem
from index.model.codes import RecordProblem
from index.model.iso import iso
from index.model.message import Message
from index.warc.store import WarcStore

BATCH = 100  # readings and records each that get their entries in one transaction, of some hundredths of a second
STEPS = 20  # batches in one call of the daemon, every ten minutes: enough for a quarter of a million records a day
_ANSWER = 30.0  # seconds that an authority has for an answer

Told = Callable[[int], None]  # how many entries were added so far


@dataclass(slots=True)
class Written:
    """How many entries were added, and which manifests were written."""

    entries: int = 0
    closed: list[Manifest] = field(default_factory=list)


def write_some(archive: Archive, config: Config, now: datetime) -> Written:
    """Add some entries, and close the manifests of days that have ended; for a call from time to time.

    :raises ArshifError: when the key cannot be read, or the authority does not answer.
    """
    return write(archive, config, now, steps=STEPS)


def write(
    archive: Archive,
    config: Config,
    now: datetime,
    *,
    today: bool = False,
    steps: int | None = None,
    told: Told | None = None,
) -> Written:
    """Add entries for what was stored, close the manifests of days that have ended, sign and stamp them.

    With `today`, the manifest of today (UTC) is closed as well; what is stored later today gets a further one. At most
    so many `steps` are made, each of at most BATCH records and readings; None: all. `told` is called after each.

    :raises ArshifError: when the key cannot be read, or the authority does not answer; what was closed stays closed.
    """
    key = signing_key(config)
    done = Written()
    with open_raw(config, archive) as raw:
        while steps is None or steps > 0:
            steps = None if steps is None else steps - 1
            with archive.read() as conn:
                manifest = manifests.current(conn, now)
            if manifest is None:
                break
            added = _add_entries(archive, raw, manifest, now)
            done.entries += added or 0
            if told is not None:
                told(done.entries)
            if added is not None:
                continue
            if manifest.end > now and not today:
                break
            closed = _close(archive, key, now)
            done.closed += [closed] if closed is not None else []
            if closed is None or manifest.end > now:
                break
    _sign_newest(archive, key)
    _stamp_newest(archive, config.settings.manifest.authority)
    return done


def _add_entries(archive: Archive, raw: WarcStore, manifest: OpenManifest, now: datetime) -> int | None:
    """Add a batch of entries and return how many; None if there was nothing to add."""
    with archive.read() as conn:
        records = manifests.records_due(conn, manifest, now, BATCH)
    found = {record.id: inspect(raw, record) for record in records}
    problems = {record: problem for record, problem in found.items() if isinstance(problem, RecordProblem)}
    hashes = {record: one.hash for record, one in found.items() if not isinstance(one, RecordProblem)}

    def add(conn: Connection) -> int | None:
        current = manifests.hold(conn, now)
        if current is None or (current.number, current.day) != (manifest.number, manifest.day):
            return 0  # another process was faster
        warc_records.mark_checked(conn, problems, now)
        added = manifests.add_records(conn, current, hashes) + manifests.add_readings(conn, current, now, BATCH)
        return added if added or found else None

    return archive.write(add).result()


def _close(archive: Archive, key: minisign.SecretKey | None, now: datetime) -> Manifest | None:
    """Close the open manifest, if it is complete, and return it."""
    with archive.read() as conn:
        current, before = manifests.current(conn, now), manifests.newest(conn)
        if current is None:
            return None
        size = current.last - current.first + 1
        root = merkle.root(manifests.leaves(conn, current.first, size))
    manifest = Manifest(
        number=current.number,
        day=current.day.isoformat(),
        made=iso(now.replace(microsecond=0)),
        entries=size,
        root=root.hex(),
        previous=manifests.parsed(before).digest if before is not None else None,
    )
    signature = key.sign(manifest.text.encode(), _comment(manifest)) if key is not None else None
    public = key.public.file if key is not None else None
    close = partial(manifests.close, manifest=manifest, last=current.last, now=now, signature=signature, key=public)
    return manifest if archive.write(close).result() else None


def _comment(manifest: Manifest) -> str:
    """The trusted comment of a manifest's signature."""
    return f"arshif manifest {manifest.number} {manifest.day}"


def _sign_newest(archive: Archive, key: minisign.SecretKey | None) -> None:
    """Sign the newest manifest, which vouches for all before it, if it was written before there was a key."""
    with archive.read() as conn:
        newest = manifests.newest(conn)
    if key is not None and newest is not None and newest.signature is None:
        signature = key.sign(newest.text.encode(), _comment(manifests.parsed(newest)))
        sign = partial(manifests.sign, number=newest.number, signature=signature, key=key.public.file)
        archive.write(sign).result()


def _stamp_newest(archive: Archive, authority: str) -> None:
    """Have the newest manifest stamped, which vouches for all before it."""
    with archive.read() as conn:
        newest = manifests.newest(conn)
    if not authority or newest is None or newest.stamp is not None:
        return
    text = newest.text.encode()
    stamp = _asked(authority, time_stamps.request(text))
    try:
        time_stamps.check(stamp, text)
    except time_stamps.WrongStamp as error:
        raise _silent(authority, error) from None
    archive.write(partial(manifests.stamp, number=newest.number, stamp=stamp)).result()


def _asked(authority: str, request: bytes) -> bytes:
    """An authority's answer to a request for a time stamp."""
    headers = {"Content-Type": time_stamps.REQUEST, "Accept": time_stamps.REPLY}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(authority, request, headers, method="POST"), timeout=_ANSWER
        ) as answer:
            return bytes(answer.read(time_stamps.MAX_BYTES))
    except (OSError, HTTPException, ValueError) as error:
        raise _silent(authority, error) from None


def _silent(authority: str, error: Exception) -> ArshifError:
    return ArshifError(Message(ManifestProblem.AUTHORITY, {"url": authority, "error": str(error)}))
