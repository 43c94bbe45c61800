"""Whether an index holds what the archive does: every difference by its kind, and their repair through the outbox.

While crawls and a shipper work: what waits in the outbox is no difference, and what moved between two looks at the
archive is none either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection

from index.archive import Archive, documents, outbox
from index.archive.upsert import chunks
from index.engines.base import Engine, IndexedDocument
from index.engines.record import digest, earlier_id
from index.errors import IndexMismatch, IndexUnavailable

Kind = Literal["missing", "older", "newer", "twice", "extra", "other"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with one document, an article's or (`earlier_id`) an earlier version's: the archive's version and
    the index's; None where one of them has none. "other": of the same version, and says something else."""

    article: str
    kind: Kind
    archived: int | None
    indexed: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """How the target that is searched compares: what both hold, what still waits in the outbox, what the index refused
    for good, and what differs without such a reason."""

    target: str
    agreeing: int
    waiting: int
    refused: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class _View:
    """The archive at one moment: version by document's id, and the ids that an index need not have yet."""

    versions: dict[str, int]
    waiting: frozenset[str]
    refused: frozenset[str]


def verify(archive: Archive, engine: Engine) -> Verified:
    """The index that is searched, held against the archive, document by document: its id, version and digest; those of
    earlier versions too.

    Raises IndexUnavailable where there is no index yet, or it does not answer."""
    target = engine.current()
    if target is None:
        raise IndexUnavailable(f"there is no {engine.name} index to verify yet: `arshif index migrate` makes it")
    before = _view(archive, target)
    found = list(engine.scan(target))
    after = _view(archive, target)
    times = Counter(one.id for one in found)
    indexed = {one.id: one for one in found}
    others = _others(archive, indexed)
    excused = before.waiting | after.waiting | before.refused | after.refused
    differences, agreeing = [], 0
    for id_ in sorted(indexed.keys() | (before.versions.keys() & after.versions.keys())):
        if excused & {id_, _article(id_)}:
            continue
        now, least, most = indexed.get(id_), before.versions.get(id_), after.versions.get(id_)
        kind = _kind(now.version if now else None, least, most, times[id_])
        if kind is None and id_ in others and least == most:
            kind = "other"
        if kind is not None:
            differences.append(Difference(id_, kind, most, now.version if now else None))
        agreeing += kind is None
    return Verified(target, agreeing, len(after.waiting), len(after.refused), tuple(differences))


def repair(archive: Archive, engine: Engine, found: Verified) -> int:
    """Put what differs into the outbox: the archive's document, or its deletion where the archive has none. Gives how
    many; the shipper does the rest.

    Of a document whose version in the index is ahead (an older archive was put back) the archive's counts on from
    there, since an index never takes an older one. Raises IndexMismatch where the index is another archive's."""
    with archive.read() as conn:
        targets = {target.name for target in outbox.targets_of(conn, engine.name)}
    if found.target not in targets:
        raise IndexMismatch(
            f"the {engine.name} index {found.target} was made from another archive than {archive.path}: "
            "run `arshif index rebuild`"
        )
    differences = found.differences
    extra = [(one.article, one.indexed or 1) for one in differences if one.kind == "extra"]
    ahead: dict[str, int] = {}
    for one in differences:
        if one.kind == "newer" and one.indexed is not None:
            ahead[_article(one.article)] = max(one.indexed, ahead.get(_article(one.article), 0))
    again = sorted({_article(one.article) for one in differences if one.kind in ("missing", "older", "twice", "other")})

    def enqueue(conn: Connection) -> None:
        now = datetime.now(UTC)
        outbox.enqueue(conn, again, now)
        outbox.remove(conn, engine.name, extra, now)
        documents.count_on(conn, ahead, now)

    archive.write(enqueue).result()
    return len(differences)


def _view(archive: Archive, target: str) -> _View:
    with archive.read() as conn:
        refused = frozenset(one.article for one in outbox.quarantined(conn, target))
        earlier = {earlier_id(article, number): version for article, number, version in documents.earlier(conn)}
        return _View(dict(documents.ids(conn)) | earlier, outbox.waiting(conn, target), refused)


def _others(archive: Archive, indexed: Mapping[str, IndexedDocument]) -> set[str]:
    """The documents of which an index has the archive's version, and not what it says."""
    found = set()
    with archive.read() as conn:
        for piece in chunks(list(documents.ids(conn))):
            ids = [article for article, _ in piece]
            for document in (*documents.documents(conn, ids), *documents.version_documents(conn, ids)):
                id_ = document.article.id if document.current else earlier_id(document.article.id, document.number)
                held = indexed.get(id_)
                if held is not None and held.version == document.version and held.digest != digest(document):
                    found.add(id_)
    return found


def _article(id_: str) -> str:
    return id_.partition("@")[0]


def _kind(indexed: int | None, least: int | None, most: int | None, times: int) -> Kind | None:
    """The kind of a difference; `least` and `most` are the archive's version before and after the index was read."""
    if indexed is None:
        return "missing"
    if least is None and most is None:
        return "extra"
    if times > 1:
        return "twice"
    if least is not None and indexed < least:
        return "older"
    if most is not None and indexed > most:
        return "newer"
    return None
