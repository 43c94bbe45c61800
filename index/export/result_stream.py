"""Articles to be exported, page by page: all results of a search, with either engine, or chosen ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.archive import Archive, documents, notes
from index.engines.base import Engine
from index.model.article import IndexDocument
from index.model.query import Query
from index.model.results import Matches
from index.search.service import load

PAGE = 200  # articles in memory at a time: a megabyte or two of text


@dataclass(frozen=True, slots=True)
class ResultStream:
    """The number of articles when the export began, and all of them, a page at a time."""

    total: int
    pages: Iterator[Sequence[IndexDocument]]


def stream(
    query: Query, engine: Engine, archive: Archive, *, page: int = PAGE, annotated: bool = False
) -> ResultStream:
    """All results of a query by date, newest first unless it says otherwise; its cursor and limit are ignored. They are
    `annotated` with what people added to them if that is asked for.

    Results are sorted by date and never by relevance: positions in that order are stable while one reads on, and an
    index can continue from any depth. Documents that the archive does not have, because the index is ahead, are left
    out. The first page is fetched at once; later ones can raise the same errors.

    :raises IndexUnavailable: when the index does not answer.
    :raises IndexMismatch: when a person must repair it.
    """
    order = "newest" if query.sort == "relevance" else query.sort
    asked = replace(query, sort=order, limit=page, cursor=None)
    first = engine.search(asked)
    pages = _pages(asked, first, engine, archive)
    return ResultStream(first.total, _annotated(archive, pages) if annotated else pages)


def chosen(ids: Sequence[str], archive: Archive, *, page: int = PAGE, annotated: bool = True) -> ResultStream:
    """The articles with these ids, in this order, straight from the archive: they need be in no index. Those that it
    does not have are left out."""
    pages = _loaded(ids, archive, page)
    return ResultStream(len(ids), _annotated(archive, pages) if annotated else pages)


def article_ids(found: ResultStream) -> Iterator[str]:
    """The id of each article among these results once, though several versions of it may be among them."""
    given: set[str] = set()
    for page in found.pages:
        for document in page:
            if document.article.id not in given:
                given.add(document.article.id)
                yield document.article.id


def _loaded(ids: Sequence[str], archive: Archive, page: int) -> Iterator[Sequence[IndexDocument]]:
    for at in range(0, len(ids), page):
        with archive.read() as conn:
            found = documents.documents(conn, ids[at : at + page])
        yield found


def _annotated(archive: Archive, pages: Iterator[Sequence[IndexDocument]]) -> Iterator[Sequence[IndexDocument]]:
    for page in pages:
        with archive.read() as conn:
            found = notes.annotated(conn, page)
        yield found


def _pages(asked: Query, found: Matches, engine: Engine, archive: Archive) -> Iterator[Sequence[IndexDocument]]:
    while True:
        keys = [(match.id, match.number) for match in found.matches]
        documents = load(archive, keys)[0]
        yield [documents[key] for key in keys if key in documents]
        if found.cursor is None:
            return
        found = engine.search(replace(asked, cursor=found.cursor))
