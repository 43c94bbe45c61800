"""Echoes: paragraphs of the body that only say again what stands in another field, such as the headline on top."""

from __future__ import annotations

from crawler.clean.text import fold
from crawler.extract.draft import Draft, Removed

_TOP = 3  # paragraphs at the top among which headline, section, authors and date stand


def drop(paragraphs: list[str], draft: Draft) -> tuple[list[str], list[Removed]]:
    """The paragraphs without echoes of the headline, section and authors (at the top) and of images' captions."""
    top = {fold(draft.headline): "headline", fold(draft.section or ""): "section"}
    top |= {fold(name): "author" for name in draft.authors}
    top |= {fold(", ".join(draft.authors)): "author"}
    anywhere = {fold(text): "caption" for i in draft.images for text in (i.caption, i.credit) if text}
    top.pop("", None)
    anywhere.pop("", None)
    kept: list[str] = []
    removed: list[Removed] = []
    for at, paragraph in enumerate(paragraphs):
        folded = fold(paragraph) if len(paragraph) <= 700 else paragraph
        reason = anywhere.get(folded) or (top.get(folded) if at < _TOP else None)
        if reason and len(paragraphs) > 1:
            removed.append(Removed(paragraph, f"echo: {reason}", "phrase"))
        else:
            kept.append(paragraph)
    return kept, removed
