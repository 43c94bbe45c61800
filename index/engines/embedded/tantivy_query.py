"""Translates a plan into tantivy's queries and runs them: a page by score or by date, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tantivy
from tantivy import FieldType, Occur
from tantivy import Query as TantivyQuery

from index.engines.base import most_frequent
from index.engines.cursor import decode_cursor, encode_cursor
from index.engines.query_plan import (
    AllClause,
    AnyClause,
    Clause,
    FormsClause,
    FuzzyClause,
    NearClause,
    PhraseClause,
    Plan,
    PrefixClause,
    RangeClause,
    TermsClause,
)
from index.engines.record import DAY, SORTED, article_of
from index.model.query import Query
from index.model.results import Match, Matches

MAX_U64 = (1 << 64) - 1
# Values of a field that a segment counts: counts are exact up to this many different ones (mostly authors)
VALUES = 10_000
SPARE = 8  # hits read beyond a page, which must reach a lower score than the page's, or more are read

Searcher = Any  # tantivy's stubs lack `SearchResult.count` and type every value as optional


@dataclass(frozen=True, slots=True)
class Part:
    """One of the indexes to search: current articles, or earlier versions."""

    searcher: Searcher
    schema: tantivy.Schema
    earlier: bool = False

    def match(self, address: Any, score: float = 0.0) -> Match:
        """The match of the document at this address."""
        id_ = self.searcher.doc(address).get_first("id")
        if not self.earlier:
            return Match(id_, score)
        article, number = article_of(id_)
        return Match(article, score, number)


@dataclass(frozen=True, slots=True)
class _Hit:
    score: float
    order: int
    address: Any
    part: Part


def translate(schema: tantivy.Schema, asked: Plan) -> TantivyQuery:
    """The tantivy query of a plan."""
    scored = _clause(schema, asked.scored) if asked.scored is not None else _silent(TantivyQuery.all_query())
    parts = [(Occur.Must, scored)]
    for clause in asked.filters:
        match clause:
            case AllClause((), without):  # as a query of its own, it would make tantivy visit all documents
                parts += [(Occur.MustNot, _clause(schema, one)) for one in without]
            case _:
                parts.append((Occur.Must, _silent(_clause(schema, clause))))
    return TantivyQuery.boolean_query(parts)


def _silent(query: TantivyQuery) -> TantivyQuery:
    return TantivyQuery.const_score_query(query, 0.0)


def _clause(schema: tantivy.Schema, clause: Clause) -> TantivyQuery:
    match clause:
        case PhraseClause(field, row, weight):
            return _weighed(_row(schema, field, row), weight)
        case FormsClause(field, forms, weight):
            any_of = [(Occur.Should, TantivyQuery.term_query(schema, field, f, index_option="basic")) for f in forms]
            return TantivyQuery.const_score_query(TantivyQuery.boolean_query(any_of), weight)
        case PrefixClause(field, word, weight):
            return _weighed(TantivyQuery.fuzzy_term_query(schema, field, word, distance=0, prefix=True), weight)
        case FuzzyClause(field, word, edits, weight):
            return _weighed(TantivyQuery.fuzzy_term_query(schema, field, word, distance=edits), weight)
        case NearClause(field, (one, other), gap, weight):
            # A phrase needs two more slop for the reverse order, so the query has both
            pairs = [TantivyQuery.phrase_query(schema, field, list(p), slop=gap) for p in ((one, other), (other, one))]
            return TantivyQuery.boolean_query([(Occur.Should, _weighed(pair, weight)) for pair in pairs])
        case TermsClause(field, (value,)):  # a set would first be turned into a bitset of all documents
            return _silent(TantivyQuery.term_query(schema, field, value, index_option="basic"))
        case TermsClause(field, values):
            return _silent(TantivyQuery.term_set_query(schema, field, list(values)))
        case RangeClause(field, low, high):
            return _between(schema, field, low, high)
        case AnyClause(clauses):
            return TantivyQuery.boolean_query([(Occur.Should, _clause(schema, c)) for c in clauses])
        case AllClause(clauses, without):
            wanted = [_clause(schema, c) for c in clauses] or [_silent(TantivyQuery.all_query())]
            unwanted = [_clause(schema, c) for c in without]
            return TantivyQuery.boolean_query(
                [*((Occur.Must, q) for q in wanted), *((Occur.MustNot, q) for q in unwanted)]
            )


def _weighed(query: TantivyQuery, weight: float) -> TantivyQuery:
    return TantivyQuery.boost_query(query, weight) if weight else query


def _row(schema: tantivy.Schema, field: str, row: tuple[str, ...]) -> TantivyQuery:
    if len(row) == 1:
        return TantivyQuery.term_query(schema, field, row[0], index_option="freq")
    return TantivyQuery.phrase_query(schema, field, list(row))


def _between(schema: tantivy.Schema, field: str, low: int | None, high: int | None) -> TantivyQuery:
    least, most = low or 0, MAX_U64 if high is None else high - 1
    if least > most:
        return TantivyQuery.empty_query()
    return _silent(TantivyQuery.range_query(schema, field, FieldType.Unsigned, least, most))


# --- pages ---------------------------------------------------------------------------------------------------------


def by_date(parts: Sequence[Part], query: Query, asked: Plan) -> Matches:
    """A page sorted by date.

    :raises QueryError: when the cursor is not one of this search.
    """
    field, falling = SORTED[asked.sort], asked.sort != "oldest"
    key = decode_cursor(query, asked.sort, 1)
    order = tantivy.Order.Desc if falling else tantivy.Order.Asc
    total, hits = 0, []
    for part in parts:
        base = limited = translate(part.schema, asked)
        if key is not None:
            last = int(key[0])
            rest = _between(part.schema, field, *((None, last) if falling else (last + 1, None)))
            limited = TantivyQuery.boolean_query([(Occur.Must, base), (Occur.Must, rest)])
        found = part.searcher.search(
            limited, limit=query.limit + 1, count=key is None, order_by_field=field, order=order
        )
        total += found.count if key is None else part.searcher.search(base, limit=1, count=True).count
        hits += [_Hit(0.0, int(number), address, part) for number, address in found.hits]
    hits.sort(key=lambda hit: hit.order, reverse=falling)
    page = hits[: query.limit]
    after = encode_cursor(asked.sort, [page[-1].order]) if len(hits) > query.limit else None
    return Matches(int(total), tuple(hit.part.match(hit.address) for hit in page), after)


def by_relevance(parts: Sequence[Part], query: Query, asked: Plan) -> Matches:
    """A page sorted by (score, order), both descending, after the cursor's position, like Elasticsearch's search_after.

    :raises QueryError: when the cursor is not one of this search.
    """
    key = decode_cursor(query, "relevance", 3)
    after = (float(key[0]), int(key[1])) if key is not None else None
    seen = int(key[2]) if key is not None else 0
    total, hits = 0, []
    for part in parts:
        found, best = _best(part, translate(part.schema, asked), query.limit, after, seen)
        total += found
        hits += best
    hits.sort(key=lambda hit: (hit.score, hit.order), reverse=True)
    page = hits[: query.limit]
    more = len(hits) > query.limit
    last = encode_cursor("relevance", [page[-1].score, page[-1].order, seen + len(page)]) if more else None
    return Matches(total, tuple(hit.part.match(hit.address, hit.score) for hit in page), last)


def _best(
    part: Part, base: TantivyQuery, limit: int, after: tuple[float, int] | None, seen: int
) -> tuple[int, list[_Hit]]:
    """The number of matches in this part, and at least one more than `limit` of those after `after`, if there are.

    tantivy cannot start after a score and orders equal scores by document address, so the top hits are read as far as
    the page needs them, with all that share the last score.
    """
    # A forged cursor cannot request more than there is
    size = min(seen, part.searcher.num_docs) + limit + SPARE
    while True:
        found = part.searcher.search(base, limit=size, count=True)
        ranked = _ranked(part, found.hits)
        rest = [hit for hit in ranked if after is None or (hit.score, hit.order) < after]
        complete = len(found.hits) < size
        if complete or (len(rest) > limit and rest[limit].score > ranked[-1].score):
            return int(found.count), rest
        size *= 2


def _ranked(part: Part, hits: list[Any]) -> list[_Hit]:
    orders = part.searcher.fast_field_values("order", [address for _, address in hits])
    scored = [
        _Hit(float(score), int(order), address, part) for (score, address), order in zip(hits, orders, strict=True)
    ]
    return sorted(scored, key=lambda hit: (hit.score, hit.order), reverse=True)


# --- counts --------------------------------------------------------------------------------------------------------


def tally(parts: Sequence[Part], asked: Plan, fields: Sequence[str]) -> dict[str, dict[str, int]]:
    """The number of matches per value of each of these fields."""
    sums: dict[str, Counter[str]] = {field: Counter() for field in fields}
    for part in parts:
        found = part.searcher.aggregate(translate(part.schema, asked), {field: _counting(field) for field in fields})
        for field in fields:
            sums[field].update(dict(_buckets(found[field]["buckets"])))
    return {field: dict(counts) if field == DAY else most_frequent(counts) for field, counts in sums.items()}


def _counting(field: str) -> dict[str, Any]:
    if field == DAY:
        return {"histogram": {"field": DAY, "interval": 1, "min_doc_count": 1}}
    return {"terms": {"field": field, "size": VALUES, "segment_size": VALUES}}


def _buckets(buckets: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    for bucket in buckets:
        key = bucket["key"]
        yield str(int(key)) if isinstance(key, float) else str(key), int(bucket["doc_count"])
