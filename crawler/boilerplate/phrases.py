"""Phrases: paragraphs that are known by their words to be no part of the article, per language, held as data.

`phrases/<language>.yaml` says in which manner a phrase makes a paragraph boilerplate, and of what kind that is:
  alone  the paragraph is the phrase and nothing else, but for numbers:      Advertisement; Comments (12)
  label  it is the phrase and what it announces, which is no sentence:       Read also: Floods in the north
  start  a prompt: a short paragraph that begins with it, sentences too:     Sign up for our daily newsletter.
  end    as alone; it and all that follows go, where it stands in the last part of the body:   Related articles
  within a line at the body's end has it anywhere, which no sentence does:     Contact. The Paper. All rights reserved
Lines of a paragraph (table cells, <br>) are held against them one by one, too. Compared are words
without case, accents, marks, punctuation and forms of Arabic letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import yaml

from crawler.boilerplate.removed import Removed
from crawler.text import fold

Manner = Literal["alone", "label", "start", "end", "within"]
_MANNER_ORDER: tuple[Manner, ...] = ("end", "start", "label", "alone")  # as what a phrase of several manners is taken
_PARAGRAPH_MAX_CHARS = (
    400  # characters of a paragraph that are looked at; a longer one is no boilerplate of these manners
)
_TEASER = 30  # words that a label may announce: the longest headlines
_PROMPT = 60  # words of a prompt, which may have a second sentence
_LINKS = ("related", "read also")  # kinds of "end" below which the article may go on
_END = 0.5  # share of the body's paragraphs before which no "end" phrase ends it
_KEY = 3  # characters of a folded phrase by which it is found
_SEPARATOR = re.compile(r"[:：|»›>«]|\s[–—-]\s")  # between a label and what it announces; not the hyphen of Read-only
_SENTENCE = re.compile(r"(?<![.。])[.。۔।][\"'”»’)\]]*$")  # … at the end is a cut-off teaser's
_APOSTROPHES = re.compile("['’ʼ`´]")  # don't, s’abonner: one word
_ACCENTS = re.compile("[\u0300-\u036f]")
_RIGHTS = re.compile(
    r"\W{0,9}(?:©|ⓒ|\(c\) ?(?:19|20)\d\d|copyright\W{1,3}(?:\w+ )?(?:©|\(c\)|ⓒ|(?:19|20)\d\d))", re.IGNORECASE
)
_RIGHTS_MOST = 200  # characters of a copyright notice
_TAIL = re.compile(r"[（(【\[]([^（(【\[\])】）]{4,150})[\])】）]\s*$")
_IN_BRACKETS = ("read also", "related", "author")  # kinds of labels that stand in brackets at a paragraph's end
_ROW = re.compile("[|｜【】•·]")  # between the links of a row: Home | Print | Share
_SENTENCES = re.compile(r"(?<=[.!?؟])\s+")
_FOOT_MOST = 300  # characters of a footer's line
_FOOT = 4  # paragraphs at the end of a body among which a footer's lines are looked for


class Phrase(NamedTuple):
    """A phrase as compared, in which manner it stands, what kind of boilerplate it is, and of which language's file."""

    text: str
    manner: Manner
    kind: str
    language: str


def drop(paragraphs: Sequence[str], keep: Collection[str] = ()) -> tuple[list[str], list[Removed]]:
    """The paragraphs without those that phrases know (but for `keep`), and those, with reasons: `read also: اقرا ايضا`.

    All languages' phrases are held against all texts: English labels stand in Arabic pages, and the lists are short."""
    kept: list[str] = []
    removed: list[Removed] = []
    for at, paragraph in enumerate(paragraphs):
        foot = at >= len(paragraphs) - _FOOT
        phrase = None if paragraph in keep else known(paragraph) or (_foot(paragraph) if foot else None)
        if phrase is not None:
            removed.append(Removed(paragraph, f"{phrase.kind}: {phrase.text}", "phrase"))
        else:
            kept.append(_without_tail("\n".join(_lines(paragraph, removed)), removed))
        if phrase is not None and at >= _END * len(paragraphs) and _ends(phrase, paragraphs[at + 1 :]):
            removed += [Removed(p, f"after {phrase.kind}: {phrase.text}", "phrase") for p in paragraphs[at + 1 :]]
            break
    return [paragraph for paragraph in kept if paragraph], removed


def _ends(phrase: Phrase, rest: Sequence[str]) -> bool:
    """Whether the rest goes with a phrase: not where sentences stand below links to other articles, for there the text
    goes on."""
    if phrase.manner != "end" or phrase.kind not in _LINKS:
        return phrase.manner == "end"
    return not any(_SENTENCE.search(text) or len(text.split()) > _TEASER for text in rest)


def _lines(paragraph: str, removed: list[Removed]) -> Iterable[str]:
    """The lines of a paragraph but those that are boilerplate by themselves, which are added to `removed`."""
    lines = paragraph.split("\n")
    for line in lines:
        if len(lines) > 1 and (phrase := known(line)) is not None:
            removed.append(Removed(line, f"{phrase.kind}: {phrase.text}", "phrase"))
        else:
            yield line


def _without_tail(paragraph: str, removed: list[Removed]) -> str:
    """A paragraph without a label in brackets at its end: （责任编辑：…）, (READ MORE: …)."""
    tail = _TAIL.search(paragraph[-_RIGHTS_MOST:])
    phrase = known(tail[1]) if tail else None
    if tail is None or phrase is None or phrase.kind not in _IN_BRACKETS or not _separated(tail[1], phrase.text):
        return paragraph
    removed.append(Removed(tail[0], f"{phrase.kind}: {phrase.text}", "phrase"))
    return paragraph[: -len(tail[0])].rstrip()


def _foot(paragraph: str) -> Phrase | None:
    """The phrase of a footer's line: one that stands anywhere in it, or a prompt as its last sentence."""
    if len(paragraph) > _FOOT_MOST:
        return None
    folded = f" {known_form(paragraph)} "
    if found := next((p for p in _within() if (p.text if _spaceless(p.text) else f" {p.text} ") in folded), None):
        return found
    last = known(_SENTENCES.split(paragraph.strip())[-1])
    return last if last is not None and last.manner == "start" else None


def known(paragraph: str) -> Phrase | None:
    """The phrase that makes a paragraph boilerplate, the longest one that does; None if it is a text's own."""
    if len(paragraph) > _PARAGRAPH_MAX_CHARS:
        return None
    if len(paragraph) < _RIGHTS_MOST and _RIGHTS.match(paragraph):
        return Phrase("©", "alone", "copyright", "")
    head = known_form(paragraph[:20])
    candidates = [p for size in (_KEY, 2, 1) for p in _index().get(head[:size], ())]
    if not candidates:
        return _row(paragraph)
    folded = known_form(paragraph)
    bare = " ".join(word for word in folded.split() if not word.isdigit())
    for phrase in candidates:
        if phrase.text in (folded, bare):
            return phrase
        if phrase.manner in ("label", "start") and folded.startswith(phrase.text) and _cut(paragraph, folded, phrase):
            return phrase
    return _row(paragraph)


def _row(paragraph: str) -> Phrase | None:
    """A phrase of a row of links, half of which at least are phrases by themselves: Home | Print | Share."""
    parts = [part for part in _ROW.split(paragraph) if part.strip()] if _ROW.search(paragraph) else []
    if len(parts) < 2 or len(parts) > _TEASER:
        return None
    found = [phrase for part in parts if (phrase := _alone(part)) is not None]
    return found[0] if len(found) >= len(parts) / 2 else None


def _alone(text: str) -> Phrase | None:
    folded = known_form(text)
    return next((p for size in (_KEY, 2, 1) for p in _index().get(folded[:size], ()) if p.text == folded), None)


def _cut(paragraph: str, folded: str, phrase: Phrase) -> bool:
    """Whether a paragraph that starts with a phrase is a label with what it announces, or a prompt. The phrase ends
    where a word does; one of a single word may begin a headline too (`Related companies`), so it needs a colon."""
    after = folded[len(phrase.text) :]
    if not after.startswith(" ") and not _spaceless(phrase.text):
        return False
    announced = len(after.split())
    if phrase.manner == "start":
        return announced <= _PROMPT
    if announced > _TEASER:
        return False
    several = " " in phrase.text or _spaceless(phrase.text)
    return _separated(paragraph, phrase.text) or (several and not _SENTENCE.search(paragraph))


def _separated(paragraph: str, phrase: str) -> bool:
    """Whether a colon or its like stands right behind the phrase."""
    marks = _SEPARATOR.finditer(paragraph[: 2 * len(phrase) + 12])
    return any(known_form(paragraph[: mark.start()]) == phrase for mark in marks)


def _spaceless(phrase: str) -> bool:
    return "\u2e80" <= phrase[-1] <= "\u9fff" or "\uac00" <= phrase[-1] <= "\ud7af"


def known_form(text: str) -> str:
    """A text as phrases are compared: folded, without apostrophes and accents, with one form of i (Turkish: four)."""
    text = _APOSTROPHES.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text))).replace("ı", "i")
    return fold(text)


@cache
def listed() -> tuple[Phrase, ...]:
    """All phrases of all languages, as they stand in the files."""
    folder = files("crawler.boilerplate").joinpath("phrases")
    return tuple(
        p for file in sorted(folder.iterdir(), key=lambda f: f.name) for p in _of(file.name, file.read_text("utf-8"))
    )


def _of(name: str, text: str) -> Iterable[Phrase]:
    data: dict[Manner, dict[str, list[str]]] = yaml.safe_load(text)
    for manner, kinds in data.items():
        for kind, phrases in kinds.items():
            yield from (Phrase(str(p), manner, kind, name.removesuffix(".yaml")) for p in phrases)


@cache
def _within() -> tuple[Phrase, ...]:
    return tuple(p._replace(text=known_form(p.text)) for p in listed() if p.manner == "within")


@cache
def _index() -> dict[str, tuple[Phrase, ...]]:
    """Folded phrases by their first characters, the longest first, equal ones in the order of _FIRST."""
    found: dict[str, list[Phrase]] = {}
    for phrase in listed():
        if phrase.manner != "within":
            folded = known_form(phrase.text)
            found.setdefault(folded[:_KEY], []).append(phrase._replace(text=folded))
    return {
        key: tuple(sorted(some, key=lambda p: (-len(p.text), _MANNER_ORDER.index(p.manner))))
        for key, some in found.items()
    }
