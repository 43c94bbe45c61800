"""A search: the tree of what is searched for, its filters, its order, and the problems of its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

MAX_QUERY_CHARACTERS = 512  # of a query's text: a headline, with room to spare

Field = Literal["headline", "body"]  # None, where a field may be given: either


@dataclass(frozen=True, slots=True)
class Words:
    """Words that stand next to each other in this order: one word, or a "phrase"."""

    text: str
    field: Field | None = None
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Prefix:
    """A word that begins like this: wor*."""

    text: str
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word that is this one after at most `edits` letters were put in, left out, changed or swapped: word~."""

    text: str
    field: Field | None = None
    edits: int = 1


@dataclass(frozen=True, slots=True)
class Near:
    """Words of which each has at most `gap` others between it and the next, in whichever order: "a b"~5."""

    text: str
    field: Field | None = None
    gap: int = 5


@dataclass(frozen=True, slots=True)
class Period:
    """From `after`, inclusive, to `before`, exclusive; both aware, None without an end."""

    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Is:
    """A filter that holds within a group or is excluded: `name` as in the query language, or "date" for a Period of the
    article's date."""

    name: str
    value: str | Period


@dataclass(frozen=True, slots=True)
class Not:
    """Articles without it."""

    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    nodes: tuple[Node, ...]


Leaf = Words | Prefix | Fuzzy | Near | Is
Node = Leaf | Not | And | Or
Sort = Literal["relevance", "newest", "oldest", "changed"]
FILTER_FIELDS: Mapping[str, str] = {  # a filter that takes several values, by its name in the language -> of Query
    "site": "sites",
    "country": "countries",
    "lang": "languages",
    "author": "authors",
    "section": "sections",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read in a query: from character `at` to `end` of its text. `key` names the sentence that tells
    it (`index.search.query_language.diagnostics`), `given` is what stands there."""

    key: str
    at: int
    end: int
    given: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A search: a tree of words (None is every article), filters, order and place.

    Filters with several values mean any of them, `has` all; `articles` are ids, and let no copies through. `after` is
    inclusive, `before` exclusive, both aware, held against the document's sort_date; `changed` is held against its
    `changed`. `copies` shows every article of a story and not its lead only; `versions` searches what articles said
    before as well. `limit` is 1 to 100, an export's more; `cursor` is what the page before gave, None for the first.
    `problems` tell what of the text has no meaning, and was left out.
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
    gone: bool | None = None
    copies: bool = False
    versions: bool = False
    sort: Sort = "relevance"
    limit: int = 10
    cursor: str | None = None
    problems: tuple[Problem, ...] = field(default=(), compare=False)

    @property
    def filtered(self) -> bool:
        """Whether a filter can exclude a story's lead, so that every matching article shows and not leads only."""
        named = (self.sites, self.countries, self.languages, self.authors, self.sections, self.has)
        other = (self.after, self.before, self.changed)
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
