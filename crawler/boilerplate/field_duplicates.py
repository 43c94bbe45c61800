"""Paragraphs of the body that only repeat another field, such as the headline at the top."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.boilerplate.removed import RemovalReason, Removed
from crawler.text import fold
from index.model.article import Image
from index.model.message import Message

_DATELINE = re.compile(r"\b(?:19|20)[0-9]{2}\b[\s,،|–—-]*[0-9]{1,2}:[0-9]{2}$")  # … 23 تشرين الثاني/نوفمبر 2026 18:53
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_DATELINE_LONGEST = 120  # characters; longer lines are sentences that end with a time
_CAPTION_PREFIX_CHARS = 60  # characters by which a caption is recognised
_TOP = 3  # paragraphs at the top that may repeat headline, section, authors and date


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of an article that its body may repeat. `captions_removed` are captions that were removed from the
    page together with their images."""

    headline: str = ""
    section: str | None = None
    authors: Sequence[str] = ()
    description: str | None = None
    images: Sequence[Image] = ()
    captions_removed: Sequence[str] = ()


def drop(paragraphs: list[str], fields: Fields) -> tuple[list[str], list[Removed]]:
    """The paragraphs without repetitions of headline, section, authors (at the top) and image captions; and the removed
    ones.

    A paragraph equal to a caption that was removed with its image belongs to the text, and so does one that begins with
    the description, as some captions are copied from the first paragraph."""
    top = {fold(fields.headline): "headline", fold(fields.section or ""): "section"}
    top |= {fold(name): "author" for name in fields.authors}
    top |= {fold(", ".join(fields.authors)): "author"}
    off = {fold(caption)[:_CAPTION_PREFIX_CHARS] for caption in fields.captions_removed}
    captions = {fold(image.caption or "") for image in fields.images}
    credits = {fold(image.credit or "") for image in fields.images}
    anywhere = dict.fromkeys(
        credits | {text for text in captions if text[:_CAPTION_PREFIX_CHARS] not in off}, "caption"
    )
    longest = 2 * max(map(len, anywhere), default=0)  # folded text lacks diacritics and punctuation
    described = fold(fields.description or "")[:_CAPTION_PREFIX_CHARS]  # often the words of the first paragraph
    top.pop("", None)
    anywhere.pop("", None)
    kept: list[str] = []
    removed: list[Removed] = []
    for at, paragraph in enumerate(paragraphs):
        folded = fold(paragraph) if at < _TOP or len(paragraph) <= longest else paragraph
        own = len(described) == _CAPTION_PREFIX_CHARS and folded.startswith(described)
        reason = None if own else anywhere.get(folded)
        if at < _TOP:
            reason = reason or top.get(folded) or _headline(folded, fold(fields.headline))
            reason = reason or _dateline(paragraph) or _byline(paragraph, fields.authors)
        if reason and len(paragraphs) > 1:
            removed.append(Removed(paragraph, Message(RemovalReason.FIELD, {"field": reason}), "phrase"))
        else:
            kept.append(paragraph)
    return kept, removed


def _dateline(paragraph: str) -> str | None:
    """`date` for a line that ends with the date and time of publication, often after the author."""
    return "date" if len(paragraph) <= _DATELINE_LONGEST and _DATELINE.search(paragraph) else None


def _byline(paragraph: str, authors: Sequence[str]) -> str | None:
    """`author` for a short line with all authors and a year: `15 يناير 2026 - 11:00 - كتب: محرر الميناء`."""
    if len(paragraph) > _DATELINE_LONGEST or not authors or not _YEAR.search(paragraph):
        return None
    folded = fold(paragraph)
    return "author" if all(fold(name) in folded for name in authors) else None


def _headline(folded: str, headline: str) -> str | None:
    """`headline` for a variant of it: preceded by the section, or without the label of the headline."""
    short, long = sorted((folded, headline), key=len)
    same = len(short) >= 0.5 * len(long) and (long.startswith(short) or long.endswith(short))
    return "headline" if short and same else None
