"""All that a search finds, page after page, over whichever index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.archive import Archive
from index.engines.base import Engine
from index.model.article import IndexDocument
from index.model.query import Query
from index.model.results import Matches
from index.search.service import load

PAGE = 200  # articles that are in memory at once: a megabyte or two of text


@dataclass(frozen=True, slots=True)
class ResultStream:
    """How many articles a search found when it began, and all of them, a page at a time."""

    total: int
    pages: Iterator[Sequence[IndexDocument]]


def stream(query: Query, engine: Engine, archive: Archive, *, page: int = PAGE) -> ResultStream:
    """All that a query finds, by date: the newest first, unless it says otherwise. Its cursor and limit do not count.

    By date and never by relevance: a place in that order does not move while one reads on, and an index can go on from
    it however deep. What the archive does not have (an index that is ahead) is left out. Raises what the engine raises,
    at once for the first page."""
    order = "newest" if query.sort == "relevance" else query.sort
    asked = replace(query, sort=order, limit=page, cursor=None)
    first = engine.search(asked)
    return ResultStream(first.total, _pages(asked, first, engine, archive))


def _pages(asked: Query, found: Matches, engine: Engine, archive: Archive) -> Iterator[Sequence[IndexDocument]]:
    while True:
        keys = [(match.id, match.number) for match in found.matches]
        documents = load(archive, keys)[0]
        yield [documents[key] for key in keys if key in documents]
        if found.cursor is None:
            return
        found = engine.search(replace(asked, cursor=found.cursor))
