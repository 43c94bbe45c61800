"""The same as JSON, under the names of schema.org."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException

from index import search
from index.archive import articles
from index.article import Document, Hit, Sort, schema_org
from index.query import MAX_LIMIT
from index.web.pages import ArchiveOf, EngineOf, query_of

router = APIRouter(prefix="/api")


@router.get("/search")
def results(
    archive: ArchiveOf,
    engine: EngineOf,
    q: str = "",
    sort: Sort = "relevance",
    cursor: str = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 10,
) -> dict[str, Any]:
    """What a search finds: `total`, `hits` with pieces of their text in place of the whole, the next `cursor`."""
    found = search.search(query_of(q, sort, cursor, limit), engine, archive)
    return {
        "total": found.total,
        "seconds": round(found.seconds, 4),
        "cursor": found.cursor,
        "hits": [_hit(hit) for hit in found.hits],
    }


@router.get("/articles/{article}")
def article(archive: ArchiveOf, article: str) -> dict[str, Any]:
    """One article with its text, its other addresses and when each of its versions was seen."""
    with archive.read() as conn:
        document = articles.document(conn, article)
        if document is None:
            raise HTTPException(404, "article")
        versions, aliases = articles.versions(conn, article), articles.aliases(conn, article)
    answer = _document(document)
    answer["archive"] |= {
        "versions": [{"number": version.number, "seen": version.seen} for version in versions],
        "aliases": [{"url": alias.url, "reason": alias.reason, "seen": alias.seen} for alias in aliases],
    }
    return answer


def _document(document: Document) -> dict[str, Any]:
    answer: dict[str, Any] = {"@context": "https://schema.org", "@type": "NewsArticle", **schema_org(document.article)}
    answer["archive"] |= {
        "firstSeen": document.first_seen,
        "version": document.version,
        "gone": document.gone,
        "story": document.story,
        "lead": document.lead,
    }
    return answer


def _hit(hit: Hit) -> dict[str, Any]:
    answer = _document(hit.document)
    answer.pop("articleBody", None)
    snippets = [[{"text": span.text, "marked": span.marked} for span in snippet] for snippet in hit.snippets]
    return answer | {"score": hit.score, "snippets": snippets, "others": hit.others}
