"""Whether an index holds what the archive does: every difference by its kind, and their repair through the outbox.

While crawls and a shipper work: what waits in the outbox is no difference, and what moved between two looks at the
archive is none either.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection

from index import outbox
from index.archive import Archive, documents
from index.engines.base import Engine
from index.errors import IndexMismatch, IndexUnavailable

Kind = Literal["missing", "older", "newer", "twice", "extra"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with one document: the archive's version and the index's; None where one of them has none."""

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
    """The archive at one moment: version by id, and the ids that an index need not have yet."""

    versions: dict[str, int]
    waiting: frozenset[str]
    refused: frozenset[str]


def verify(archive: Archive, engine: Engine) -> Verified:
    """The index that is searched, held against the archive, id by id and version by version.

    Raises IndexUnavailable where there is no index yet, or it does not answer."""
    target = engine.current()
    if target is None:
        raise IndexUnavailable(f"there is no {engine.name} index to verify yet: `arshif index migrate` makes it")
    before = _look(archive, target)
    found = list(engine.ids(target))
    after = _look(archive, target)
    times = Counter(article for article, _ in found)
    indexed = dict(found)
    differences: list[Difference] = []
    excused = before.waiting | after.waiting | before.refused | after.refused
    for article in sorted(indexed.keys() | (before.versions.keys() & after.versions.keys())):
        if article in excused:
            continue
        now, least, most = indexed.get(article), before.versions.get(article), after.versions.get(article)
        kind = _kind(now, least, most, times[article])
        if kind is not None:
            differences.append(Difference(article, kind, most, now))
    agreeing = len(indexed.keys() - excused - {one.article for one in differences})
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
    ahead = {one.article: one.indexed for one in differences if one.kind == "newer" and one.indexed is not None}
    again = [one.article for one in differences if one.kind in ("missing", "older", "twice")]

    def enqueue(conn: Connection) -> None:
        now = datetime.now(UTC)
        outbox.enqueue(conn, again, now)
        outbox.remove(conn, engine.name, extra, now)
        documents.count_on(conn, ahead, now)

    archive.write(enqueue).result()
    return len(differences)


def _look(archive: Archive, target: str) -> _View:
    with archive.read() as conn:
        refused = frozenset(one.article for one in outbox.refused(conn, target))
        return _View(dict(documents.ids(conn)), outbox.waiting(conn, target), refused)


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
