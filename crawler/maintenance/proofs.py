"""Making proofs: a reading of the archive with its record, and the manifests that have both."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from crawler.errors import ArshifError
from index.archive import manifests
from index.archive.manifest_checks import reading_problem
from index.archive.manifests import CoveredReading, StoredManifest
from index.evidence import merkle
from index.evidence.messages import ManifestProblem
from index.evidence.proofs import READING, RECORD, Leaf, Link, Proof
from index.model.message import Message
from index.warc.record import WarcDamaged
from index.warc.store import WarcStore


def prove(conn: Connection, raw: WarcStore, reading: CoveredReading, *, to_newest: bool = False) -> Proof:
    """The proof of a reading, with the record it was read from if that is still there and whole.

    The manifests lead from the one that holds the record to the first that is signed and the first that is stamped, if
    there are; with `to_newest`, to the newest one.

    :raises ArshifError: when no manifest of a day that has ended has the reading yet, or it is not as that says.
    """
    if reading.entry is None or (own := manifests.of_entry(conn, reading.entry)) is None:
        raise ArshifError(Message(ManifestProblem.NOT_COVERED))
    if problem := reading_problem(reading):
        raise ArshifError(problem)
    leaves = [_leaf(conn, READING, reading.entry, own)]
    record = _record(conn, raw, reading)
    if record is not None and reading.record is not None:
        source = manifests.of_entry(conn, reading.record)
        if source is None:
            raise ArshifError(Message(ManifestProblem.NOT_COVERED))
        leaves.append(_leaf(conn, RECORD, reading.record, source))
    links = _links(conn, min(leaf.manifest for leaf in leaves), own.number, to_newest=to_newest)
    return Proof(reading.form, record, tuple(leaves), tuple(links))


def _leaf(conn: Connection, file: str, entry: int, manifest: StoredManifest) -> Leaf:
    index, size = entry - manifest.first, manifests.parsed(manifest).entries
    path = merkle.path(manifests.leaves(conn, manifest.first, size), index, size)
    return Leaf(file, manifest.number, index, tuple(one.hex() for one in path))


def _record(conn: Connection, raw: WarcStore, reading: CoveredReading) -> bytes | None:
    found = manifests.record(conn, reading.record) if reading.record is not None else None
    if found is None or reading.record is None:
        return None
    try:
        record = raw.unpacked(found.ref, found.url)
    except WarcDamaged:
        return None
    return record if merkle.leaf_hash(record) == manifests.entry_hash(conn, reading.record) else None


def _links(conn: Connection, first: int, covering: int, *, to_newest: bool) -> Sequence[Link]:
    """The manifests from `first` on; at least to `covering`, and no further than is needed."""
    links: list[Link] = []
    enough = signed = stamped = 0
    for one in manifests.stored(conn, first):
        links.append(Link(one.text, one.signature, one.key, one.stamp))
        if one.number < covering:
            continue
        enough = enough or len(links)
        signed = signed or (len(links) if one.signature is not None else 0)
        stamped = stamped or (len(links) if one.stamp is not None else 0)
        if signed and stamped and not to_newest:
            break
    return links if to_newest else links[: max(enough, signed, stamped)]
