"""What every index engine does.

An index is a view of the archive. It lives under a target's name, such as `arshif-v1-20261123t190000`; a rebuild fills
a new target and activates it when it is complete. `record.py` says what an index stores of a document, `query_plan.py`
what a query means; an engine only translates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from index.model.article import IndexDocument
from index.model.query import Query
from index.model.results import Matches

MAPPING_VERSION = 2  # of fields and analysis: an index of another one is not read or written, but rebuilt
REBUILD = "run `arshif index rebuild`: it makes a new one from the archive"  # what helps where an index is lost
_TARGET = re.compile(r"(?P<prefix>.+)-v[0-9]+-[0-9]{8}t[0-9]+")
MAX_FACET_VALUES = 50  # of a facet, those with the most articles


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document that an index has: its id (`earlier_id` of an earlier version), its version, and the digest of what it
    said when it was brought."""

    id: str
    version: int
    digest: int


class Engine(Protocol):
    """One index engine. Every method raises IndexUnavailable where the index does not answer or asks to wait, and
    IndexMismatch where a person must mend it; the message says how. Safe to use from several threads."""

    name: str
    prefix: str

    def create(self, target: str) -> None:
        """A new, empty index of that name (from `new_target`); one that is there already stays as it is."""

    def bulk(self, target: str, upserts: Sequence[IndexDocument], deletes: Sequence[str]) -> dict[str, str]:
        """Bring documents in and take ids out. All are durable when it returns, but for those that are refused for
        good: their articles' ids with the reason. An older version than the index has is left out, and counts as done.
        Documents that are not current go to the index of earlier versions; a deletion holds for both, that of an
        `earlier_id` for that one. A target of an older mapping is given what it has fields for."""

    def activate(self, target: str) -> None:
        """From now on searches go to this target; the one before it is dropped after that."""

    def drop(self, target: str) -> None:
        """Remove a target for good, such as one of a rebuild that was given up. One that is not there is fine."""

    def targets(self) -> list[str]:
        """All targets of this prefix, of whatever version, published or not."""

    def searched(self) -> str | None:
        """The target that searches go to, of whatever MAPPING_VERSION; None where there is none yet."""

    def current(self) -> str | None:
        """The target that searches go to; None where there is none yet, or one of another MAPPING_VERSION."""

    def search(self, query: Query) -> Matches:
        """What matches in the current target: ids, the exact total, and the cursor of the next page."""

    def facet_counts(self, query: Query, fields: Sequence[str]) -> dict[str, dict[str, int]]:
        """For each of these fields (values of FACET_FIELDS, or DAY) how many of all that match hold each value: of the
        MAX_FACET_VALUES most frequent ones, in that order, equal ones by value; of DAY all, in no order."""

    def count(self, target: str | None = None) -> int:
        """How many documents a target has (None: the current one)."""

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        """(id, version) of every document of a target, in no order."""

    def scan(self, target: str) -> Iterator[IndexedDocument]:
        """Every document of a target and of the index of earlier versions beside it, in no order."""

    def close(self) -> None:
        """Let go of files and connections."""


def new_target(prefix: str = "arshif", now: datetime | None = None) -> str:
    """A name for a new target: it carries the version of the mapping and the time, in UTC, to the microsecond."""
    return f"{prefix}-v{MAPPING_VERSION}-{(now or datetime.now(UTC)):%Y%m%dt%H%M%S%f}"


def is_ours(target: str, prefix: str) -> bool:
    """Whether a target's name says that it was made with this prefix and this version of the mapping."""
    return target.startswith(f"{prefix}-v{MAPPING_VERSION}-")


def is_made_with(target: str, prefix: str) -> bool:
    """Whether a target's name says that it was made with this prefix, by whichever version of the mapping."""
    found = _TARGET.fullmatch(target)
    return found is not None and found["prefix"] == prefix


def must_be_ours(target: str, prefix: str) -> None:
    """Raises ValueError for a target that `new_target` did not name for this prefix."""
    if not is_ours(target, prefix):
        raise ValueError(f"{target!r} is no name for an index here: new_target({prefix!r}) gives one")


def most_frequent(counts: Mapping[str, int]) -> dict[str, int]:
    """The MAX_FACET_VALUES values with the most articles, in that order; equal ones by value."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_FACET_VALUES])
