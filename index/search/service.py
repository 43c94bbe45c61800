"""Searching: from a Query to Results, with either engine.

The engine supplies ids and counts, the archive the texts; `index/search/highlight.py` chooses and marks what is shown.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from index.archive import Archive, documents
from index.engines.base import Engine
from index.engines.query_plan import MatchClause, match_clause, plan
from index.engines.record import DAY, FACET_FIELDS
from index.model.article import Article, IndexDocument
from index.model.query import FILTER_FIELDS, And, Node, Query, Words
from index.model.results import FACET_FILTERS, Bar, Facet, FacetCounts, Hit, Match, Matches, Results, Span, Unit
from index.search.highlight import clauses_for_language, headline, snippets, whole
from index.text.analysis import words

Key = tuple[str, int | None]  # an article's id, and the number of an earlier version; None for the newest
Load = Callable[[Sequence[Key]], tuple[Mapping[Key, IndexDocument], Mapping[str, int]]]

OWN_FILTER: Mapping[Facet, str] = {  # the field of Query that filters by a facet
    facet: FILTER_FIELDS[name] for facet, name in FACET_FILTERS.items()
}
LEAST_OF_A_HEADLINE = 3  # words: fewer are a topic
DAYS, WEEKS = 92, 2 * 366  # longest spans, in days, of histograms by day and by week: some hundred bars at most


def search(
    query: Query, engine: Engine, archive: Archive, *, facets: Sequence[Facet] = (), histogram: Unit | bool = False
) -> Results:
    """A page of hits with their texts from the archive, counts by these facets, and a histogram by day, week or month
    (True: whichever suits the time that the results span).

    An id that the archive does not have, because the index is ahead or behind, is missing from the page but counts in
    the total.

    :raises QueryError: when the cursor is not one of this search.
    :raises IndexUnavailable: when the index does not answer.
    :raises IndexMismatch: when a person must repair the index.
    """
    started = time.perf_counter()
    found = find(query, engine, lambda keys: load(archive, keys))
    tallies, bars, unit = _counts(query, engine, facets, histogram)
    return replace(found, facets=tallies, histogram=bars, unit=unit, seconds=time.perf_counter() - started)


def find(query: Query, engine: Engine, loading: Load) -> Results:
    """Like `search`, without counts; `loading` returns the documents of keys, and the number of other articles per
    story."""
    started = time.perf_counter()
    found = engine.search(query)
    if _may_be_headline(query):
        found = _with_own_headline(query, found, engine, loading)
    loaded, others = loading([(match.id, match.number) for match in found.matches])
    asked = match_clause(plan(query).scored)
    languages = {document.article.language for document in loaded.values()}
    told = {language: clauses_for_language(language, asked) for language in languages}
    hits = tuple(
        _hit(loaded[key], match, told[loaded[key].article.language], others)
        for match in found.matches
        if (key := (match.id, match.number)) in loaded
    )
    return Results(found.total, hits, time.perf_counter() - started, found.cursor)


def _may_be_headline(query: Query) -> bool:
    """Whether a search for words alone shows only stories' leads on its first page, where the copy with just that
    headline would be missed."""
    if query.filtered or query.copies or query.versions or query.cursor or query.sort != "relevance":
        return False
    return len(_asked_words(query.node)) >= LEAST_OF_A_HEADLINE


def _asked_words(node: Node | None) -> list[str]:
    """The words that a search asks for, if it asks for all of them and nothing else."""
    if isinstance(node, Words) and node.field != "body":
        return words(node.text)
    parts = [_asked_words(one) for one in node.nodes] if isinstance(node, And) else []
    return [word for part in parts for word in part] if parts and all(parts) else []


def _with_own_headline(query: Query, found: Matches, engine: Engine, loading: Load) -> Matches:
    """The matches, and before them a copy whose headline is what was searched: a reader who asks for an article by its
    own headline is shown that article, and not only the lead of its story under another one."""
    asked = _asked_words(query.node)
    in_headline = And(tuple(Words(word, "headline") for word in asked))
    known = {match.id for match in found.matches}
    more = [one for one in engine.search(replace(query, node=in_headline, copies=True)).matches if one.id not in known]
    if not more:
        return found
    shown = {_headline_words(one) for one in loading([(one.id, one.number) for one in found.matches])[0].values()}
    loaded, _ = loading([(one.id, one.number) for one in more])
    for match in more:
        document = loaded.get((match.id, match.number))
        if document is not None and _headline_words(document) == tuple(asked) and tuple(asked) not in shown:
            return replace(found, total=found.total + 1, matches=(match, *found.matches))
    return found


def _headline_words(document: IndexDocument) -> tuple[str, ...]:
    return tuple(words(document.article.headline))


def marked(query: Query, article: Article) -> tuple[tuple[Span, ...], tuple[tuple[Span, ...], ...]]:
    """An article's headline and the paragraphs of its body, with what a query matches in them marked."""
    asked = clauses_for_language(article.language, match_clause(plan(query).scored))
    return headline(article, asked), whole(article, asked)


def load(archive: Archive, keys: Sequence[Key]) -> tuple[Mapping[Key, IndexDocument], Mapping[str, int]]:
    """The documents of these keys, as far as the archive has them, and the number of other articles per story."""
    with archive.read() as conn:
        today = documents.documents(conn, [article for article, number in keys if number is None])
        past = [(article, number) for article, number in keys if number is not None]
        earlier = documents.version_documents(conn, list(dict(past)), past)
        loaded: dict[Key, IndexDocument] = {(d.article.id, None): d for d in today}
        loaded |= {(d.article.id, d.number): d for d in earlier}
        stories = [d.story for d in loaded.values() if d.story is not None]
        return loaded, documents.others(conn, stories) if stories else {}


def _hit(document: IndexDocument, match: Match, asked: Sequence[MatchClause], others: Mapping[str, int]) -> Hit:
    return Hit(
        document=document,
        score=match.score,
        headline=headline(document.article, asked),
        snippets=snippets(document.article, asked),
        others=others.get(document.story or "", 0),
    )


# --- counts --------------------------------------------------------------------------------------------------------


def _counts(
    query: Query, engine: Engine, facets: Sequence[Facet], histogram: Unit | bool
) -> tuple[tuple[FacetCounts, ...], tuple[Bar, ...], Unit | None]:
    """Counts by facet and the histogram. A facet that the query already filters by is counted without that filter, so
    that one can choose another value or an additional one; all copies count then, as in such a search."""
    chosen = [facet for facet in facets if getattr(query, OWN_FILTER[facet])]
    free = [facet for facet in facets if facet not in chosen]
    fields = [*(FACET_FIELDS[facet] for facet in free), *([DAY] if histogram else [])]
    found = engine.facet_counts(query, fields) if fields else {}
    for facet in chosen:
        wider = replace(query, copies=True, **{OWN_FILTER[facet]: ()})  # type: ignore[arg-type]
        found |= engine.facet_counts(wider, [FACET_FIELDS[facet]])
    tallies = tuple(FacetCounts(facet, tuple(found.get(FACET_FIELDS[facet], {}).items())) for facet in facets)
    if not histogram:
        return tallies, (), None
    days = {int(day): count for day, count in found.get(DAY, {}).items()}
    unit = histogram if isinstance(histogram, str) else unit_of(max(days) - min(days) if days else 0)
    return tallies, _bars(days, unit), unit


def unit_of(span: int) -> Unit:
    """The unit that suits a histogram of so many days."""
    return "day" if span < DAYS else "week" if span < WEEKS else "month"


def _bars(days: Mapping[int, int], unit: Unit) -> tuple[Bar, ...]:
    sums: Counter[date] = Counter()
    for ordinal, count in days.items():
        sums[begin(date.fromordinal(max(1, ordinal)), unit)] += count
    return tuple(Bar(day, sums[day]) for day in sorted(sums))


def begin(day: date, unit: Unit) -> date:
    """The first day of the day, week or month that contains this day."""
    if unit == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if unit == "week" else day  # Monday, as in ISO 8601
