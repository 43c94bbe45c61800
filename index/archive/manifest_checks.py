"""Checks of all manifests: that each follows the one before it and has the entries and the root that it says, and that
signatures, time stamps and readings are as they were."""

from __future__ import annotations

from collections.abc import Iterator

from index.archive import Archive, manifests
from index.archive.manifests import CoveredReading, StoredManifest
from index.errors import ArshifError
from index.evidence import merkle, minisign, time_stamps
from index.evidence.forms import Manifest
from index.evidence.messages import ManifestProblem
from index.model.message import Given, Message

BATCH = 200  # readings looked at together


def chain_problems(archive: Archive, *, whole: bool = True) -> Iterator[Message]:
    """What is wrong with the manifests; without `whole`, only their texts, their order and the newest one's tree are
    looked at.

    :raises ArchiveError: when the archive fails.
    """
    before: Manifest | None = None
    number, first = 0, 1
    with archive.read() as conn:
        newest = manifests.newest(conn)
    while newest is not None and number < newest.number:
        with archive.read() as conn:
            found = next(manifests.stored(conn, number + 1), None)
        if found is None:
            break
        manifest = _parsed(found)
        if manifest is None or (manifest.number, manifest.day) != (found.number, found.day):
            yield Message(ManifestProblem.MALFORMED, {"number": found.number})
        elif found.number != number + 1 or manifest.previous != (before.digest if before is not None else None):
            yield Message(ManifestProblem.CHAIN, {"number": found.number})
        elif found.first != first:
            yield Message(ManifestProblem.ENTRIES, {"number": found.number})
        elif whole or found.number == newest.number:
            yield from _problems(archive, found, manifest)
        before, number = manifest, found.number
        first = found.first + (manifest.entries if manifest is not None else 0)


def _parsed(found: StoredManifest) -> Manifest | None:
    try:
        return manifests.parsed(found)
    except ValueError:
        return None


def _problems(archive: Archive, found: StoredManifest, manifest: Manifest) -> Iterator[Message]:
    """What is wrong with one manifest: its tree, its signature, its time stamp."""
    number = {"number": found.number}
    with archive.read() as conn:
        root = merkle.root(manifests.leaves(conn, found.first, manifest.entries))
    if root.hex() != manifest.root:
        yield Message(ManifestProblem.ROOT, number)
    text = found.text.encode()
    if found.signature is not None or found.key is not None:
        try:
            minisign.check(text, found.signature or "", minisign.public_key(found.key or ""))
        except (minisign.WrongSignature, ArshifError):
            yield Message(ManifestProblem.SIGNATURE, number)
    if found.stamp is not None:
        try:
            time_stamps.check(found.stamp, text)
        except time_stamps.WrongStamp:
            yield Message(ManifestProblem.STAMP, number)


def reading_problems(archive: Archive) -> Iterator[Message]:
    """Each reading that is no longer as the manifest says that has it.

    :raises ArchiveError: when the archive fails.
    """
    after = ("", 0, 0)
    while True:
        with archive.read() as conn:
            some = manifests.covered(conn, BATCH, after)
        if not some:
            return
        for one in some:
            if problem := reading_problem(one):
                yield problem
        after = (some[-1].article, some[-1].version, some[-1].number)


def reading_problem(reading: CoveredReading) -> Message | None:
    """What is wrong with a reading that has an entry: it is not as it was when it got that; None: nothing."""
    if merkle.leaf_hash(reading.form) == reading.hash:
        return None
    place: dict[str, Given] = {"article": reading.article, "version": reading.version, "reading": reading.number}
    return Message(ManifestProblem.READING, place)
