"""The interface of an index engine.

An index is a view of the archive. It has the name of a target, such as `arshif-v1-20261123t190000`; a rebuild fills a
new target and activates it once it is complete. `record.py` defines what an index stores of a document, `query_plan.py`
what a query means; an engine only translates.

A target of Elasticsearch may be in several parts, each an index of its own: the first one, and further ones that begin
at a moment. A document belongs to the last part that had begun when its article was stored, which never changes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from index.model.article import IndexDocument
from index.model.message import Message
from index.model.query import Query
from index.model.results import Matches

MAPPING_VERSION = 5  # of fields and analysis; an index of another version is rebuilt
REBUILD = "run `arshif index rebuild`: it makes a new one from the archive"  # the remedy for a lost index
_TARGET = re.compile(r"(?P<prefix>.+)-v[0-9]+-[0-9]{8}t[0-9]+")
_STAMP = "%Y%m%dt%H%M%S%f"
MAX_FACET_VALUES = 50  # values returned per facet, those with the most articles


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document in an index: its id (`earlier_id` of an earlier version), its document version, the digest of its
    content when it was indexed, and when the part that it is in begins, None for the first."""

    id: str
    version: int
    digest: int
    part: datetime | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How indexes lie on a cluster: the shards of each new one, and the copies of each shard; None: what an index that
    is there has, and for a new one, one where there is a second node."""

    shards: int = 1
    replicas: int | None = None


@dataclass(frozen=True, slots=True)
class PartLimits:
    """When a target gets a further part: after so many months (0: never for that), and at so many bytes of text and
    index on disk, copies not counted."""

    months: int
    most_bytes: int

    def period(self, moment: datetime) -> int:
        """The number of the period of `months` that a moment (aware) is in, in UTC; always the same without months."""
        moment = moment.astimezone(UTC)
        return (moment.year * 12 + moment.month - 1) // self.months if self.months else 0

    def end(self, moment: datetime) -> datetime | None:
        """The end of the period that a moment is in; None without months."""
        if not self.months:
            return None
        years, months = divmod((self.period(moment) + 1) * self.months, 12)
        return datetime(years, months + 1, 1, tzinfo=UTC)


class Engine(Protocol):
    """One index engine, safe to use from several threads. Every method can raise:

    :raises IndexUnavailable: when the index does not answer or asks to wait.
    :raises IndexMismatch: when a person must repair it; the message says how.
    """

    name: str
    prefix: str
    limits: PartLimits | None  # None: a target is always in one part

    @property
    def layout(self) -> Layout | None:
        """How new indexes lie on a cluster; None where they lie on this machine alone."""

    def create(self, target: str) -> None:
        """Create an empty index of that name (from `new_target`); an existing one is left as it is."""

    def copy_as_told(self) -> None:
        """Have each shard of the targets that are there as many copies as the layout says, if it does and the server
        lets us."""

    def add_part(self, target: str, begin: datetime) -> None:
        """Add an empty part to a target, for documents of articles stored from that moment on; searched if it is."""

    def parts(self, target: str) -> list[datetime] | None:
        """When the further parts of a target begin, in order; None if the first one is not there."""

    def drop_empty_part(self, target: str, begin: datetime) -> bool:
        """Delete a further part that has no documents; tell whether it had none."""

    def is_full(self, target: str, begin: datetime | None) -> bool:
        """Whether a part (None: the first) has reached `limits.most_bytes`."""

    def bulk(
        self, target: str, upserts: Sequence[IndexDocument], deletes: Sequence[str], parts: Sequence[datetime] = ()
    ) -> dict[str, Message]:
        """Index documents and delete ids; return the ids of articles rejected for good, each with the reason.

        `parts` says when the further parts of the target begin. Everything else is durable on return. A document
        version older than the index's is skipped and counts as done. Documents that are not current go to the index of
        earlier versions; a deletion applies to both, one of an `earlier_id` only to that document. A target of an older
        mapping gets the fields that it has.
        """

    def activate(self, target: str) -> None:
        """Make this the target that is searched, then drop the previous one."""

    def drop(self, target: str) -> None:
        """Delete a target, such as one of an abandoned rebuild; a missing one is not an error."""

    def targets(self) -> list[str]:
        """All targets with this prefix, of any mapping version, activated or not."""

    def searched(self) -> str | None:
        """The target that is searched, of any MAPPING_VERSION; None if there is none yet."""

    def current(self) -> str | None:
        """The target that is searched; None if there is none yet, or it has another MAPPING_VERSION."""

    def search(self, query: Query) -> Matches:
        """The matches in the target that is searched: ids, the exact total, and the cursor of the next page."""

    def facet_counts(self, query: Query, fields: Sequence[str]) -> dict[str, dict[str, int]]:
        """The number of matches per value of each of these fields (values of FACET_FIELDS, or DAY).

        The MAX_FACET_VALUES most frequent values are returned in that order, ties by value; of DAY all, unordered.
        """

    def count(self, target: str | None = None) -> int:
        """The number of documents in a target (None: the one that is searched)."""

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        """The id and document version of every document in a target, unordered."""

    def scan(self, target: str) -> Iterator[IndexedDocument]:
        """Every document in a target and in its index of earlier versions, unordered."""

    def damage(self, target: str) -> list[str]:
        """The files of a target that are missing or not as they were written; none where a server looks after them."""

    def close(self) -> None:
        """Close files and connections."""


def new_target(prefix: str = "arshif", now: datetime | None = None) -> str:
    """A name for a new target, made of the prefix, the mapping version and the time (UTC, to the microsecond)."""
    return f"{prefix}-v{MAPPING_VERSION}-{stamp(now or datetime.now(UTC))}"


def stamp(moment: datetime) -> str:
    """A moment (UTC, to the microsecond) as it is in names."""
    return f"{moment.astimezone(UTC):{_STAMP}}"


def moment_of(written: str) -> datetime:
    """The moment that `stamp` wrote.

    :raises ValueError: when it did not.
    """
    return datetime.strptime(written, _STAMP).replace(tzinfo=UTC)


def part_for(stored: datetime, parts: Sequence[datetime]) -> datetime | None:
    """The part for an article stored at that moment, by when it begins; None for the first. `parts` are in order."""
    place = bisect_right(parts, stored)
    return parts[place - 1] if place else None


def is_ours(target: str, prefix: str) -> bool:
    """Whether a target's name has this prefix and the current mapping version."""
    return target.startswith(f"{prefix}-v{MAPPING_VERSION}-")


def is_made_with(target: str, prefix: str) -> bool:
    """Whether a target's name has this prefix and any mapping version."""
    found = _TARGET.fullmatch(target)
    return found is not None and found["prefix"] == prefix


def must_be_ours(target: str, prefix: str) -> None:
    """Check that a target's name comes from `new_target` with this prefix.

    :raises ValueError: when it does not.
    """
    if not is_ours(target, prefix):
        raise ValueError(f"{target!r} is no name for an index here: new_target({prefix!r}) gives one")


def most_frequent(counts: Mapping[str, int]) -> dict[str, int]:
    """The MAX_FACET_VALUES values with the most articles, in that order, ties by value."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_FACET_VALUES])
