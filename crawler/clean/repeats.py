"""Repeats: paragraphs that a site shows from article to article, learned by the archive."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from crawler.clean.text import fold
from crawler.extract.draft import Removed


def block_hash(paragraph: str) -> str:
    """16 hex digits that are the same for paragraphs which differ in case, marks or punctuation only."""
    return blake2b((fold(paragraph) or paragraph).encode("utf-8", "replace"), digest_size=8).hexdigest()


def hashes(paragraphs: Iterable[str]) -> tuple[str, ...]:
    """The hashes of an article's paragraphs, each once, in order. Short paragraphs count too: "Follow us" is short."""
    return tuple(dict.fromkeys(map(block_hash, paragraphs)))


def drop(paragraphs: list[str], repeats: frozenset[str]) -> tuple[list[str], list[Removed]]:
    """The paragraphs without those that the site repeats; all of them where nothing else would remain: an article that
    is repeated as a whole is an article."""
    kept = [p for p in paragraphs if block_hash(p) not in repeats]
    if not repeats or not kept:
        return paragraphs, []
    return kept, [Removed(p, "repeated", "repeat") for p in paragraphs if block_hash(p) in repeats]
