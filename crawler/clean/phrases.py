"""Phrases: paragraphs that are known by their words to be no part of the article, per language, held as data.

`phrases/<language>.yaml` has three lists; phrases are compared folded (case, marks, punctuation and forms of Arabic
letters do not count):
  alone  the paragraph is the phrase and nothing else:         Advertisement
  start  a short paragraph that begins with the phrase:         Read also: Floods in the north
  end    as alone; it and all that follows go, where it stands in the last part of the body:   Related articles"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from crawler.clean.text import fold
from crawler.extract.draft import Removed

Kind = Literal["alone", "start", "end"]
_TEASER = 30  # words: the longest paragraph that still is a link to another article
_END = 0.5  # share of the body's paragraphs before which no "end" phrase ends it
_COLON = re.compile("[:：|»>›–—-]")
_FIRST: tuple[Kind, ...] = ("start", "end", "alone")  # what a phrase is that stands in several lists
_RIGHTS = re.compile(r"\W*(?:©|\(c\)|copyright\b)", re.IGNORECASE)
_RIGHTS_MOST = 200  # characters of a copyright notice
_KEY = 3  # characters of a folded phrase by which it is found


def drop(paragraphs: Sequence[str]) -> tuple[list[str], list[Removed]]:
    """The paragraphs without those that phrases know, and those, with reasons such as `phrase: اقرا ايضا`.

    All languages' phrases are held against all texts: English labels stand in Arabic pages, and the lists are short."""
    kept: list[str] = []
    removed: list[Removed] = []
    for at, paragraph in enumerate(paragraphs):
        kind, phrase = known(paragraph)
        if not kind and len(paragraph) < _RIGHTS_MOST and _RIGHTS.match(paragraph):
            kind, phrase = "alone", "rights"
        if kind == "end" and at >= _END * len(paragraphs):
            removed += [Removed(p, f"after: {phrase}", "phrase") for p in paragraphs[at:]]
            break
        if kind:
            removed.append(Removed(paragraph, f"phrase: {phrase}", "phrase"))
        else:
            kept.append(paragraph)
    return kept, removed


def known(paragraph: str) -> tuple[Kind | Literal[""], str]:
    """The kind of the phrase that makes a paragraph boilerplate, and the phrase; ("", "") if none does."""
    if fold(paragraph[:20])[:_KEY] not in _index():
        return "", ""
    folded = fold(paragraph[:400])
    for phrase, kind in _index().get(folded[:_KEY], ()):
        if folded == phrase:
            return kind, phrase
        if kind == "start" and folded.startswith(phrase) and _cut(paragraph, folded, phrase):
            return kind, phrase
    return "", ""


def _cut(paragraph: str, folded: str, phrase: str) -> bool:
    """Whether a paragraph that starts with a phrase is a teaser: short, and the phrase ends where a word does; a phrase
    of one word may begin a sentence too (`Related companies said`), so it needs a colon."""
    after = folded[len(phrase) :]
    if " " not in phrase and not _COLON.search(paragraph[: len(phrase) + 4]):
        return False
    whole_word = after.startswith(" ") or (not phrase[-1].isascii() and _spaceless(phrase))
    return whole_word and len(paragraph) < 400 and len(after.split()) <= _TEASER


def _spaceless(phrase: str) -> bool:
    return "\u2e80" <= phrase[-1] <= "\u9fff" or "\uac00" <= phrase[-1] <= "\ud7af"


@cache
def _index() -> dict[str, tuple[tuple[str, Kind], ...]]:
    """Phrases of all languages by their first characters, the longest first."""
    found: dict[str, dict[str, Kind]] = {}
    for file in sorted(files("crawler.clean").joinpath("phrases").iterdir(), key=lambda f: f.name):
        data: dict[Kind, list[Any]] = yaml.safe_load(file.read_text("utf-8"))
        for kind, phrases in data.items():
            for phrase in filter(None, map(fold, map(str, phrases))):
                known_as = found.setdefault(phrase[:_KEY], {})
                known_as[phrase] = min(kind, known_as.get(phrase, kind), key=_FIRST.index)
    return {key: tuple(sorted(some.items(), key=lambda p: -len(p[0]))) for key, some in found.items()}
