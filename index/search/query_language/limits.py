"""How much a query may ask for: held before any engine sees it."""

MAX_TERMS = 32  # they make some 1,100 clauses for an engine
MAX_WORDS = 128  # as an index has them: of a term in Chinese each character is one
MAX_PATTERNS = 4  # words with * or ~: each walks through an index's list of words, in four fields at most
MAX_DEPTH = 8
MAX_LIMIT = 100
MAX_FILTERS = 32  # values of one name
MIN_PREFIX = 2  # letters before *: one is a fourth of all words in Arabic
MIN_FUZZY = 3  # letters before ~
LONG_FUZZY = 6  # letters from which on two may differ; as "fuzziness": "AUTO" of Elasticsearch has it
MAX_FUZZY = 64  # letters of a word with ~: an automaton grows with them
MAX_EDITS = 2  # of a word with ~: the most that an automaton of either engine takes
MAX_GAP = 100  # words between two that are near
GAP = 5  # of "a b"~ without a number
