"""Both engines, asked the same over real texts: the same articles, nearly the same first ten, the same counts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings

from index.engines import Engine
from index.engines.base import new_target
from index.engines.query_plan import plan
from index.engines.record import DAY, FACET_FIELDS
from index.model.article import EARLIEST, IndexDocument
from index.search.query_language import parse
from index.text.analysis import language_of, words
from tests.engines.conftest import opened
from tests.engines.corpus import document
from tests.support.filled_archive import newsroom, written
from tests.support.long_form import LONG, in_both_forms
from tests.support.news_sites import story_generator
from tests.unit.index.search.query_language.test_parser import TEXTS

PAGES = Path(__file__).parents[3] / "shared" / "pages" / "open"  # other people's pages, beside this repository
SOURCES = ("fundus", "scrapinghub", "arabic", "arabic_wp", "daniel")
BODY = 4_000  # characters of a page that are enough here
EACH = 22  # queries of each kind
FIRST, SHARED, OFTEN = 10, 0.8, 0.95  # of the first ten, eight are the same in 95 of 100 queries
FUZZED = 50_000 if LONG else 1_000

pytestmark = pytest.mark.elasticsearch
Both = tuple[Engine, Engine]


def _pages() -> Iterator[IndexDocument]:
    """Real articles of some twenty languages, as their corpora give them."""
    files = [file for source in SOURCES for file in sorted((PAGES / source).glob("*.json"))]
    for number, file in enumerate(files):
        said = json.loads(file.read_text("utf-8"))
        body = said.get("body") or ""
        body = "\n\n".join(body) if isinstance(body, list) else body
        if said.get("title") and body:
            yield document(
                f"p{number}",
                said["title"],
                body[:BODY],
                language=said.get("lang"),
                site=file.parent.name.replace("_", "-"),
                country="GB",
                authors=tuple(said.get("authors") or ())[:3],
                sort_date=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=7 * number),
            )


def _newsroom() -> Iterator[IndexDocument]:
    stories = [written("asi", story_generator.story("ar", n), hours=n) for n in range(24, 200)]
    stories += [written("observer", story_generator.story("en", n), hours=n) for n in range(10, 120)]
    for article in (*newsroom(), *stories):
        date = article.published or datetime(2026, 11, 1, tzinfo=UTC)
        yield IndexDocument(
            article, 1, first_seen=date, sort_date=date, gone=article.id < "1", changed=article.modified
        )


@cache
def articles() -> tuple[IndexDocument, ...]:
    """Some 350 made-up articles, and some 500 real ones where the pages are there."""
    return tuple({d.article.id: d for d in (*_newsroom(), *_pages())}.values())


@pytest.fixture(scope="module")
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The embedded index and Elasticsearch, in three parts, with the same articles, to be read only."""
    folder = tmp_path_factory.mktemp("both")
    openings = [opened(kind, request, folder) for kind in ("embedded", "elasticsearch")]
    embedded, elastic = (next(opening) for opening in openings)
    begins = [datetime(2026, month, 1, tzinfo=UTC) for month in (5, 9)]
    moments = [EARLIEST, *begins]
    stored = [replace(one, stored=moments[number % 3]) for number, one in enumerate(articles())]
    for engine, parts in ((embedded, []), (elastic, begins)):
        target = new_target(engine.prefix)
        engine.create(target)
        for begin in parts:
            engine.add_part(target, begin)
        assert engine.bulk(target, stored, [], parts) == {}
        engine.activate(target)
    yield embedded, elastic
    for opening in openings:
        next(opening, None)


def _queries() -> Iterator[str]:
    """Questions whose words stand in the texts: of each kind EACH, the same every time."""
    chance = random.Random(6)
    texts = [(d, words(d.article.body)) for d in articles()]
    texts = [(d, found) for d, found in texts if len(found) > 30]
    for _ in range(EACH):
        document, found = chance.choice(texts)
        at = chance.randrange(len(found) - 8)
        one, two, other = found[at], found[at + 1], chance.choice(found)
        title = next(iter(words(document.article.headline)), one)
        language = language_of(document.article.language) or "en"
        yield one
        yield f"{one} {other}"
        yield f'"{one} {two}"'
        yield f"{title} OR {other}"
        yield f"{one} -{other}"
        yield f"title:{title}"
        yield f"body:{one} lang:{language}"
        yield f'"{one} {found[at + 4]}"~4'
        yield f'"{other} {one} {found[at + 3]}"~40'
        yield f"{max(one, other, key=len)[:4]}*"
        yield f"{max(found[at : at + 8], key=len)}~"
        yield f"({one} OR {two}) -site:{document.article.site} after:2024-03"


def _all(engine: Engine, text: str) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = engine.search(parse(text, limit=100, cursor=cursor))
        found += [match.id for match in page.matches]
        if (cursor := page.cursor) is None:
            assert page.total == len(found) == len(set(found)), text
            return found


def test_they_find_the_same_and_rank_it_alike(both: Both) -> None:
    queries = list(_queries())
    assert len(queries) >= 200
    differing, alike, found = [], 0, 0
    for text in queries:
        embedded, elastic = (_all(engine, text) for engine in both)
        if set(embedded) != set(elastic):
            differing.append((text, set(embedded) ^ set(elastic)))
        first = min(FIRST, len(elastic))
        alike += len(set(embedded[:FIRST]) & set(elastic[:FIRST])) >= SHARED * first
        found += bool(elastic)
    assert differing == []
    assert found > 0.9 * len(queries)
    assert alike >= OFTEN * len(queries)


def test_they_count_the_same(both: Both) -> None:
    fields = [*FACET_FIELDS.values(), DAY]
    for text in ("", "lang:en", "في OR the", "after:2024-02 before:2026", "gone:yes", "has:author -site:asi"):
        query = parse(text)
        embedded, elastic = (engine.facet_counts(query, fields) for engine in both)
        assert embedded == elastic, text
        assert list(embedded["author_name"]) == list(elastic["author_name"])
        assert sum(embedded[DAY].values()) == both[0].search(query).total


@pytest.mark.parametrize("sort", ["newest", "oldest", "changed"])
def test_they_sort_the_same(both: Both, sort: str) -> None:
    def ids(engine: Engine, limit: int) -> list[str]:
        first = engine.search(parse("في OR of", sort=sort, limit=limit))
        after = engine.search(parse("في OR of", sort=sort, limit=limit, cursor=first.cursor))
        return [match.id for match in (*first.matches, *after.matches)]

    assert ids(both[0], 40) == ids(both[1], 40) == ids(both[0], 80)[:80]


@in_both_forms
def test_fuzzed_queries_mean_the_same(both: Both) -> None:
    """Of FUZZED texts; those of one plan are one question."""
    asked: dict[object, str] = {}

    @settings(max_examples=FUZZED, database=None, derandomize=True)
    @given(TEXTS)
    def collect(text: str) -> None:
        query = parse(text)
        asked.setdefault((plan(query), query.versions), text)

    collect()
    assert len(asked) > FUZZED / 5
    assert [text for text in asked.values() if not _agree(both, text)] == []


def _agree(both: Both, text: str) -> bool:
    embedded, elastic = (engine.search(parse(text, limit=100)) for engine in both)
    if embedded.total != elastic.total:
        return False
    return embedded.total > 100 or {m.id for m in embedded.matches} == {m.id for m in elastic.matches}
