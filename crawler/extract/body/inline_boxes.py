"""Distinguishes the text of the article, inside its element, from embedded boxes: promos, explainers, teasers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from crawler.extract import element_names
from crawler.extract.body.text_blocks import Block, Elements
from crawler.text import STOPS

PROSE = 80  # characters from which a block is prose and not a label
HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6", "summary"))
ITEMS = frozenset(("li", "tr", "dt", "dd"))  # blocks of lists and tables, however short
FLOW = HEADINGS | {"h1", "p", "li", "blockquote", "pre", "dt", "dd", "figcaption", "ul", "ol", "dl", "tr"}
TABLE = frozenset(("table", "tbody", "thead", "tfoot"))
# In the names of elements that rarely belong to an article.
is_foreign = element_names.judge(
    r"comment|related|sidebar|footer|widget|promo|teaser|list|recommend|(?:fact|info|side)-?box|subscri|paywall|register"
    r"|sign-?in|author|about|reference|footnote|bibliograph|legal"
)
_is_called_callout = element_names.judge(r"call-?out|admonition")
_SENTENCE = 40  # characters from which a block that ends like a sentence is prose
END = re.compile(rf"[{STOPS}:;،][\"'”’»«)\]」』]*$")
_DIRECT = FLOW | {"table", "tbody", "thead", "td", "th", "center", "details"}
_QUESTION = ("?", "؟", "？", "¿")
_SUMMARY = 0.5  # share of sentences from which a list above the text is a summary of it
_ITEMS_SHARE = 0.5  # share of a box without links in lists from which it is one of the article's lists
_CLOCK = re.compile(r"\D{0,12}\d{1,2}\s?[:.h]\s?\d{2}(?!\d)\D{0,12}")  # the time above an entry
_is_called_quote = element_names.judge(r"quote|zitat|citation|citazione|اقتباس")
_PICTURES = frozenset(("figure", "figcaption", "picture"))
_SHARE = 0.15  # share of the prose from which a kind of box is part of the article's structure
_PARAGRAPHS = 0.7  # share of the prose in <p> from which <div> boxes do not belong to the article
_LINKED = 0.5  # share of links above which a block that is not a paragraph is a link


def weight(block: Block) -> int:
    """The characters of prose in a block: 0 for labels and links."""
    if block.links > 0.4 or block.tag == "h1":
        return 0
    return block.size if block.size >= PROSE or (block.size >= _SENTENCE and END.search(block.text)) else 0


def prose(blocks: Sequence[Block]) -> int:
    """The characters of prose in blocks."""
    return sum(map(weight, blocks))


def below(number: int, blocks: Sequence[Block], elements: Elements) -> list[Block]:
    """The blocks in an element."""
    last = elements.lasts[number]
    return [b for b in blocks if number <= b.element <= last]


def mark(blocks: Sequence[Block], holder: int, elements: Elements) -> None:
    """Sets `found` on the blocks in an element that belong to the article: its own text, lists and quotes, and the
    content of boxes that contain only prose or are of a kind that contains much of the text."""
    placed = []
    for block in blocks:
        around = elements.ancestors(block.element)
        path = around[: around.index(holder)][::-1]
        tags = {elements.tags[n] for n in path}
        quoted = "blockquote" in tags and any(_is_called_quote(elements.names[n]) for n in path)
        if block.tag == "tr" or tags.isdisjoint(_PICTURES) or (quoted and _is_once(block, blocks)):
            placed.append((block, path))
    in_paragraphs = prose([b for b in blocks if b.tag == "p"]) >= _PARAGRAPHS * prose(blocks)
    if in_paragraphs:
        holding = {b.kind[1] for b in blocks if b.tag == "p" and weight(b) and not b.kind[1].endswith(".")}
        placed = [
            (b, p)
            for b, p in placed
            if b.tag != "div"
            or len(p) == 1
            or not weight(b)
            or b.kind[0] in holding
            or (not b.links and _is_set_off(p, elements))
        ]
    _accept(placed, 0, elements, prose(blocks))


def _is_once(quote: Block, blocks: Sequence[Block]) -> bool:
    """Whether a quote in a figure is one of the text, and no sentence of it that is shown once more."""
    text = quote.text.strip("\"'“”„«»‘’ ").rstrip(".,")
    return END.search(quote.text) is not None and not any(text in b.text for b in blocks if b is not quote)


def _is_set_off(path: list[int], elements: Elements) -> bool:
    """Whether a block is in an item of a list, or in a box by which editors set off a part of the text."""
    return any(elements.tags[n] in ITEMS or _is_called_callout(elements.names[n]) for n in path)


def _accept(
    placed: Sequence[tuple[Block, list[int]]], depth: int, elements: Elements, whole: int, first: int = 0
) -> None:
    """`mark` for blocks with their paths of elements below the holder, the first `depth` of which are not boxes.
    `whole` are the characters of prose in all, `first` is the place of the first paragraph."""
    kinds: dict[str, list[tuple[Block, list[int]]]] = defaultdict(list)
    opening = min((b.place for b, _ in placed if weight(b) and b.tag not in ITEMS), default=0)
    for block, path in placed:
        if len(path) <= depth or elements.tags[path[depth]] in _DIRECT:
            among = block.tag == "h1" and block.place > opening and not block.links  # a heading of the text
            block.found = _own(block) or among
        else:
            kinds[elements.kind(path[depth])].append((block, path))
    first = opening if depth == 0 else first
    for some in kinds.values():
        if prose([block for block, _ in some]) >= _SHARE * whole:
            _accept(some, depth + 1, elements, whole, first)
            continue
        boxes: dict[int, list[Block]] = defaultdict(list)
        for block, path in some:
            boxes[path[depth]].append(block)
        for number, inner in boxes.items():
            for block in _belonging(inner, elements.called(number), first):
                block.found = _own(block)


def _own(block: Block) -> bool:
    quoted = block.tag == "blockquote" and END.search(block.text) is not None  # and no headline
    return block.tag != "h1" and (block.links <= _LINKED or block.tag in ("p", "li", "tr") or quoted)


def _belonging(blocks: Sequence[Block], name: str, first: int) -> Sequence[Block]:
    """The blocks of a box that belong to the article: a single heading, also below a time; prose without links and
    headings; a list or table without links, or questions with their answers. A list of sentences above the `first`
    paragraph is a summary of the text."""
    last = blocks[-1]
    if last.tag in HEADINGS and all(_CLOCK.fullmatch(b.text) for b in blocks[:-1]):
        return blocks[-1:] if last.links < _LINKED else ()
    if is_foreign(name):
        return ()
    if is_list(blocks):
        return blocks if blocks[0].place > first or prose(blocks) < _SUMMARY * sum(b.size for b in blocks) else ()
    if any(b.links > 0.3 or b.tag in HEADINGS or b.tag == "li" for b in blocks):
        return ()
    return blocks if prose(blocks) >= 0.8 * sum(b.size for b in blocks) else ()


def is_list(blocks: Sequence[Block]) -> bool:
    """Whether blocks are a list, a table or questions with answers, perhaps with headings, and without any link."""
    if len(blocks) < 2 or any(b.links for b in blocks):
        return False
    listed = sum(b.size for b in blocks if b.tag in ITEMS or b.tag in HEADINGS)
    if any(b.tag in ITEMS for b in blocks) and listed >= _ITEMS_SHARE * sum(b.size for b in blocks):
        return True
    return blocks[0].tag in HEADINGS and (blocks[0].tag == "summary" or blocks[0].text.endswith(_QUESTION))
