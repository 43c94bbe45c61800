"""What a version of an article changed of the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "typo", "correction", "addition", "removal", "rewrite", "headline", "authors", "section", "dates", "moved"
]


@dataclass(frozen=True, slots=True)
class Change:
    """A change from one version to the next: its kinds, the most obvious first, and the number of words removed from
    and added to headline and body."""

    kinds: tuple[Kind, ...]
    removed: int = 0
    added: int = 0

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def __str__(self) -> str:
        counts = [f"{sign}{n} words" for sign, n in (("-", self.removed), ("+", self.added)) if n]
        return ", ".join(self.kinds) + (f" ({', '.join(counts)})" if counts else "")


UNCHANGED = Change(())


def confirmed_alike(one: str | None, other: str | None) -> bool:
    """The same for the states by which two versions were `confirmed`."""
    return one is not None and one == other
