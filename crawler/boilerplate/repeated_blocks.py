"""Blocks that a site shows on many pages, learned from its articles, in any language.

That a paragraph comes again says little: reports repeat what happened before. It is the site's own only where its place
says so too: in an element apart from the article's paragraphs, at an end of the text, or on most pages; and where the
articles that show it have nothing else in common. Prose among an article's own paragraphs stays. So does what edits
brought to articles that were there without it, at whatever end and on however many: that is their editors' work."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from itertools import islice
from math import sqrt

from crawler.boilerplate.removed import RemovalReason, Removed
from crawler.text import FULL_STOPS, fold, words
from index.model.message import Message

OTHERS = 2  # other articles with a block that make it boilerplate: just two articles may be a story and its follow-up
_OTHERS_MOST = 9  # … the same for prose on a site with many articles
_PART = 1 / 20  # share of the site's articles required for prose, up to that number
RARE_LINE = 1 / 20  # share of a site's articles above which a line at an end of the text is the site's own
OFTEN_LINE = 1 / 3  # … above which a line anywhere is
MOST = 1 / 2  # … above which prose is; among an article's own paragraphs that takes MANY articles, of several days
MANY = 6
_BY_EDITS = 1 / 10  # share of the articles with a block, above which its coming by edits makes it theirs
_AGREEING = (
    2 / 3
)  # share of the articles with a block in which it must stand in such a place: some pages are read badly
_Z = 1.28  # the normal distribution's ninth decile
_SAME_TOPIC = (
    0.4  # share of the words of the shorter headline, or of the keywords, that related articles have in common
)
_COMPARED = 24  # articles with a block that are compared with each other
_STOP = re.compile(rf"[{FULL_STOPS}]\W{{0,9}}$")
_SENTENCE_MIN_WORDS = 8  # shorter ones are lines such as "Follow us on Telegram."; a sentence of background has eleven
_LINE_MIN_WORDS = 3  # shorter lines within a text are headings such as "Background"
_DESCRIPTION_CHARS = 60  # characters by which a paragraph is recognised as the page's description
_LOOKED_AT = 2_000  # characters of a paragraph that are examined


class Ground(StrEnum):
    """Why a repeated block was found to be its site's own."""

    APART = "apart"  # in an element of its own
    LINE = "line"  # a line at an end of the text
    END = "end"  # prose at an end of the text
    OFTEN = "often"  # on most pages, wherever it stands


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph in its place: its hash, how many stand above and below it, and whether its element is apart from
    those of the article's paragraphs."""

    hash: str
    above: int
    below: int
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """A block on a page: whether it stands apart; whether there is nothing of the article above it, or below it; the
    article's topic: the folded words of its headline, its keywords, its story if it has one, and its day; and whether
    an edit brought it, to an article that was without it before."""

    apart: bool
    at_end: bool
    headline: frozenset[str]
    keywords: frozenset[str] = frozenset()
    story: str | None = None
    day: str = ""
    by_edit: bool = False


@dataclass(frozen=True, slots=True)
class RepeatedBlocks:
    """The site's own blocks: how many of its other articles contain each, by its hash, and how many articles it has."""

    counts: Mapping[str, int] = field(default_factory=dict)
    articles: int = 0

    def known(self, paragraph: str) -> int:
        """The number of other articles with this paragraph, if it is the site's own; else 0."""
        others = self.counts.get(block_hash(paragraph), 0)
        return others if others >= enough(paragraph, self.articles) else 0

    @property
    def digest(self) -> str:
        """Eight hex digits, equal if the same paragraphs are known."""
        known = sorted((block, min(n, _OTHERS_MOST)) for block, n in self.counts.items() if n >= OTHERS)
        return blake2b(repr((known, _enough_of_prose(self.articles))).encode(), digest_size=4).hexdigest()


NO_REPEATS = RepeatedBlocks()


def block_hash(paragraph: str) -> str:
    """16 hex digits, equal for paragraphs that differ only in case, diacritics or punctuation."""
    return blake2b((fold(paragraph) or paragraph).encode("utf-8", "replace"), digest_size=8).hexdigest()


def blocks(paragraphs: Sequence[str], apart: Collection[str] = ()) -> tuple[Block, ...]:
    """An article's distinct paragraphs in their first places; `apart` are those in elements of their own."""
    found: dict[str, Block] = {}
    for at, text in enumerate(paragraphs):
        name = block_hash(text)
        if name not in found:
            found[name] = Block(name, at, len(paragraphs) - at - 1, text in apart)
    return tuple(found.values())


def drop(paragraphs: list[str], repeats: RepeatedBlocks, keep: Collection[str] = ()) -> tuple[list[str], list[Removed]]:
    """The paragraphs without those that are the site's own, except `keep`, and the removed ones. If all are, all are
    kept: an article that is repeated as a whole is still an article."""
    if not repeats.counts:
        return paragraphs, []
    often = [0 if paragraph in keep else repeats.known(paragraph) for paragraph in paragraphs]
    if all(often):
        return paragraphs, []
    kept = [paragraph for paragraph, others in zip(paragraphs, often, strict=True) if not others]
    gone = [(p, n) for p, n in zip(paragraphs, often, strict=True) if n]
    return kept, [Removed(p, Message(RemovalReason.REPEATED, {"n": n}), "repeat") for p, n in gone]


def own(paragraphs: list[str], description: str | None, apart: Collection[str] = ()) -> frozenset[str]:
    """The paragraphs that belong to an article even if others contain them as its teaser: its first sentence, unless it
    stands `apart`, and the page's description."""
    said = fold(description or "")[:_DESCRIPTION_CHARS]
    return frozenset(
        text
        for at, text in enumerate(paragraphs)
        if (at == 0 and is_sentence(text) and text not in apart)
        or (len(said) == _DESCRIPTION_CHARS and fold(text[: 2 * _DESCRIPTION_CHARS]).startswith(said))
    )


def ground(text: str, seen: Sequence[Sighting], holders: int, articles: int) -> Ground | None:
    """Why this block is the site's own; None if it may be part of its articles.

    `seen` are some of the `holders`, the articles with it; `articles` is the number of all articles of the site.
    """
    unrelated = _unrelated(seen)
    if unrelated <= OTHERS or holders <= enough(text, articles):
        return None
    if _agree(one.apart for one in seen):
        return Ground.APART
    if sum(one.by_edit for one in seen) > _BY_EDITS * len(seen):
        return None
    why = _ground_among_paragraphs(text, seen, unrelated)
    return why if why and holds(why, text, holders, articles) else None


def _ground_among_paragraphs(text: str, seen: Sequence[Sighting], unrelated: int) -> Ground | None:
    at_end = _agree(one.at_end for one in seen)
    if is_sentence(text):
        if at_end:
            return Ground.END
        return Ground.OFTEN if unrelated >= MANY and len({one.day for one in seen}) > 1 else None
    if at_end:
        return Ground.LINE
    return Ground.OFTEN if len(words(text)) >= _LINE_MIN_WORDS else None


def enough(text: str, articles: int) -> int:
    """How many other articles must have a block, on a site with so many."""
    return _enough_of_prose(articles) if is_sentence(text) else OTHERS


def _enough_of_prose(articles: int) -> int:
    return min(max(OTHERS, int(articles * _PART)), _OTHERS_MOST)


def holds(why: Ground, text: str, holders: int, articles: int) -> bool:
    """Whether a block with this ground is on enough of its site's articles. Prose that was once taken for a line, by
    other rules, must be on as many as prose."""
    if why == Ground.APART:
        return True
    least = MOST if is_sentence(text) else RARE_LINE if why == Ground.LINE else OFTEN_LINE
    return _surely(holders, articles) > least


def _surely(holders: int, articles: int) -> float:
    """The least share of all pages, articles to come included, that so many of so many suggest: the lower bound of the
    Wilson interval, which nine of ten shares exceed (Wilson 1927). Three of seven may well be a third."""
    n = max(articles, holders)
    share = holders / n
    spread = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return (share + _Z**2 / (2 * n) - spread) / (1 + _Z**2 / n)


def topic(headline: str) -> frozenset[str]:
    """The words by which articles on one topic are recognised; in Chinese and Japanese, the characters."""
    return frozenset(word for word in words(headline) if len(word) > 2 or not word.isascii())


def is_sentence(paragraph: str) -> bool:
    """Whether a paragraph is prose rather than a line."""
    return _STOP.search(paragraph[-10:]) is not None and len(words(paragraph[:_LOOKED_AT])) >= _SENTENCE_MIN_WORDS


def _agree(found: Iterable[bool]) -> bool:
    all_of_them = list(found)
    return sum(all_of_them) >= _AGREEING * len(all_of_them)


def _unrelated(seen: Sequence[Sighting]) -> int:
    """The number of these articles that have no topic in common with each other."""
    chosen: list[Sighting] = []
    for one in islice(seen, _COMPARED):
        if not any(_related(one, other) for other in chosen):
            chosen.append(one)
    return len(chosen)


def _related(one: Sighting, other: Sighting) -> bool:
    if one.story is not None and one.story == other.story:
        return True
    return any(
        len(mine & theirs) >= max(2, _SAME_TOPIC * min(len(mine), len(theirs)))
        for mine, theirs in ((one.headline, other.headline), (one.keywords, other.keywords))
    )
