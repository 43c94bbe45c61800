"""Verifying an index against the archive: every difference by its kind, and their repair through the outbox.

This works while crawls and an indexer run: what is pending in the outbox is not a difference, nor is anything that
changed between two reads of the archive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection

from index.archive import Archive, documents, outbox
from index.archive.upsert import chunks
from index.engines.base import Engine, IndexedDocument, is_ours, part_for
from index.engines.record import digest, earlier_id
from index.errors import IndexMismatch, IndexUnavailable
from index.search import indexer

Kind = Literal["missing", "older", "newer", "twice", "astray", "extra", "other"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference in one document, an article's or (`earlier_id`) an earlier version's: its document version in the
    archive and in the index, None where it is missing. "other" means the same version with different content, "astray"
    one in a part of the index where it does not belong."""

    article: str
    kind: Kind
    archived: int | None
    indexed: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """How the current target compares with the archive: how many documents agree, are pending in the outbox, or were
    rejected for good, and the differences without such a reason. `damage` names files that are not as they were
    written: such an index is not read, but rebuilt."""

    target: str
    agreeing: int
    waiting: int
    refused: int
    differences: tuple[Difference, ...]
    damage: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.differences or self.damage)


@dataclass(frozen=True, slots=True)
class _View:
    """A snapshot of the archive: document versions by id, and the ids that an index need not have yet."""

    versions: dict[str, int]
    waiting: frozenset[str]
    refused: frozenset[str]


def verify(archive: Archive, engine: Engine, told: Callable[[int, int], None] | None = None) -> Verified:
    """Compare the current index with the archive, document by document, earlier versions included: id, version and
    digest. `told` is called with the number of documents read so far, and with that of all.

    :raises IndexUnavailable: when there is no index yet, or it does not answer.
    """
    there = engine.targets()
    target = engine.current()
    if target not in there:  # what the engine says is lost or damaged
        target = _known(archive, engine)
    if target is None:
        raise IndexUnavailable(f"there is no {engine.name} index to verify yet: `arshif index migrate` makes it")
    before = _view(archive, target)
    if damage := engine.damage(target) if target in there else [target]:  # then nothing in it can be relied on
        return Verified(target, 0, len(before.waiting), len(before.refused), (), tuple(damage))
    try:
        found = list(_counted(engine.scan(target), engine.count(target), told))
    except IndexMismatch:  # its files are as they were written, but nobody can read them
        return Verified(target, 0, len(before.waiting), len(before.refused), (), (target,))
    after = _view(archive, target)
    times = Counter(one.id for one in found)
    indexed = {one.id: one for one in found}
    others = _others(archive, indexed, engine.parts(target) or ())
    excused = before.waiting | after.waiting | before.refused | after.refused
    differences, agreeing = [], 0
    for id_ in sorted(indexed.keys() | (before.versions.keys() & after.versions.keys())):
        if excused & {id_, _article(id_)}:
            continue
        now, least, most = indexed.get(id_), before.versions.get(id_), after.versions.get(id_)
        kind = _kind(now.version if now else None, least, most, times[id_])
        if kind is None and id_ in others and least == most:
            kind = others[id_]
        if kind is not None:
            differences.append(Difference(id_, kind, most, now.version if now else None))
        agreeing += kind is None
    return Verified(target, agreeing, len(after.waiting), len(after.refused), tuple(differences))


def _counted(
    documents_: Iterable[IndexedDocument], total: int, told: Callable[[int, int], None] | None
) -> Iterator[IndexedDocument]:
    for number, document in enumerate(documents_, 1):
        yield document
        if told is not None:
            told(number, total)


def repair(archive: Archive, engine: Engine, found: Verified) -> int:
    """Enqueue every document that differs, or its deletion if the archive does not have it, for the indexer; return how
    many. A damaged index is rebuilt at once instead.

    If the index has a newer version of a document, because an older archive was restored, the archive's version is
    raised above it, since an index never accepts an older one.

    :raises IndexMismatch: when the index was made from another archive.
    """
    with archive.read() as conn:
        targets = {target.name for target in outbox.targets_of(conn, engine.name)}
    if found.target not in targets:
        raise IndexMismatch(
            f"the {engine.name} index {found.target} was made from another archive than {archive.name}: "
            "run `arshif index rebuild`"
        )
    if found.damage:
        archive.write(lambda conn: outbox.drop(conn, found.target)).result()  # nothing can be written to it any more
        indexer.rebuild(archive, engine)
        return len(found.damage)
    differences = found.differences
    extra = [(one.article, one.indexed or 1) for one in differences if one.kind == "extra"]
    ahead: dict[str, int] = {}
    for one in differences:
        if one.kind == "newer" and one.indexed is not None:
            ahead[_article(one.article)] = max(one.indexed, ahead.get(_article(one.article), 0))
    again = sorted({_article(one.article) for one in differences if one.kind in ("missing", "older", "other")})
    misplaced = [one for one in differences if one.kind in ("twice", "astray")]
    if misplaced:
        indexer.take_out(engine, found.target, [one.article for one in misplaced])
        for one in misplaced:
            ahead[_article(one.article)] = max((one.indexed or 0) + 1, ahead.get(_article(one.article), 0))

    def enqueue(conn: Connection) -> None:
        now = datetime.now(UTC)
        outbox.enqueue(conn, again, now)
        outbox.remove(conn, engine.name, extra, now)
        documents.count_on(conn, ahead, now)

    archive.write(enqueue).result()
    return len(differences)


def _known(archive: Archive, engine: Engine) -> str | None:
    """The target that is searched as the archive knows, whatever the engine says."""
    with archive.read() as conn:
        targets = outbox.targets_of(conn, engine.name)
    names = (target.name for target in targets if target.state == "current")
    return next((name for name in names if is_ours(name, engine.prefix)), None)


def _view(archive: Archive, target: str) -> _View:
    with archive.read() as conn:
        refused = frozenset(one.article for one in outbox.quarantined(conn, target))
        return _View(indexer.document_versions(conn), outbox.waiting(conn, target), refused)


def _others(
    archive: Archive, indexed: Mapping[str, IndexedDocument], parts: Sequence[datetime]
) -> dict[str, Literal["other", "astray"]]:
    """The documents of which the index has the archive's version but different content, or in the wrong part."""
    found: dict[str, Literal["other", "astray"]] = {}
    with archive.read() as conn:
        for piece in chunks(list(documents.ids(conn))):
            ids = [article for article, _ in piece]
            for document in (*documents.documents(conn, ids), *documents.version_documents(conn, ids)):
                id_ = document.article.id if document.current else earlier_id(document.article.id, document.number)
                held = indexed.get(id_)
                if held is None:
                    continue
                if held.part != part_for(document.stored, parts):
                    found[id_] = "astray"
                elif held.version == document.version and held.digest != digest(document):
                    found[id_] = "other"
    return found


def _article(id_: str) -> str:
    return id_.partition("@")[0]


def _kind(indexed: int | None, least: int | None, most: int | None, times: int) -> Kind | None:
    """The kind of difference, or None; `least` and `most` are the archive's versions before and after the scan."""
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
