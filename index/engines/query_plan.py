"""The meaning of a query, the same for all engines: which words in which fields, and which documents at all.

A word of a query matches its exact form (folded) in articles of any language, and its stem in articles of a language
that has a chain for the word's letters. Exact forms and headlines weigh more. A stop word of a language is optional in
articles of that language if the query has other terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from index.engines.record import day_of, order_of
from index.model.query import (
    FILTER_FIELDS,
    And,
    Count,
    Field,
    Fuzzy,
    Is,
    Near,
    Node,
    Not,
    Or,
    Period,
    Prefix,
    Query,
    Sort,
    Words,
)
from index.text import arabic, hebrew, spellings
from index.text.analysis import scripts, stem_rows, stop_words, words

# Exact over stem and headline over body; scores add up. Not based on any measurement yet, and the same for all engines.
WEIGHTS = {"headline": 4.0, "body": 2.0, "headline_stem": 2.0, "body_stem": 1.0}
GUESSED = 0.01  # of a weight, for forms that are guessed: less than any form that is there by its letters


@dataclass(frozen=True, slots=True)
class PhraseClause:
    """Adjacent words in a field; `words` are in the field's form. Scored by BM25 times `weight`."""

    field: str
    words: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class PrefixClause:
    """A word in a field that begins with this one. The score is `weight`, whichever word it is."""

    field: str
    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class FuzzyClause:
    """A word in a field at most `edits` letters away; swapping two neighbours counts as one. Scored as PrefixClause."""

    field: str
    word: str
    edits: int
    weight: float


@dataclass(frozen=True, slots=True)
class NearClause:
    """Two different words with at most `gap` others between them, in either order. Scored by BM25 times `weight`."""

    field: str
    words: tuple[str, str]
    gap: int
    weight: float


@dataclass(frozen=True, slots=True)
class FormsClause:
    """One of these words in a field; in a field of stems each contains the shortest. Scored as PrefixClause."""

    field: str
    words: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class TermsClause:
    """Documents whose field has one of these values as a whole. The score is 0."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RangeClause:
    """Documents whose number in a field is at least `low` and below `high`. The score is 0."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class AllClause:
    """Documents that match every one of `clauses` and none of `without`; scores add up."""

    clauses: tuple[Clause, ...]
    without: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyClause:
    """Documents that match at least one of `clauses`; scores add up."""

    clauses: tuple[Clause, ...]


MatchClause = PhraseClause | FormsClause | PrefixClause | FuzzyClause | NearClause  # what can be highlighted in a text
Clause = MatchClause | TermsClause | RangeClause | AllClause | AnyClause


CHANGED = TermsClause("has", ("changes",))  # the text was changed, or the page says when it was


@dataclass(frozen=True, slots=True)
class Plan:
    """`scored` selects the documents and scores them (None: every document), `filters` narrow them without scoring."""

    scored: Clause | None
    filters: tuple[Clause, ...]
    sort: Sort


@lru_cache(maxsize=64)  # the engine and the highlighter need the same one
def plan(query: Query) -> Plan:
    """The plan of a query. It sorts by relevance only if it has words to score, else by date, newest first."""
    scored = _clause(query.node) if query.node is not None else None
    sort = query.sort
    if sort == "relevance" and not match_clause(scored):
        sort = "newest"
    return Plan(scored, tuple(_filters(query)), sort)


def match_clause(clause: Clause | None) -> list[MatchClause]:
    """The clauses on words that can make a document match, for highlighting; excluded words are left out."""
    match clause:
        case PhraseClause() | FormsClause() | PrefixClause() | FuzzyClause() | NearClause():
            return [clause]
        case AllClause(clauses) | AnyClause(clauses):
            return [one for inner in clauses for one in match_clause(inner)]
    return []


# --- words ---------------------------------------------------------------------------------------------------------


def _clause(node: Node) -> Clause | None:
    """The clause of a node; None if it contains no word, such as "!!!"."""
    match node:
        case Words():
            alike = (node, *(replace(node, text=other) for other in spellings.variants(node.text)))
            return _any([c for n in alike for c in (*_rows(n.text, n.field), *_guesses(n), *_respelt(n))])
        case Prefix(text, field):
            *first, last = words(text) or [""]
            begins = (
                [PrefixClause(name, form, WEIGHTS[name]) for name, form in _forms(last, last, field)] if last else []
            )
            return _all_of([_any(_rows(" ".join(first), field)), _any(begins)])
        case Fuzzy(text, field, edits):
            forms = [form for word in words(text)[:1] for form in _forms(word, arabic.stem(word), field)]
            return _any([FuzzyClause(name, form, edits, WEIGHTS[name]) for name, form in forms])
        case Near():
            return _near(node)
        case Is():
            return _filter_clause(node.name, (node.value,))
        case Not(inner):
            excluded = _clause(inner)
            return AllClause((), (excluded,)) if excluded is not None else None
        case Or(nodes):
            return _any([c for n in nodes if (c := _clause(n)) is not None])
        case And(nodes):
            return _all(nodes)


def _fields(field: Field | None) -> tuple[Field, ...]:
    return (field,) if field else ("headline", "body")


def _forms(word: str, bare: str, field: Field | None) -> Iterator[tuple[str, str]]:
    """A word in the fields of exact forms; one in Arabic letters also in the stem fields, without attached particles,
    so that مدر* finds المدرسة as well."""
    for name in _fields(field):
        yield name, word
        if "ar" in scripts(word):
            yield f"{name}_stem", f"ar:{bare}"


def _rows(text: str, field: Field | None) -> list[Clause]:
    """Phrases for a row of words, in its exact form and in its stems."""
    exact = tuple(words(text))
    if not exact:
        return []
    found: list[Clause] = []
    stemmed = stem_rows(text)
    for name in _fields(field):
        found.append(PhraseClause(name, exact, WEIGHTS[name]))
        found += [PhraseClause(f"{name}_stem", row, WEIGHTS[f"{name}_stem"]) for row in stemmed]
    return found


def _guesses(node: Words) -> Iterator[Clause]:
    """A word with the particles and endings that its stem leaves, or in two parts; not in quotes."""
    found = words(node.text)
    if node.phrase:
        return
    for row in (*spellings.with_particles(node.text), *spellings.parts(node.text)):
        yield from (PhraseClause(name, row, GUESSED * WEIGHTS[name]) for name in _fields(node.field))
    if len(found) != 1:
        return
    stemmed: tuple[str, ...] = ()
    exact = hebrew.forms(found[0])
    if "ar" in scripts(found[0]):
        stemmed = tuple(f"ar:{form}" for form in arabic.variants(found[0]))
        exact = (*arabic.exact_forms(found[0]), *spellings.with_affixes(found[0]))
    for field, forms in (("_stem", stemmed), ("", exact)):
        for name in _fields(node.field) if forms else ():
            yield FormsClause(f"{name}{field}", forms, GUESSED * WEIGHTS[name])


def _respelt(node: Words) -> Iterator[Clause]:
    """The other spellings of a word that some write apart and some together."""
    for row in spellings.others(node.text):
        yield from (PhraseClause(name, row, WEIGHTS[name]) for name in _fields(node.field))


def _near(node: Near) -> Clause | None:
    """Each word near the next one. Engines differ in their treatment of more than two words and of a repeated word, so
    they get pairs of different words."""
    found: list[Clause | None] = []
    for clause in _rows(node.text, node.field):
        assert isinstance(clause, PhraseClause)
        pairs = [NearClause(clause.field, pair, node.gap, clause.weight) for pair in pairwise(clause.words)]
        close = [pair for pair in pairs if pair.words[0] != pair.words[1]]
        found.append(_all_of(close or [PhraseClause(clause.field, clause.words[:1], clause.weight)]))
    return _any([clause for clause in found if clause is not None])


def _all(nodes: Sequence[Node]) -> Clause | None:
    together = _joined(nodes)
    found = ((n, _clause(n), i) for i, n in enumerate(nodes) if not isinstance(n, Not))
    wanted = [(_any([c, *together[i]]) or c, _stops(n)) for n, c, i in found if c is not None]
    clauses: list[Clause] = []
    for clause, stops in wanted:
        optional_in = [lang for lang in stops if any(lang not in others for _, others in wanted)]
        clauses.append(AnyClause((clause, TermsClause("language", tuple(optional_in)))) if optional_in else clause)
    without = [c for n in nodes if isinstance(n, Not) and (c := _clause(n.node)) is not None]
    if len(clauses) == 1 and not without:
        return clauses[0]
    return AllClause(tuple(clauses), tuple(without)) if clauses or without else None


def _joined(nodes: Sequence[Node]) -> list[list[Clause]]:
    """For each node, the words that it makes with its neighbours where they may be one word: می رود is also ميرود."""
    found: list[list[Clause]] = [[] for _ in nodes]
    for i, (one, other) in enumerate(pairwise(nodes)):
        if not (isinstance(one, Words) and isinstance(other, Words)) or one.phrase or other.phrase:
            continue
        if one.field == other.field and (joined := spellings.joined(one.text, other.text)):
            clauses = [PhraseClause(name, (joined,), WEIGHTS[name]) for name in _fields(one.field)]
            found[i] += clauses
            found[i + 1] += clauses
    return found


def _all_of(clauses: Sequence[Clause | None]) -> Clause | None:
    there = tuple(clause for clause in clauses if clause is not None)
    return AllClause(there) if len(there) > 1 else next(iter(there), None)


def _any(clauses: Sequence[Clause]) -> Clause | None:
    return AnyClause(tuple(clauses)) if len(clauses) > 1 else next(iter(clauses), None)


def _stops(node: Node) -> list[str]:
    """The languages in which this is a stop word; none for a phrase, a group, or a word restricted to a field."""
    if not isinstance(node, Words) or node.phrase or node.field:
        return []
    found = words(node.text)
    return [lang for lang, stops in stop_words().items() if len(found) == 1 and found[0] in stops]


# --- filters -------------------------------------------------------------------------------------------------------


def _filters(query: Query) -> list[Clause]:
    found: list[Clause | None] = [
        *(_filter_clause(name, values) for name, field in FILTER_FIELDS.items() if (values := getattr(query, field))),
        *(_filter_clause("has", (value,)) for value in query.has),  # all of them
        TermsClause("article", query.articles) if query.articles else None,
    ]
    if query.after or query.before:
        found.append(_filter_clause("date", (Period(query.after, query.before),)))
    for name in ("changed", "edited", "removed", "number"):
        if (value := getattr(query, name)) is not None:
            found.append(_filter_clause(name, (value,)))
    if query.gone is not None:
        found.append(_filter_clause("gone", ("yes" if query.gone else "no",)))
    if not query.filtered and not query.copies:
        # The copies are few: excluding them is cheaper than matching all leads
        found.append(AllClause((), (TermsClause("lead", ("no",)),)))
    return [clause for clause in found if clause is not None]


def _filter_clause(name: str, values: Sequence[str | Period | Count]) -> Clause | None:
    """A filter that any of these values satisfies."""
    texts = tuple(value for value in values if isinstance(value, str))
    periods = [value for value in values if isinstance(value, Period)]
    match name:
        case "author" | "section":
            return _any([PhraseClause(name, tuple(words(text)), 0.0) for text in texts if words(text)])
        case "country":
            return TermsClause(name, tuple(text.upper() for text in texts))
        case "lang":
            return TermsClause("language", tuple(text.lower() for text in texts))
        case "date":
            return _any([_between("order", period) for period in periods])
        case "changed":
            return _any([AllClause((_between("changed", period), CHANGED)) for period in periods])
        case "edited" | "removed":
            return _any([RangeClause(name, *_days(period)) for period in periods])
        case "number":
            counts = [value for value in values if isinstance(value, Count)]
            return _any([_versions(count.least, count.most) for count in counts])
        case "has" if "changes" in texts:  # an older index does not count versions, and finds those with a change
            return AllClause((CHANGED, _versions(2, None)))
    return TermsClause(name, texts)


def _versions(least: int | None, most: int | None) -> RangeClause:
    return RangeClause("versions", least, None if most is None else most + 1)


def _days(period: Period) -> tuple[int | None, int | None]:
    """The days of a period, from the first to the one after the last; it begins and ends with days."""
    low, high = (day_of(end) if end else None for end in (period.after, period.before))
    return low, high


def _between(field: str, period: Period) -> RangeClause:
    return RangeClause(field, *(order_of(end) if end else None for end in (period.after, period.before)))
