"""What a query means, once for all engines: which words in which fields, and which documents at all.

A word of a query is found in its exact form (folded), in the language of whatever article, or by its stem, in articles
of a language that has a chain for its letters. Exact forms and headlines weigh more. A word that is a stop word of a
language is not insisted on in articles of that language, where something else is asked for beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.analysis import stem_rows, stop_words, words
from index.article import And, Node, Not, Or, Query, Sort, Words
from index.engines.base import order_of

# Exact above stem and headline above body, both added up: measured on nothing yet, and the same for all engines.
WEIGHTS = {"headline": 4.0, "body": 2.0, "headline_stem": 2.0, "body_stem": 1.0}


@dataclass(frozen=True, slots=True)
class Row:
    """Words next to each other in a field; `words` are as the field holds them. Scored by BM25 times `weight`."""

    field: str
    words: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class OneOf:
    """Documents whose field has one of these whole values. Scores nothing."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Documents whose number in a field is at least `low` and below `high`. Scores nothing."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class All:
    """Documents that match every one of `clauses` and none of `without`; scores add up."""

    clauses: tuple[Clause, ...]
    without: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Documents that match at least one of them; scores add up."""

    clauses: tuple[Clause, ...]


Clause = Row | OneOf | Between | All | AnyOf


@dataclass(frozen=True, slots=True)
class Plan:
    """`scored` gives the matches and their scores (None: every document), `filters` narrow them without a score."""

    scored: Clause | None
    filters: tuple[Clause, ...]
    sort: Sort


def plan(query: Query) -> Plan:
    """What to ask of an index. Sorted by relevance only where something is scored, else by date, the newest first."""
    scored = _clause(query.node) if query.node is not None else None
    sort = query.sort
    if sort == "relevance" and not any(True for _ in rows(scored)):
        sort = "newest"
    return Plan(scored, tuple(_filters(query)), sort)


def rows(clause: Clause | None) -> list[Row]:
    """The rows of words by which a document may match, for highlights: those that are not excluded."""
    match clause:
        case Row():
            return [clause]
        case All(clauses) | AnyOf(clauses):
            return [row for inner in clauses for row in rows(inner)]
    return []


# --- words ---------------------------------------------------------------------------------------------------------


def _clause(node: Node) -> Clause | None:
    """None for what holds no word at all, such as "!!!", and so asks for nothing."""
    match node:
        case Words():
            return _words(node)
        case Not(inner):
            excluded = _clause(inner)
            return All((), (excluded,)) if excluded is not None else None
        case Or(nodes):
            return _any([c for n in nodes if (c := _clause(n)) is not None])
        case And(nodes):
            return _all(nodes)


def _words(node: Words, optional_in: Sequence[str] = ()) -> Clause | None:
    exact = words(node.text)
    if not exact:
        return None
    stemmed = stem_rows(node.text)
    clauses: list[Clause] = []
    for field in (node.field,) if node.field else ("headline", "body"):
        clauses.append(Row(field, tuple(exact), WEIGHTS[field]))
        stem_field = f"{field}_stem"
        clauses += [Row(stem_field, row, WEIGHTS[stem_field]) for row in stemmed]
    if optional_in:
        clauses.append(OneOf("language", tuple(optional_in)))
    return _any(clauses)


def _all(nodes: Sequence[Node]) -> Clause | None:
    wanted = [n for n in nodes if not isinstance(n, Not) and _clause(n) is not None]
    clauses: list[Clause] = []
    for node in wanted:
        others = [other for other in wanted if other is not node]
        optional_in = [lang for lang in _stops(node) if any(lang not in _stops(other) for other in others)]
        clause = _words(node, optional_in) if isinstance(node, Words) else _clause(node)
        clauses.extend([clause] if clause is not None else [])
    without = [c for n in nodes if isinstance(n, Not) and (c := _clause(n.node)) is not None]
    if len(clauses) == 1 and not without:
        return clauses[0]
    return All(tuple(clauses), tuple(without)) if clauses or without else None


def _any(clauses: Sequence[Clause]) -> Clause | None:
    return AnyOf(tuple(clauses)) if len(clauses) > 1 else next(iter(clauses), None)


def _stops(node: Node) -> list[str]:
    """The languages in which this is a stop word; none for a phrase, for a group, and for a word held to a field."""
    if not isinstance(node, Words) or node.phrase or node.field:
        return []
    found = words(node.text)
    return [lang for lang, stops in stop_words().items() if len(found) == 1 and found[0] in stops]


# --- filters -------------------------------------------------------------------------------------------------------


def _filters(query: Query) -> list[Clause]:
    found: list[Clause] = []
    for field, values in (
        ("site", query.sites),
        ("country", tuple(c.upper() for c in query.countries)),
        ("language", tuple(tag.lower() for tag in query.languages)),
    ):
        if values:
            found.append(OneOf(field, values))
    for field, names in (("author", query.authors), ("section", query.sections)):
        if names:
            found.append(AnyOf(tuple(Row(field, tuple(words(name)), 0.0) for name in names if words(name))))
    if query.after or query.before:
        after, before = (order_of(d) if d else None for d in (query.after, query.before))
        found.append(Between("order", after, before))
    if not query.filtered:
        found.append(OneOf("lead", ("yes",)))
    return found
