"""Reader comments, which are often longer than the article: a series of boxes of the same kind, each with a name and a
time, or in an element named like a discussion. Entries of live blogs and list items have no names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import islice

from crawler.extract.body.inline_boxes import HEADINGS, below, weight
from crawler.extract.body.text_blocks import Block, Elements

_MIN_COMMENTS = 3  # minimum boxes of a discussion
_SAME_SHAPE_SHARE = 0.6  # share of the boxes that must have the same structure
_LABEL = 60  # maximum characters of a name, a time or a button
_LEVELS = 6  # elements around a block that may be the box of a comment
_BOXES = frozenset(("div", "li", "article", "section"))
_CALLED = re.compile(
    r"comment(?!ary)|kommentar|comentari|coment[aá]ri|komentar|yorum|remark|discuss|talk-?back|repl(?:y|ies)|reactie"
    r"|guest-?book|disqus|feedback",
    re.IGNORECASE,
)
_HEADS = re.compile(  # nothing but the word for comments, with their number or of whom they are
    r"\W*(?:\d[\d.,]*\W+)?(?:(?:reader|user|leser|all|alle|top|show|view)['’s]*[\s-]?)?"
    r"(?:comments?|kommentare?r?|commentaires?|comentarios?|coment[aá]rios?|commenti|reacties?|komentarze|yorumlar"
    r"|комментари[ийев]+|коментар[іів]*|σχόλια|(?:ال)?تعليقات?|دیدگاه(?:‌?ها)?|نظرات|תגובות|评论|評論|コメント|댓글)"
    r"(?:\W*\d[\d.,]*)?\W*",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}[:.]\d{2}|(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}")


def without(blocks: Sequence[Block], elements: Elements, top: int) -> list[Block]:
    """The blocks without reader comments. `top` is the place of the headline; the box with the first prose below it is
    not a comment."""
    first = next((b for b in blocks if b.place > top and weight(b)), None)
    if first is None:
        return list(blocks)
    article = frozenset(elements.ancestors(first.element))
    rows: dict[tuple[int, str], dict[int, None]] = defaultdict(dict)
    for block in blocks:
        if block.place > first.place and weight(block):
            for number in islice(elements.ancestors(block.element), _LEVELS):
                if elements.tags[number] in _BOXES and number not in article:
                    rows[elements.parents[number], elements.kind(number)][number] = None
    foreign: set[int] = set()
    for (around, _), boxes in rows.items():
        if len(boxes) >= _MIN_COMMENTS and _is_discussion(around, list(boxes), blocks, elements):
            foreign.update(b.place for number in boxes for b in below(number, blocks, elements))
    return [b for b in blocks if b.place not in foreign]


def _is_discussion(around: int, boxes: Sequence[int], blocks: Sequence[Block], elements: Elements) -> bool:
    """Whether boxes of the same kind are comments: most begin with a label and have no heading, and they are either
    named like comments or mostly have a name and a time."""
    inner = [below(number, blocks, elements) for number in boxes]
    enough = _SAME_SHAPE_SHARE * len(boxes)
    if sum(_is_label(some[0]) and not any(b.tag in HEADINGS for b in some) for some in inner) < enough:
        return False
    names = (f"{elements.names[n]} {elements.ids[n]}" for n in (around, boxes[0]) if n >= 0)
    if any(map(_CALLED.search, names)) or _is_headed(inner[0][0], blocks):
        return True
    labels = [[b for b in pieces if _is_label(b)] for pieces in inner]
    if sum(any(_TIME.search(b.text) for b in some) for some in labels) < enough:
        return False
    if sum(_is_named(some) for some in labels) >= enough:
        return True
    buttons = Counter(text for some in labels for text in {b.text for b in some if not _TIME.search(b.text)})
    return max(buttons.values(), default=0) >= enough


def _is_headed(first: Block, blocks: Sequence[Block]) -> bool:
    """Whether the line above the first box tells that comments follow: `Comments (14)`, `التعليقات`."""
    return any(_HEADS.fullmatch(b.text[:_LABEL]) for b in blocks if b.place == first.place - 1)


def _is_label(block: Block) -> bool:
    return len(block.text) <= _LABEL and not weight(block)


def _is_named(labels: Sequence[Block]) -> bool:
    """Whether labels contain a name and a time: in separate labels, or a link and a time in one line."""
    named = any(not any(map(str.isdigit, b.text)) for b in labels)
    return named or any(b.links > 0 and _TIME.search(b.text) for b in labels)
