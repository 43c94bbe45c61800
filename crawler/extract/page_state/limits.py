"""How much of a page's state is read: a hostile page could nest or repeat without end."""

from __future__ import annotations

MAX_NODES = 50_000  # in all values of a page
MAX_DEPTH = 60  # levels of nested values
MAX_IN_VAIN = 50_000  # values of literals that cannot be read to their ends; the most of 1,269 real pages is 1,743
