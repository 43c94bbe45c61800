"""Limits of a query, enforced before any engine sees it."""

MAX_TERMS = 32  # they become some 1,100 clauses for an engine
MAX_WORDS = 128  # words as an index has them: in Chinese, each character of a term is one
MAX_PATTERNS = 4  # words with * or ~: each walks through an index's term dictionary, in up to four fields
MAX_DEPTH = 8
MAX_LIMIT = 100
MAX_FILTERS = 32  # values of one name
MIN_PREFIX = 2  # letters before *: one letter begins a fourth of all words in Arabic
MIN_FUZZY = 3  # letters before ~
LONG_FUZZY = 6  # letters from which on two may differ; as Elasticsearch's "fuzziness": "AUTO"
MAX_FUZZY = 64  # letters of a word with ~: the automaton grows with them
MAX_EDITS = 2  # of a word with ~: the most that either engine's automaton supports
MAX_GAP = 100  # words between two that are to be near each other
GAP = 5  # of "a b"~ without a number
