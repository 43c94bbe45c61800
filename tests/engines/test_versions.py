"""Earlier versions, what is gone, and what has changed; counts, and pages by each order: on both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from index.engines import Engine
from index.engines.base import new_target
from index.model.article import Image, IndexDocument
from index.model.query import Query
from index.model.results import Results
from index.search import service
from index.search.query_language import parse
from index.search.service import Key
from tests.engines.conftest import fill
from tests.engines.corpus import document


def day(month: int, of_month: int) -> datetime:
    return datetime(2024, month, of_month, 12, tzinfo=UTC)


def one(id_: str, body: str, **given: Any) -> IndexDocument:
    return document(id_, f"خبر {id_}", body, country="SY", **given)


IMAGE = Image("https://x.example/1")
EDITED: Any = {"sort_date": day(5, 1), "versions": 3, "edits": (day(6, 1), day(6, 9))}
ARTICLES = (
    one("a", "فاز النائب بالمقعد", number=3, changed=day(6, 9), authors=("سامر", "ليلى"), **EDITED),
    one("a", "خسر النائب المقعد", number=1, changed=day(5, 1), current=False, **EDITED),
    one("a", "تعادل النائب وخصمه", number=2, changed=day(6, 1), current=False, gone=True, **EDITED),
    one(
        *("b", "خسر الفريق"),
        sort_date=day(5, 2),
        gone=True,
        removed=day(7, 31),
        authors=("سامر",),
        section="رياضة",
        number=2,
        versions=2,
        changed=day(7, 1),
        edits=(day(7, 1),),
    ),
    one(
        "c", "خسر الحزب", sort_date=day(5, 9), changed=day(5, 10), images=(Image("https://x.example/1"),), language="en"
    ),
    one("d", "خسر الحزب", sort_date=day(8, 2), site="enab", lead=False, story="s", published=day(8, 2)),
    one("e", "خسر الحزب", sort_date=day(8, 1), site="nahar", lead=True, story="s", published=day(8, 1)),
)


@pytest.fixture(scope="module")
def filled(lasting: Engine) -> Engine:
    """An engine that holds the articles, to be read only."""
    return fill(lasting, ARTICLES)


@pytest.fixture
def own(engine: Engine) -> Engine:
    """The same, of a test that writes to it."""
    return fill(engine, ARTICLES)


def found(engine: Engine, text: str, **filters: Any) -> list[str]:
    matches = engine.search(parse(text, **filters)).matches
    return [match.id if match.number is None else f"{match.id}{match.number}" for match in matches]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("خسر", "b c e"),
        ("خسر versions:yes", "a1 b c e"),
        ("خسر versions:no", "b c e"),
        ("النائب", "a"),
        ("النائب versions:yes", "a a1 a2"),
        ("versions:yes", "a a1 a2 b c e"),
        ("تعادل", ""),
        ("gone:yes", "b"),
        ("gone:yes versions:yes", "a2 b"),
        ("خسر gone:no", "c d e"),
        ("خسر -gone:yes", "c d e"),
        ("changed:2024-06", "a"),
        ("changed:2024-05-10", "c"),
        ("changed:2024-06 versions:yes", "a a2"),
        ("has:changes", "a b"),  # c says itself that it was changed, and has one version
        ("has:changes versions:yes", "a a1 a2 b"),
        ("versions:>1", "a b"),
        ("versions:>=2 versions:<3", "b"),
        ("versions:2..3 -has:section", "a"),
        ("versions:1", "c d e"),
        ("versions:٣", "a"),
        ("خسر -versions:>1", "c d e"),
        ("(versions:>2 OR removed:yes) خبر", "a b"),
        ("versions:5..2", ""),
        ("edited:2024-06", "a"),
        ("edited:2024", "a b"),
        ("edited:2024-06-01", "a"),
        ("edited:2024-06-02..2024-06-08", ""),  # between two edits
        ("edited:>2024-06", "b"),
        ("edited:>=2024-06-09", "a b"),
        ("edited:<2024-06-02 versions:yes", "a a1 a2"),
        ("edited:..2024-06 edited:2024-06-09..", "a"),
        ("(edited:2024-06 OR edited:2023)", "a"),
        ("-edited:2024", "c d e"),
        ("removed:yes", "b"),
        ("removed:لا", "a c d e"),
        ("removed:2024-07", "b"),
        ("removed:<=2024-07-30", ""),
        ("removed:2024-08..", ""),
        ("changed:2024-05..2024-06", "a c"),
        ("has:image", "c"),
        ("has:author has:section", "b"),
        ("has:date", "d e"),
        ("الحزب copies:yes", "c d e"),
    ],
)
def test_what_is_found(filled: Engine, text: str, ids: str) -> None:
    assert sorted(found(filled, text)) == ids.split()


def test_a_deletion_takes_earlier_versions_along(own: Engine) -> None:
    target = own.current()
    assert target is not None
    own.count()
    assert own.bulk(target, [], ["a"]) == {}
    own.count()
    if own.name == "elasticsearch":
        own.server.client.indices.refresh(index=f"{own.prefix}-versions")  # type: ignore[attr-defined]
    assert found(own, "النائب versions:yes") == []
    assert dict(own.ids(target)) == dict.fromkeys("bcde", 1)


def test_a_rebuilt_index_brings_its_own_earlier_versions(own: Engine) -> None:
    target = new_target(own.prefix)
    own.create(target)
    own.bulk(target, ARTICLES[:2], [])
    own.activate(target)
    assert sorted(found(own, "versions:yes")) == ["a", "a1"]
    assert own.targets() == [target]


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "changed"])
def test_pages_join_across_today_and_earlier(filled: Engine, sort: str) -> None:
    whole = found(filled, "خبر versions:yes", sort=sort)
    assert len(whole) == 6
    pages, cursor = [], None
    while True:
        page = filled.search(parse("خبر versions:yes", sort=sort, limit=1, cursor=cursor))
        assert page.total == 6
        pages += [match.id if match.number is None else f"{match.id}{match.number}" for match in page.matches]
        if (cursor := page.cursor) is None:
            break
    assert pages == whole


def test_sorted_by_the_last_change(filled: Engine) -> None:
    assert found(filled, "copies:yes", sort="changed") == ["d", "e", "b", "a", "c"]


def test_new_articles_do_not_shift_the_pages_by_date(own: Engine) -> None:
    first = own.search(parse("copies:yes", sort="oldest", limit=2))
    target = own.current()
    own.bulk(str(target), [one("z", "قديم", sort_date=day(1, 1))], [])
    own.count()
    assert found(own, "copies:yes", sort="oldest", limit=2, cursor=first.cursor) == ["c", "e"]


# --- counts --------------------------------------------------------------------------------------------------------


def counted(engine: Engine, text: str, **how: Any) -> Results:
    def load(_: object) -> tuple[dict[Key, IndexDocument], dict[str, int]]:
        return {(d.article.id, None if d.current else d.number): d for d in ARTICLES}, {}

    query: Query = parse(text)
    tallies, bars, unit = service._counts(query, engine, how.get("facets", ()), how.get("histogram", False))
    results = service.find(query, engine, load)
    return Results(results.total, results.hits, 0.0, None, tallies, bars, unit)


def test_counts_are_of_what_is_found(filled: Engine) -> None:
    facets = ("site", "country", "language", "section", "author")
    results = counted(filled, "", facets=facets, histogram="month")
    assert {tally.field: dict(tally.counts) for tally in results.facets} == {
        "site": {"step": 3, "nahar": 1},
        "country": {"SY": 4},
        "language": {"ar": 3, "en": 1},
        "section": {"رياضة": 1},
        "author": {"سامر": 2, "ليلى": 1},
    }
    assert [(f"{bar.day}", bar.count) for bar in results.histogram] == [("2024-05-01", 3), ("2024-08-01", 1)]
    assert sum(bar.count for bar in results.histogram) == results.total == 4
    assert (results.hits[0].document.article.id, results.unit) == ("e", "month")


def test_a_chosen_field_is_counted_as_if_it_were_not(filled: Engine) -> None:
    (sites, languages) = counted(filled, "الحزب site:enab", facets=("site", "language")).facets
    assert dict(sites.counts) == {"enab": 1, "nahar": 1, "step": 1}
    assert dict(languages.counts) == {"ar": 1}
    (sites,) = counted(filled, "النائب versions:yes", facets=("site",)).facets
    assert dict(sites.counts) == {"step": 3}


@pytest.mark.parametrize(
    ("unit", "bars"),
    [
        ("day", ["2024-05-02 1", "2024-05-09 1", "2024-08-01 1"]),
        ("week", ["2024-04-29 1", "2024-05-06 1", "2024-07-29 1"]),
        (True, ["2024-05-02 1", "2024-05-09 1", "2024-08-01 1"]),
    ],
)
def test_counts_over_time(filled: Engine, unit: Any, bars: list[str]) -> None:
    results = counted(filled, "خسر", histogram=unit)
    assert [f"{bar.day} {bar.count}" for bar in results.histogram] == bars
