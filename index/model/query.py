"""A query: its tree of words, its filters, its order, and the problems in its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

MAX_QUERY_CHARACTERS = 512  # a headline, with room to spare

Field = Literal["headline", "body"]  # where None is allowed, it means either


@dataclass(frozen=True, slots=True)
class Words:
    """Adjacent words in this order: one word, or a "phrase"."""

    text: str
    field: Field | None = None
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Prefix:
    """A word that begins with this text: wor*."""

    text: str
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word at most `edits` inserted, deleted, replaced or swapped letters away from this one: word~."""

    text: str
    field: Field | None = None
    edits: int = 1


@dataclass(frozen=True, slots=True)
class Near:
    """Words with at most `gap` others between each and the next, in either order: "a b"~5."""

    text: str
    field: Field | None = None
    gap: int = 5


@dataclass(frozen=True, slots=True)
class Period:
    """The time from `after`, inclusive, to `before`, exclusive; both aware, None if unbounded."""

    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A number from `least` to `most`, both inclusive; None if unbounded."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Is:
    """A filter within a group or an exclusion: `name` is as in the query language, or "date" for a Period of the
    article's date, "number" for a Count of its versions."""

    name: str
    value: str | Period | Count


@dataclass(frozen=True, slots=True)
class Not:
    """Articles that do not match the node."""

    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """Articles that match all nodes."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Articles that match any node."""

    nodes: tuple[Node, ...]


Leaf = Words | Prefix | Fuzzy | Near | Is
Node = Leaf | Not | And | Or
Sort = Literal["relevance", "newest", "oldest", "changed"]
FILTER_FIELDS: Mapping[str, str] = {  # filters with several values: name in the query language -> field of Query
    "site": "sites",
    "country": "countries",
    "lang": "languages",
    "author": "authors",
    "section": "sections",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a query that could not be parsed, from character `at` to `end` of its text. `key` names the sentence
    that explains it (`index.search.query_language.diagnostics`), `given` is the text there."""

    key: str
    at: int
    end: int
    given: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A query: a tree of words (None matches every article), filters, order and position.

    Several values of a filter mean any of them, of `has` all. `articles` are ids; copies are excluded there too.
    `after` is inclusive, `before` exclusive; both are aware and compared with the document's sort_date, `changed` with
    its `changed`, `edited` with the times of its edits, `removed` with when it was gone from its site. `number` is how
    many versions it has. `copies` includes every article of a story, not only its lead; `versions` searches earlier
    versions too. `limit` is 1 to 100, more for an export; `cursor` comes from the previous page, None for the first.
    `problems` lists the parts of the text that have no meaning and were left out.
    """

    node: Node | None = None
    sites: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    changed: Period | None = None
    edited: Period | None = None
    removed: Period | None = None
    number: Count | None = None
    gone: bool | None = None
    copies: bool = False
    versions: bool = False
    sort: Sort = "relevance"
    limit: int = 10
    cursor: str | None = None
    problems: tuple[Problem, ...] = field(default=(), compare=False)

    @property
    def filtered(self) -> bool:
        """Whether a filter may exclude a story's lead, so that all matching articles are shown, not only leads."""
        named = (self.sites, self.countries, self.languages, self.authors, self.sections, self.has)
        other = (self.after, self.before, self.changed, self.edited, self.removed, self.number)
        return any(named) or any(other) or self.gone is not None or _holds_filter(self.node)


def _holds_filter(node: Node | None) -> bool:
    match node:
        case Is():
            return True
        case Not(inner):
            return _holds_filter(inner)
        case And(nodes) | Or(nodes):
            return any(map(_holds_filter, nodes))
    return False
