"""What can be wrong with a query, as sentences: an entry `query.…` of the catalogues for each key.

Each says what was done all the same, for the nearest meaning of the query is searched.
"""

from __future__ import annotations

from collections.abc import Mapping

from index.locale import FALLBACK, translate
from index.model.query import MAX_QUERY_CHARACTERS, Problem
from index.search.query_language.limits import (
    MAX_DEPTH,
    MAX_EDITS,
    MAX_GAP,
    MAX_PATTERNS,
    MAX_TERMS,
    MIN_FUZZY,
    MIN_PREFIX,
)

# The limit that a sentence names; {given} in it is what stands at the place.
LIMITS: Mapping[str, Mapping[str, int]] = {
    "too_long": {"n": MAX_QUERY_CHARACTERS},
    "too_many_words": {"n": MAX_TERMS},
    "too_many_patterns": {"n": MAX_PATTERNS},
    "too_deep": {"n": MAX_DEPTH},
    "short_prefix": {"n": MIN_PREFIX},
    "short_fuzzy": {"n": MIN_FUZZY},
    "edits": {"most": MAX_EDITS},
    "gap": {"n": MAX_GAP},
}


def sentence(problem: Problem, language: str = FALLBACK) -> str:
    """What is to be said of a problem, in one of the catalogues' languages."""
    return translate(f"query.{problem.key}", language, given=problem.given, **LIMITS.get(problem.key, {}))
