"""Restores parts of the article missing from the main text: paragraphs among those found or in containers of the same
kind (an article split by advertisements has several), and the lead between headline and body."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from crawler.extract import element_names
from crawler.extract.body.inline_boxes import END, is_foreign, is_list, prose
from crawler.extract.body.text_blocks import Block, Elements, Kind
from crawler.extract.draft import Draft
from crawler.text import fold

_HEADINGS = frozenset(("h2", "h3", "h4"))
_KEY = 50  # characters by which a block is recognised in the extractor's text
_BRIEF_HEADINGS = _HEADINGS | {"h5", "h6"}
_BRIEF_ITEMS = 2  # minimum items of the points in brief
_BRIEF_LEVELS = 4  # elements around these whose names may tell of something else
_NO_LETTER = re.compile(r"[^\w ]+")
_PROSE = 80  # characters from which a paragraph is prose and not a label
_LEAD = range(40, 700)  # characters of a lead
_LEAD_WORDS = 15  # a shorter one is a second headline and not part of the text
_PARAGRAPH_MIN_CHARS = 240  # characters from which a block is a paragraph without being marked up as one
_HOLDERS = frozenset(("div", "section", "article", "td"))
_HEADLINE_MAX_CHARS = 300  # maximum characters of a headline
_BESIDE = frozenset(("nav", "aside", "footer", "figure"))
_is_called_note = element_names.judge(
    r"(?:^|[\W_])(?:bio(?:graphy)?|box|support|donat\w*|gate|log-?in|members?(?:hip)?|cta|disclaim\w*|notes?|notice|credits?|promo\w*)(?:$|[\W_])"
)
_LEADS = re.compile(
    r"(?:^|[\W_])(?:lead|lede|leadtext|lead-?in|standfirst|stand-first|intro|excerpt|abstract|sub-?title|sub-?head(?:line)?"
    r"|preamble|teaser|summary|description|dek|deck|chapo|chapeau|sommario|ingress|vorspann|entradilla|bajada|kicker-text"
    r"|leadin|spoiler|anons)(?:$|[\W_])",
    re.IGNORECASE,
)


def restore_missed(found: list[str], blocks: Sequence[Block], elements: Elements, draft: Draft) -> list[str]:
    """The paragraphs found and those that were missing; unchanged if they cannot be located on the page."""
    at = _places(found, blocks)
    if not at or sum(len(found[i]) for i in at) < 0.5 * sum(map(len, found)):
        return found
    kinds = {b.kind for b in blocks if b.found and len(b.text) >= _PROSE and b.tag not in _HEADINGS}
    parents = {(kind[1], kind[2]) for kind in kinds}
    first, last = min(at.values()), max(at.values())
    completed, done = [], -1
    for index, paragraph in enumerate(found):
        if index in at:
            completed += [b.text for b in blocks[done + 1 : at[index]] if _belongs(b, kinds, parents, done >= first)]
            done = max(done, at[index])
        completed.append(paragraph)
    closing = last + _closes(blocks, last, elements)
    completed += [
        b.text for i, b in enumerate(blocks[last + 1 :], last + 1) if i == closing or _belongs(b, kinds, parents, False)
    ]
    known = set(map(_key, completed))
    return [text for text in _opening(blocks[:first], elements, draft) if _key(text) not in known] + completed


def _belongs(block: Block, kinds: set[Kind], parents: set[tuple[str, str]], among: bool) -> bool:
    """Whether a missing block belongs to the article: prose of a kind that was found, or, `among` the blocks found, a
    shorter one or a heading next to them."""
    if block.found or block.links > 0.4 or not block.text:
        return False
    if block.kind in kinds:
        return len(block.text) >= (1 if among else _PROSE)
    return among and block.tag in _HEADINGS and (block.kind[1], block.kind[2]) in parents


def _closes(blocks: Sequence[Block], last: int, elements: Elements) -> bool:
    """Whether the block after the last one found is a paragraph of the text in a box of its own, in the same
    <article>."""
    if last + 1 >= len(blocks) or blocks[last + 1].found or not _is_own(blocks[last + 1], elements):
        return False
    if any(_is_called_note(elements.names[n]) for n in elements.ancestors(blocks[last + 1].element)[:_BRIEF_LEVELS]):
        return False
    around, beside = (
        [n for n in elements.ancestors(blocks[at].element) if elements.tags[n] == "article"] for at in (last, last + 1)
    )
    return bool(around) and around[:1] == beside[:1]


def _opening(blocks: Sequence[Block], elements: Elements, draft: Draft) -> list[str]:
    """The article's text between headline and body: the lead, and paragraphs of complete sentences."""
    wanted = fold(draft.headline)
    start = max((i for i, b in enumerate(blocks) if b.tag == "h1"), default=-1)
    if start < 0:
        start = max((i for i, b in enumerate(blocks) if fold(b.text[:_HEADLINE_MAX_CHARS]) == wanted), default=-1)
    if start < 0:
        return []
    lead = _lead(blocks, start, draft.description or "")
    often = Counter(b.text for b in blocks)  # repeated text is from a widget, such as an AI summary
    brief = _brief(blocks[start + 1 :], elements)
    return [
        b.text
        for b in blocks[start + 1 :]
        if b.text == lead or b.place in brief or (often[b.text] == 1 and _is_own(b, elements))
    ]


def _brief(blocks: Sequence[Block], elements: Elements) -> set[int]:
    """The places of the points in brief above the body: a heading with a list of short items without links below it."""
    found: set[int] = set()
    for at, block in enumerate(blocks):
        items = list(takewhile(lambda b: b.tag == "li", blocks[at + 1 :]))
        if block.tag not in _BRIEF_HEADINGS or len(items) < _BRIEF_ITEMS or not is_list([block, *items]):
            continue
        around = elements.ancestors(block.element)
        shut = any(elements.tags[n] in _BESIDE or is_foreign(elements.names[n]) for n in around[:_BRIEF_LEVELS])
        if not shut and 2 * prose(items) < sum(b.size for b in items):  # else they are a summary of the text
            found.update(b.place for b in (block, *items))
    return found


def _is_own(block: Block, elements: Elements) -> bool:
    """Whether a block above the body is a paragraph of it: complete sentences without links, outside other boxes."""
    least = _PROSE if block.tag == "p" else _PARAGRAPH_MIN_CHARS if block.tag in _HOLDERS else block.size + 1
    if block.links or block.size < least:
        return False
    if not END.search(block.text) or block.text.endswith(("...", "…")) or is_foreign(" ".join(block.kind)):
        return False
    return not any(elements.tags[n] in _BESIDE for n in elements.ancestors(block.element))


def _lead(blocks: Sequence[Block], start: int, description: str) -> str:
    """The lead: a block between headline and body that is named like one or repeats the page's description."""
    wanted = _key(description)
    for block in blocks[start + 1 : start + 12]:
        if len(block.text) in _LEAD and block.links < 0.3 and block.tag != "li":
            same = len(wanted) > 20 and (_key(block.text).startswith(wanted[:40]))
            if same or _LEADS.search(" ".join(block.kind[:2])):
                if len(block.text.split()) >= _LEAD_WORDS or " " not in block.text:
                    return block.text
                if _LEADS.search(block.kind[0]):
                    return ""
    return ""


def _places(found: list[str], blocks: Sequence[Block]) -> dict[int, int]:
    """The block of each paragraph found, in order; marks these blocks as found."""
    known: dict[str, list[int]] = {}
    for place, block in enumerate(blocks):
        known.setdefault(_key(block.text), []).append(place)
    at: dict[int, int] = {}
    last = -1
    for index, paragraph in enumerate(found):
        places = known.get(_key(paragraph), [])
        following = bisect_right(places, last)
        if following < len(places):
            at[index] = last = places[following]
    for key in set(map(_key, found)) & known.keys():
        for place in known[key]:
            blocks[place].found = True
    return at


def _key(text: str) -> str:
    return _key_of(text[: 2 * _KEY])


@lru_cache(maxsize=2_000)  # most paragraphs found are blocks of the page
def _key_of(beginning: str) -> str:
    return "".join(_NO_LETTER.sub("", beginning.lower()).split())[:_KEY]
