"""Problems of a query as sentences: the catalogues have an entry `query.…` for each key.

Each sentence also says what was done instead, as the nearest meaning of the query is searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from index.locale import FALLBACK, translate
from index.model.query import MAX_QUERY_CHARACTERS, Problem
from index.search.query_language.filters import FILTERS
from index.search.query_language.lexer import FIELDS
from index.search.query_language.limits import (
    MAX_DEPTH,
    MAX_EDITS,
    MAX_GAP,
    MAX_PATTERNS,
    MAX_TERMS,
    MIN_FUZZY,
    MIN_PREFIX,
)

# What else a sentence names, such as a limit; its {given} is the text at the problem's position.
PARAMS: Mapping[str, Mapping[str, Any]] = {
    "too_long": {"n": MAX_QUERY_CHARACTERS},
    "too_many_words": {"n": MAX_TERMS},
    "too_many_patterns": {"n": MAX_PATTERNS},
    "too_deep": {"n": MAX_DEPTH},
    "short_prefix": {"n": MIN_PREFIX},
    "short_fuzzy": {"n": MIN_FUZZY},
    "edits": {"most": MAX_EDITS},
    "gap": {"n": MAX_GAP},
    "unknown_field": {"names": [f"{name}:" for name in (*FIELDS, *FILTERS)]},
}


def sentence(problem: Problem, language: str = FALLBACK) -> str:
    """The sentence that describes a problem, in one of the catalogues' languages."""
    return translate(f"query.{problem.key}", language, given=problem.given, **PARAMS.get(problem.key, {}))
