"""Main content extraction: the blocks in the element with the most prose, close to the headline.

The scoring is that of Readability (https://github.com/mozilla/readability), applied to blocks of text; parts of one
article are joined, and the blocks between headline and article are reconsidered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from crawler.extract import element_names
from crawler.extract.body import reader_comments
from crawler.extract.body.inline_boxes import (
    FLOW,
    HEADINGS,
    ITEMS,
    PROSE,
    TABLE,
    below,
    is_foreign,
    mark,
    prose,
    weight,
)
from crawler.extract.body.text_blocks import Block, Elements, Kind
from crawler.extract.html_document import judge
from crawler.text import STOPS, fold

_STOPS = (*STOPS, ".”", ".“", '."', ".»", "!”", "?”", "」")
_QUESTION = ("?", "؟", "？", ";")
_SUBHEAD_MAX_CHARS = 28  # a second headline says more
_SERIES = 3  # headings alike that are a chronology, a ranking or a list of questions
_is_called_end = element_names.judge(
    r"footer|note|correct|disclaim|tip|contact|share|tag|meta|credit|source|sponsor|newsletter|bio|more"
)
_MOSTLY_LINK = 0.5  # share of links from which an item leads elsewhere
_SCOPE = 500  # characters of prose from which an element around the headline contains the article too
_ITEM = 200  # the same where the page shows further articles below
_is_called_article = judge(r"(?:^|[\W_])(?:article|entry|post|story|content|body|text|news)")
_is_called_entry = judge(r"live-?(?:blog|event|ticker|feed|entry|update)|(?:^|[\W_])ticker")
_MAX_BLOCK_WEIGHT = 600  # characters that one block counts at most: legal notices are long
_DECAY = 60  # blocks of prose after the headline within which the weight decreases to zero …
_MIN_DISTANCE_WEIGHT = 0.4  # … but never below this
_is_called_discussion = element_names.judge(
    r"(?:^|[\W_])(?:comments?|commentlist|discussion|talkback|replies)(?:$|[\W_])"
)
_REMARKS = 0.1  # factor for prose in elements named like a discussion
_FOREIGN = 0.4  # factor for elements with a name untypical of articles
_LEVELS = 5  # enclosing elements to which a block's weight is added, halved at each level
_CANDIDATES = 5  # elements that are compared by their share of links


def find(blocks: Sequence[Block], elements: Elements, headline: str, said: str) -> Sequence[Block]:
    """Sets `found` on the blocks of the article's main text. `said` is the text in the metadata, if any.

    Returns the blocks around the headline: other articles on the page are not considered."""
    top = _top(blocks, headline)
    scope = _scope(reader_comments.without(blocks, elements, top), elements, top)
    best = _holder(scope, elements, top, _squeezed(said))
    best = _before(best, scope, elements, top)
    best = _live(best, scope, elements, top) if best >= 0 else best
    if best < 0:
        return scope
    inner = below(best, scope, elements)
    mark(inner, best, elements)
    _trim(inner)
    for block in _further(best, scope, elements, top):
        block.found = True
    return scope


def _further(best: int, blocks: Sequence[Block], elements: Elements, top: int) -> list[Block]:
    """The paragraphs in the boxes below the main text that hold nothing else, up to the first that holds a heading,
    links, or a single paragraph in a box of another kind: an article in several bodies, in the <article> of its
    headline."""
    around = elements.ancestors(best)
    own = next((n for n in around[1:] if elements.tags[n] == "article"), -1)
    if own < 0 or top < 0 or not _holds(own, top, blocks, elements):
        return []
    branches: dict[int, list[Block]] = {}
    for block in below(own, blocks, elements):
        if block.element > elements.lasts[best]:
            path = elements.ancestors(block.element)
            branches.setdefault(path[path.index(own) - 1] if block.element != own else own, []).append(block)
    found: list[Block] = []
    for number, inner in branches.items():
        if any(b.tag in HEADINGS or b.links > _MOSTLY_LINK for b in inner):
            break
        boxes = {n for b in inner for n in elements.ancestors(b.element) if n >= number}
        names = set(map(elements.called, boxes))
        if number == own or any(map(is_foreign, names)) or any(map(_is_called_end, names)):
            break
        alike = len(inner) > 1 or any(_alike(n, best, elements) for n in boxes)
        if alike and all(b.tag == "p" and weight(b) and not b.links and b.text.endswith(_STOPS) for b in inner):
            found += inner
        elif prose(inner):
            break
    return found


def _alike(number: int, main: int, elements: Elements) -> bool:
    """Whether an element is built like that of the main text, or marked as articleBody."""
    if number in elements.bodies:
        return True
    words = set(elements.names[number].split())
    return elements.tags[number] == elements.tags[main] and not words.isdisjoint(elements.names[main].split())


def _holds(number: int, top: int, blocks: Sequence[Block], elements: Elements) -> bool:
    """Whether an element holds the headline."""
    return any(b.place == top and number <= b.element <= elements.lasts[number] for b in blocks)


def _trim(blocks: Sequence[Block]) -> None:
    """Removes labels at both ends, so that the text begins and ends with prose or with short blocks of its kind."""
    kinds = {b.kind for b in blocks if b.found and weight(b)}
    at = [i for i, b in enumerate(blocks) if b.found and (weight(b) or (b.kind in kinds and b.size >= PROSE))]
    first, last = (at[0], at[-1]) if at else (len(blocks), len(blocks))
    while last + 1 < len(blocks) and _continues(blocks[last + 1], blocks[last + 2 : last + 3], kinds):
        last += 1
    while 0 < first < len(blocks) and _continues(blocks[first - 1], blocks[first : first + 1], kinds):
        first -= 1
    if 0 < first < len(blocks) and _opens_series(blocks[first - 1], blocks[first:last]):
        first -= 1
    for block in (*blocks[:first], *blocks[last + 1 :]):
        block.found = False


def _opens_series(block: Block, below: Sequence[Block]) -> bool:
    """Whether a heading at the top of the text is the first of several alike: days, numbers, questions, or
    short. A single one may be the article's second headline."""
    if not block.found or block.tag not in HEADINGS or block.links >= _MOSTLY_LINK:
        return False
    texts = [block.text, *(b.text for b in below if b.found and b.tag in HEADINGS and b.kind == block.kind)]
    numbered = all(any(map(str.isdigit, text)) for text in texts)
    short = len(block.text) <= _SUBHEAD_MAX_CHARS
    return len(texts) >= _SERIES and (short or numbered or all(text.endswith(_QUESTION) for text in texts))


def _continues(block: Block, after: Sequence[Block], kinds: set[Kind]) -> bool:
    """Whether a short block at an end of the text belongs to it: one like its paragraphs, an item, a heading above."""
    if not block.found:
        return False
    if block.kind in kinds or block.tag == "pre" or (block.tag in ITEMS and block.links < _MOSTLY_LINK):
        return True
    below = after[0] if after and after[0].found and not block.links else None
    return below is not None and below.tag in ITEMS and below.links < _MOSTLY_LINK


def _top(blocks: Sequence[Block], headline: str) -> int:
    """The place of the headline among the blocks; -1 if unknown."""
    wanted = fold(headline)
    tops = [at for at, b in enumerate(blocks) if b.tag == "h1"]
    for at in tops:
        if fold(blocks[at].text) == wanted:
            return at
    if len(tops) == 1:
        words = set(fold(blocks[tops[0]].text).split())
        if 2 * len(words & set(wanted.split())) >= len(words):
            return tops[0]
    longest = 2 * len(headline) + 20
    return next((at for at, b in enumerate(blocks) if len(b.text) <= longest and fold(b.text) == wanted), -1)


def _scope(blocks: Sequence[Block], elements: Elements, top: int) -> Sequence[Block]:
    """The blocks in the innermost element around the headline that contains enough prose to be the article."""
    if top < 0 or blocks[top].tag != "h1":
        return blocks
    whole = prose(blocks)
    for number in elements.ancestors(blocks[top].element):
        inner = below(number, blocks, elements)
        if prose(inner) >= max(_SCOPE, 0.25 * whole) or (
            prose(inner) >= _ITEM and _is_one_of(number, blocks, elements)
        ):
            return inner
    return blocks


def _is_one_of(number: int, blocks: Sequence[Block], elements: Elements) -> bool:
    """Whether an element is an article below which the page shows another one, with a first heading of its own."""
    if elements.tags[number] != "article":
        return False
    others = (b for b in blocks if b.tag == "h1" and b.element > elements.lasts[number])
    return any("article" in (elements.tags[n] for n in elements.ancestors(b.element)) for b in others)


def _holder(blocks: Sequence[Block], elements: Elements, top: int, said: str) -> int:
    """The element that scores highest for the prose close to it; -1 if there is none."""
    near: dict[int, float] = defaultdict(float)
    passed = 0
    for block in blocks:
        worth: float = min(weight(block), _MAX_BLOCK_WEIGHT)
        if not worth or block.element < 0:
            continue
        if block.place < top:
            worth /= 2
        else:
            worth *= max(_MIN_DISTANCE_WEIGHT, 1 - passed / _DECAY)
            passed += 1
        if said and _squeezed(block.text[:60]) in said:
            worth *= 3
        holders = _holders(block, elements)[:_LEVELS]
        if any(_is_discussion(number, elements) for number in holders):
            worth *= _REMARKS
        for level, number in enumerate(holders):
            near[number] += worth / 2**level
    for number in near:
        near[number] *= _likely(number, elements)
    firsts = sorted(near, key=lambda n: -near[n])[:_CANDIDATES]
    if not firsts:
        return -1
    return _widened(max(firsts, key=lambda n: near[n] * (1 - _linked(below(n, blocks, elements)))), blocks, elements)


def _holders(block: Block, elements: Elements) -> list[int]:
    """The elements around a block that can contain an article: no paragraphs, lists, quotes or data tables."""
    around = elements.ancestors(block.element)
    passed = FLOW | TABLE if block.tag == "tr" else FLOW
    start = next((i for i, n in enumerate(around) if elements.tags[n] not in passed), len(around))
    return around[start:]


def _is_discussion(number: int, elements: Elements) -> bool:
    return elements.tags[number] in ("div", "section", "ul", "ol") and _is_called_discussion(elements.called(number))


def _likely(number: int, elements: Elements) -> float:
    name = elements.called(number)
    good = 1.5 if number in elements.bodies else 1.2 if _is_called_article(name) else 1.0
    return good * (_FOREIGN if is_foreign(name) else 1.0)


def _linked(blocks: Sequence[Block]) -> float:
    """The share of links in the text of blocks."""
    return sum(b.links * b.size for b in blocks) / max(1, sum(b.size for b in blocks))


def _before(best: int, blocks: Sequence[Block], elements: Elements, top: int) -> int:
    """The element, or the one that contains the prose between headline and element if there is as much of it: an
    article with each paragraph in a box of its own."""
    if best < 0:
        return best
    mine = [b for b in below(best, blocks, elements) if b.place > top and weight(b)]
    if top < 0 or not mine:
        return best
    kinds: dict[Kind, list[Block]] = defaultdict(list)
    for block in blocks:
        if block.place > top and weight(block) and not best <= block.element <= elements.lasts[best]:
            kinds[block.kind].append(block)
    most = max((k for k in kinds.values() if k[0].place < mine[0].place), key=_capped, default=[])
    enough = 0.15 if is_foreign(elements.called(best)) else 0.8
    if not most or _capped(most) < enough * _capped(mine):
        return best
    alike = _own_kind(most[0]) == _own_kind(mine[0])
    return _around([*most, *mine] if alike else most, elements)


def _live(best: int, blocks: Sequence[Block], elements: Elements, top: int) -> int:
    """The element, or the one around both the entries of a live blog and the text above them."""
    inner = below(best, blocks, elements)
    entries = [b for b in blocks if weight(b) and _is_entry(b, elements)]
    if prose(entries) < _SCOPE:
        return best
    above = [b for b in blocks if 0 <= top < b.place < inner[0].place and weight(b)]
    return _around([*inner, *entries, *above], elements)


def _is_entry(block: Block, elements: Elements) -> bool:
    around = elements.ancestors(block.element)[:_LEVELS]
    return any(_is_called_entry(elements.called(n)) for n in around)


def _around(blocks: Sequence[Block], elements: Elements) -> int:
    """The innermost element that contains all blocks and can contain an article, else that of the first, else -1."""
    common = holders = _holders(blocks[0], elements)
    for block in blocks:
        others = set(elements.ancestors(block.element))
        common = [n for n in common if n in others]
    return (common or holders or [-1])[0]


def _own_kind(block: Block) -> tuple[str, str]:
    """The kind of a block's element, and the tag and first class of its parent."""
    return block.kind[0], block.kind[1].split(" ", 1)[0]


def _capped(blocks: Sequence[Block]) -> int:
    return sum(min(weight(b), _MAX_BLOCK_WEIGHT) for b in blocks)


def _widened(best: int, blocks: Sequence[Block], elements: Elements) -> int:
    """The element, or one around it if that contains similar elements or similar paragraphs: an article in several
    parts."""
    own = {b.kind[0] for b in below(best, blocks, elements) if weight(b)}
    wide = branch = best
    for number in elements.ancestors(best)[1:4]:
        names = set(elements.names[branch].split())
        siblings: dict[int, list[Block]] = defaultdict(list)
        for block in below(number, blocks, elements):
            if block.element != number and not branch <= block.element <= elements.lasts[branch]:
                around = elements.ancestors(block.element)
                siblings[around[around.index(number) - 1]].append(block)
        for other, inner in siblings.items():
            if elements.tags[other] == "p":
                like = inner[0].kind[0] in own and weight(inner[0]) > 0 and inner[0].links < 0.3
            else:
                shared = names & set(elements.names[other].split())
                like = elements.tags[other] == elements.tags[branch] and bool(shared)
                like = like and prose(inner) >= 0.85 * sum(b.size for b in inner)
            if like:
                wide = number
        branch = number
    return wide


def _squeezed(text: str) -> str:
    return "".join(text.split()).lower()
