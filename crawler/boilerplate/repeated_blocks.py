"""Paragraphs that a site repeats in many articles, learned from the archive, in any language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from crawler.boilerplate.removed import RemovalReason, Removed
from crawler.text import fold, words
from index.model.message import Message

OTHERS = 2  # other articles with a block that make it boilerplate: just two articles may be a story and its follow-up
_OTHERS_MOST = 9  # … the same for a sentence on a site with many articles: reports repeat the background
_PART = 1 / 20  # share of the site's articles required for a sentence, up to that number
_STOP = re.compile(r"[.。۔।]\W{0,9}$")
_SENTENCE_MIN_WORDS = 12  # shorter paragraphs are lines such as "Follow us on Telegram."
_DESCRIPTION_CHARS = 60  # characters by which a paragraph is recognised as the page's description
_LOOKED_AT = 2_000  # characters of a paragraph that are examined


@dataclass(frozen=True, slots=True)
class RepeatedBlocks:
    """The number of a site's other articles that contain a block, by its hash, and the number of its articles."""

    counts: Mapping[str, int] = field(default_factory=dict)
    articles: int = 0

    def known(self, paragraph: str) -> int:
        """The number of other articles with this paragraph; 0 if too few to remove it."""
        others = self.counts.get(block_hash(paragraph), 0)
        return others if others >= (self._enough_of_a_sentence if _is_sentence(paragraph) else OTHERS) else 0

    @property
    def digest(self) -> str:
        """Eight hex digits, equal if the same paragraphs are known."""
        known = sorted((block, min(n, _OTHERS_MOST)) for block, n in self.counts.items() if n >= OTHERS)
        return blake2b(repr((known, self._enough_of_a_sentence)).encode(), digest_size=4).hexdigest()

    @property
    def _enough_of_a_sentence(self) -> int:
        return min(max(OTHERS, int(self.articles * _PART)), _OTHERS_MOST)


NO_REPEATS = RepeatedBlocks()


def block_hash(paragraph: str) -> str:
    """16 hex digits, equal for paragraphs that differ only in case, diacritics or punctuation."""
    return blake2b((fold(paragraph) or paragraph).encode("utf-8", "replace"), digest_size=8).hexdigest()


def hashes(paragraphs: Iterable[str]) -> tuple[str, ...]:
    """The distinct hashes of an article's paragraphs, in order. Short ones count too: "Follow us" is short."""
    return tuple(dict.fromkeys(map(block_hash, paragraphs)))


def drop(paragraphs: list[str], repeats: RepeatedBlocks, keep: Collection[str] = ()) -> tuple[list[str], list[Removed]]:
    """The paragraphs without those that the site repeats, except `keep`, and the removed ones. If all are repeated, all
    are kept: an article that is repeated as a whole is still an article."""
    if not repeats.counts:
        return paragraphs, []
    often = [0 if paragraph in keep else repeats.known(paragraph) for paragraph in paragraphs]
    if all(often):
        return paragraphs, []
    kept = [paragraph for paragraph, others in zip(paragraphs, often, strict=True) if not others]
    gone = [(p, n) for p, n in zip(paragraphs, often, strict=True) if n]
    return kept, [Removed(p, Message(RemovalReason.REPEATED, {"n": n}), "repeat") for p, n in gone]


def own(paragraphs: list[str], description: str | None) -> frozenset[str]:
    """The paragraphs that belong to an article even if others contain them as its teaser: its first sentence and the
    page's description."""
    said = fold(description or "")[:_DESCRIPTION_CHARS]
    return frozenset(
        text
        for at, text in enumerate(paragraphs)
        if (at == 0 and _is_sentence(text))
        or (len(said) == _DESCRIPTION_CHARS and fold(text[: 2 * _DESCRIPTION_CHARS]).startswith(said))
    )


def _is_sentence(paragraph: str) -> bool:
    return _STOP.search(paragraph[-10:]) is not None and len(words(paragraph[:_LOOKED_AT])) >= _SENTENCE_MIN_WORDS
