"""The query language: from text to a Query.

    معارك البوكمال             both words, anywhere; each in its exact form or another form of it
    "معارك البوكمال"           next to each other; “…” and «…» do the same
    حرب OR سلام                either; binds less tightly than words side by side
    -غزة   -(a b)   -site:b    articles without it
    (a OR b) c                 groups
    title:word  body:"a b"     in the headline, in the text; title:(a b) for a group
    wor*   word~   "a b"~5     a prefix; a similar spelling; at most five words between them, in either order
    site:step country:SY lang:ar author:"…" section:"…" after:2024-05 before:2024-06-01 on:2024-05 changed:2024
    edited:2024-05..2024-07 removed:yes versions:>1
    gone:yes has:image copies:yes versions:yes
                               filters: apply to the whole query, except within ( ) and after -, where they are a part
                               like any other; repeating one means either value

Anything else, such as punctuation, is not syntax and cannot cause an error. Whatever cannot be parsed is reported with
its position, and the nearest meaning is searched. None of this reaches an engine's own parser. Users find the language
in docs/search.md.
"""

from index.search.query_language.diagnostics import sentence
from index.search.query_language.limits import MAX_DEPTH, MAX_LIMIT, MAX_TERMS
from index.search.query_language.parser import parse

__all__ = ["MAX_DEPTH", "MAX_LIMIT", "MAX_TERMS", "parse", "sentence"]
