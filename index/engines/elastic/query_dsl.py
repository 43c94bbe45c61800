"""Translates a plan into Elasticsearch's Query DSL, in the form of its API, ready to paste into its console."""

from __future__ import annotations

from typing import Any

from index.engines.base import MAX_FACET_VALUES
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
from index.engines.record import DAY, EPOCH_SECONDS, NAME_BITS, SORTED

SHARD_VALUES = 5_000  # counted values that each shard tells; of a field with more, a sum may lack what a shard left out
TIMES = (1, 1 << 33)  # seconds of `order` between which it tells dates apart


def query_dsl(asked: Plan, *, dated: bool = False) -> dict[str, Any]:
    """The query of a search request. If `dated`, a range of `order` is asked for by the same time of `@timestamp` too:
    by the least and greatest value of a date, the server leaves out the parts and shards that cannot match."""
    scored = [_clause(asked.scored)] if asked.scored is not None else []
    filters = [_clause(clause) for clause in asked.filters]
    if dated:
        filters += [_times(clause) for clause in asked.filters if isinstance(clause, RangeClause)]
    return {"bool": {"must": scored, "filter": [one for one in filters if one]}}


def _times(clause: RangeClause) -> dict[str, Any]:
    """A range of `order` as one of the field of dates; empty for another field."""
    if clause.field != "order":
        return {}
    found = {}
    for name, value in (("gte", clause.low), ("lt", clause.high)):
        if value is not None and TIMES[0] <= value >> NAME_BITS < TIMES[1] - 1:
            found[name] = ((value >> NAME_BITS) - EPOCH_SECONDS) * 1000
    return {"range": {"@timestamp": {**found, "format": "epoch_millis"}}} if found else {}


def sorting(asked: Plan) -> list[dict[str, Any]]:
    """The sort order: by score, then by date, or by date alone."""
    if asked.sort == "relevance":
        return [{"_score": "desc"}, {"order": "desc"}]
    direction = "asc" if asked.sort == "oldest" else "desc"
    return [{SORTED[asked.sort]: {"order": direction, "unmapped_type": "long"}}]


def counting(field: str, *, divided: bool = False) -> dict[str, Any]:
    """The aggregation that counts the values of a field: exact in one shard, and if `divided` of up to SHARD_VALUES
    values in each."""
    if field == DAY:
        return {"histogram": {"field": DAY, "interval": 1, "min_doc_count": 1}}
    terms = {"field": field, "size": MAX_FACET_VALUES, "order": [{"_count": "desc"}, {"_key": "asc"}]}
    return {"terms": terms | ({"shard_size": SHARD_VALUES} if divided else {})}


def _clause(clause: Clause) -> dict[str, Any]:
    match clause:
        case PhraseClause(field, (word,), weight):
            return {"term": {field: {"value": word, "boost": weight}}}
        case PhraseClause(field, row, weight):
            return _phrase(field, row, 0, weight)
        case FormsClause(field, forms, weight):
            return {"constant_score": {"filter": {"terms": {field: list(forms)}}, "boost": weight}}
        case PrefixClause(field, word, weight):
            return {"prefix": {field: {"value": word, "rewrite": "constant_score", "boost": weight}}}
        case FuzzyClause(field, word, edits, weight):
            # The rewrite finds all words that are close enough, not just Elasticsearch's best 50
            fuzzy = {"value": word, "fuzziness": edits, "rewrite": "constant_score", "boost": weight}
            return {"fuzzy": {field: fuzzy}}
        case NearClause(field, (one, other), gap, weight):
            # A phrase needs two more slop for the reverse order, so the query has both
            pairs = [_phrase(field, pair, gap, weight) for pair in ((one, other), (other, one))]
            return {"bool": {"should": pairs, "minimum_should_match": 1}}
        case TermsClause(field, values):
            return {"bool": {"filter": [{"terms": {field: list(values)}}]}}
        case RangeClause(field, low, high):
            bounds = {name: value for name, value in (("gte", low), ("lt", high)) if value is not None}
            return {"bool": {"filter": [{"range": {field: bounds}}]}}
        case AnyClause(clauses):
            return {"bool": {"should": [_clause(c) for c in clauses], "minimum_should_match": 1}}
        case AllClause(clauses, without):
            must = [_clause(c) for c in clauses] or [{"bool": {"filter": [{"match_all": {}}]}}]
            return {"bool": {"must": must, "must_not": [_clause(c) for c in without]}}


def _phrase(field: str, row: tuple[str, ...], slop: int, weight: float) -> dict[str, Any]:
    phrase = {"query": " ".join(row), "analyzer": "arshif_stem", "slop": slop, "boost": weight}
    return {"match_phrase": {field: phrase}}
