"""A site's own rules for paragraphs, applied before the general layers: always remove, or never."""

from __future__ import annotations

from collections.abc import Iterable

from crawler.boilerplate.removed import RemovalReason, Removed
from crawler.site_config import Rules
from crawler.text import fold
from index.model.message import Message


def apply(paragraphs: list[str], rules: Rules) -> tuple[list[str], list[Removed], frozenset[str]]:
    """The paragraphs without those matched by the site's `strip_text`; the removed ones; and those matched by its
    `keep_text`, which no other layer may remove."""
    if not rules.strip_text and not rules.keep_text:
        return paragraphs, [], frozenset()
    keep = frozenset(p for p in paragraphs if _begins(p, rules.keep_text))
    kept = [p for p in paragraphs if p in keep or not _begins(p, rules.strip_text)]
    gone = [p for p in paragraphs if p not in keep and _begins(p, rules.strip_text)]
    return kept, [Removed(p, Message(RemovalReason.RULE, {"setting": "strip_text"}), "phrase") for p in gone], keep


def _begins(paragraph: str, texts: Iterable[str]) -> bool:
    """Whether a paragraph begins with one of these texts, ignoring case, diacritics and punctuation."""
    folded = fold(paragraph)
    return any(folded.startswith(beginning) for text in texts if (beginning := fold(text)))
