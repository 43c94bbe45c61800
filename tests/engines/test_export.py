"""An export goes through all that a search finds, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.archive import Archive, articles
from index.engines import Engine
from index.export.result_stream import stream
from index.model.query import Sort
from index.search import indexer
from index.search.query_language import parse
from tests.support.filled_archive import newsroom, page

PAGE = 7  # of 64 articles: ten pages, the last one not full


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "changed"])
def test_an_export_has_every_article_once(engine: Engine, tmp_path: Path, sort: Sort) -> None:
    with Archive(tmp_path / "archive.sqlite3") as archive:
        archive.write(lambda conn: [articles.store(conn, page(one)) for one in newsroom()]).result()
        indexer.index_pending(archive, engine)
        for text in ("copies:yes", "lang:ar", "-site:asi", "zzzz"):
            found = stream(parse(text, sort=sort), engine, archive, page=PAGE)
            pages = list(found.pages)
            documents = [document for part in pages for document in part]
            assert len({document.article.id for document in documents}) == len(documents) == found.total, text
            assert all(len(part) == PAGE for part in pages[:-1])
            moments = [document.sort_date for document in documents]
            assert moments == sorted(moments, reverse=sort != "oldest"), text
