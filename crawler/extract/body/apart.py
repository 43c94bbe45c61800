"""Which paragraphs of a body stand in an element of their own, apart from those of the article: a box that the rules by
name and content did not recognise, so that only other articles can tell whether it is the site's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from crawler.extract.body.inline_boxes import HEADINGS
from crawler.extract.body.text_blocks import Block, Kind

_QUOTED = frozenset(("blockquote", "q"))  # what is in them is said by others, in the article
_STRUCTURE = frozenset(
    ("li", "ul", "ol", "dl", "dt", "dd", "td", "th", "tr", "tbody", "table")
)  # unless they are named


def apart(paragraphs: Iterable[str], blocks: Sequence[Block]) -> frozenset[str]:
    """Those of these paragraphs whose element, or the one around it, is of another kind than that of the most text.

    `blocks` are those of the page; a paragraph that is not among them stands nowhere in particular."""
    wanted = dict.fromkeys(paragraphs)
    kinds: dict[str, Kind] = {}
    for block in blocks:
        if block.text in wanted:
            kinds.setdefault(block.text, block.kind)
    lengths: Counter[Kind] = Counter()
    for text, kind in kinds.items():
        lengths[kind] += len(text)
    if not lengths:
        return frozenset()
    ((main, _),) = lengths.most_common(1)
    return frozenset(text for text, kind in kinds.items() if _differs(kind, main))


def _differs(kind: Kind, main: Kind) -> bool:
    tags, names = zip(*(part.partition(".")[::2] for part in kind), strict=True)
    if kind == main or not _QUOTED.isdisjoint(tags[:2]):
        return False
    if kind[1:] == main[1:]:  # beside the article's paragraphs
        return bool(names[0]) and tags[0] not in HEADINGS
    if tags[0] in _STRUCTURE:  # a list or table in the text
        return any(names[:2]) or main[1] not in kind
    return True
