"""Repeats: paragraphs that a site shows from article to article, learned by the archive in whatever language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from crawler.boilerplate.removed import Removed
from crawler.text import fold, words

OTHERS = 2  # other articles that show a block before it is the site's own: two alone may be a story and its follow-up
_OTHERS_MOST = 9  # … before a sentence is, on a site with many articles: reports repeat what happened before
_PART = 1 / 20  # of the site's articles that show a sentence, up to that many
_STOP = re.compile(r"[.。۔।]\W{0,9}$")
_SENTENCE_MIN_WORDS = 12  # of a sentence; what is shorter is a line such as "Follow us on Telegram."
_DESCRIPTION_CHARS = 60  # characters by which a paragraph is known to be the page's description of itself
_LOOKED_AT = 2_000  # characters of a paragraph


@dataclass(frozen=True, slots=True)
class RepeatedBlocks:
    """In how many articles of a site, besides the one that is read, a block (by hash) stands, and how many it has."""

    counts: Mapping[str, int] = field(default_factory=dict)
    articles: int = 0

    def known(self, paragraph: str) -> int:
        """In how many articles the site repeats this paragraph; 0 where that is no reason to take it off."""
        others = self.counts.get(block_hash(paragraph), 0)
        return others if others >= (self._enough_of_a_sentence if _is_sentence(paragraph) else OTHERS) else 0

    @property
    def _enough_of_a_sentence(self) -> int:
        return min(max(OTHERS, int(self.articles * _PART)), _OTHERS_MOST)


NO_REPEATS = RepeatedBlocks()


def block_hash(paragraph: str) -> str:
    """16 hex digits that are the same for paragraphs which differ in case, marks or punctuation only."""
    return blake2b((fold(paragraph) or paragraph).encode("utf-8", "replace"), digest_size=8).hexdigest()


def hashes(paragraphs: Iterable[str]) -> tuple[str, ...]:
    """The hashes of an article's paragraphs, each once, in order. Short paragraphs count too: "Follow us" is short."""
    return tuple(dict.fromkeys(map(block_hash, paragraphs)))


def drop(paragraphs: list[str], repeats: RepeatedBlocks, keep: Collection[str] = ()) -> tuple[list[str], list[Removed]]:
    """The paragraphs without those that the site repeats, but for `keep`; all of them where nothing else would remain:
    an article that is repeated as a whole is an article."""
    if not repeats.counts:
        return paragraphs, []
    often = [0 if paragraph in keep else repeats.known(paragraph) for paragraph in paragraphs]
    if all(often):
        return paragraphs, []
    kept = [paragraph for paragraph, others in zip(paragraphs, often, strict=True) if not others]
    gone = [(p, n) for p, n in zip(paragraphs, often, strict=True) if n]
    return kept, [Removed(p, f"on {n} other articles of the site", "repeat") for p, n in gone]


def own(paragraphs: list[str], description: str | None) -> frozenset[str]:
    """The paragraphs that are an article's own wherever else they stand: its first sentence, and what its page says of
    itself. Others show them as its teaser."""
    said = fold(description or "")[:_DESCRIPTION_CHARS]
    return frozenset(
        text
        for at, text in enumerate(paragraphs)
        if (at == 0 and _is_sentence(text))
        or (len(said) == _DESCRIPTION_CHARS and fold(text[: 2 * _DESCRIPTION_CHARS]).startswith(said))
    )


def _is_sentence(paragraph: str) -> bool:
    return _STOP.search(paragraph[-10:]) is not None and len(words(paragraph[:_LOOKED_AT])) >= _SENTENCE_MIN_WORDS
