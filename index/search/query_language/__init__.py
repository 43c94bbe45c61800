"""The query language: text -> Query.

    معارك البوكمال             both words, anywhere; each in its exact form or another form of it
    "معارك البوكمال"           next to each other; “…” and «…» do the same
    حرب OR سلام                either; binds weaker than words side by side
    -غزة   -(a b)   -site:b    articles without it
    (a OR b) c                 groups
    title:word  body:"a b"     in the headline, in the text; title:(a b) for a group
    wor*   word~   "a b"~5     begins so; spelt almost so; with at most five words between them, in whichever order
    site:step country:SY lang:ar author:"…" section:"…" after:2024-05 before:2024-06-01 on:2024-05 changed:2024
    gone:yes has:image copies:yes versions:yes
                               filters: hold for the whole query, but within ( ) and after -, where they are a part
                               like any other; the same one twice means either

Everything else, such as punctuation, is no syntax and cannot go wrong. What cannot be read is told, with its place, and
the nearest meaning is searched. Nothing of this reaches an engine's own parser. docs/search.md is for those who search.
"""

from index.search.query_language.diagnostics import sentence
from index.search.query_language.limits import MAX_DEPTH, MAX_LIMIT, MAX_TERMS
from index.search.query_language.parser import parse

__all__ = ["MAX_DEPTH", "MAX_LIMIT", "MAX_TERMS", "parse", "sentence"]
