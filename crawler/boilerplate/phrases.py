"""Boilerplate phrases: paragraphs recognised by their words as not part of the article, per language, from data files.

`phrases/<language>.yaml` defines how a phrase makes a paragraph boilerplate, and of which kind:
  alone  the paragraph is the phrase and nothing else, except numbers:       Advertisement; Comments (12)
  counted  as alone, if there is a number:                                   3 min read; 1,204 views
  label  it is the phrase followed by a title, not by a sentence:            Read also: Floods in the north
  start  a prompt: a short paragraph that begins with it, even a sentence:   Sign up for our daily newsletter.
  end    as alone; in the last part of the body, everything after it is removed too:   Related articles
  foot   a line at the end of the body begins with it:             Comments are moderated and may be cut.
  within a line at the end of the body contains it, as no sentence does:     Contact. The Paper. All rights reserved
The lines of a paragraph (table cells, <br>) are compared one by one as well. Comparison ignores case, accents,
diacritics, punctuation and variants of Arabic letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from crawler import data_files
from crawler.boilerplate.removed import RemovalReason, Removed
from crawler.text import FULL_STOPS, STOPS, fold
from index.model.message import Message

Manner = Literal["alone", "counted", "label", "start", "end", "foot", "within"]
# Precedence if a phrase has several manners
_MANNER_ORDER: tuple[Manner, ...] = ("end", "start", "label", "alone", "counted")
_PARAGRAPH_MAX_CHARS = 400  # longer paragraphs are not boilerplate of these manners
_TEASER = 30  # maximum words after a label: the longest headlines
_PROMPT = 60  # maximum words of a prompt, which may have a second sentence
_LINKS = ("related", "read also")  # kinds of "end" after which the article may continue
_END = 0.5  # share of the body's paragraphs before which no "end" phrase ends it
_KEY = 3  # characters of a folded phrase that form its key in the index
_SEPARATOR = re.compile(r"[:：|»›>«՝៖ःঃઃ]|\s[–—-]\s")  # between a label and its title; not the hyphen of Read-only
_SENTENCE = re.compile(rf"(?<![.。])[{FULL_STOPS}][\"'”»’)\]]*$")  # … at the end marks a truncated teaser
_APOSTROPHES = re.compile("['’‘ʼʻ`´՛՜՞]")  # don't, s’abonner, o‘qing, նկատե՞լ: one word
_ACCENTS = re.compile("[\u0300-\u036f\u093c\u09bc\u0a3c\u0abc\u0b3c]")  # and the dots of फ़ and ਖ਼
_RIGHTS = re.compile(
    r"\W{0,9}(?:©|ⓒ|\(c\) ?(?:19|20)\d\d|copyright\W{1,3}(?:\w+ )?(?:©|\(c\)|ⓒ|(?:19|20)\d\d))", re.IGNORECASE
)
_RIGHTS_MOST = 200  # maximum characters of a copyright notice
_TAIL = re.compile(r"[（(【\[]([^（(【\[\])】）]{4,150})[\])】）]\s*$")
_IN_BRACKETS = ("read also", "related", "author")  # kinds of labels that may be in brackets at the end of a paragraph
# A title behind or before an arrow, which leads to the next article; a quotation mark has its other half
_PAGER = re.compile(rf"[←⟵‹]\s?[^›\n]{{4,120}}(?<![{FULL_STOPS}])|[^«‹»\n]{{4,120}}(?<![{FULL_STOPS}])\s?[→⟶›»]")
_NUMBER = re.compile(r"\d+")
_LEADING = re.compile(r"^[\d\s.,:'’٬٫]+")  # a number at the beginning: `1,204 views`
_ITEM = re.compile(r"\d+\s?[.):]\s")  # the number of an item, whose text may be any: `3. Save`
_ROW = re.compile("[|｜【】•·]")  # between the links in a row: Home | Print | Share
# Scripts without spaces, and Korean: no word ends
_SPACELESS = re.compile("[\u2e80-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_SENTENCES = re.compile(rf"(?<=[{STOPS}])\s+")
_FOLLOW = 16  # maximum words of a line that asks to be followed
_FOLLOW_BEFORE = 6  # maximum words of it before the phrase, if that does not begin it
_FOLLOW_AFTER = 3  # and then, maximum words after the platform; a sentence that quotes the phrase goes on
_QUOTED = re.compile('["«»“”„‘「『]')
_FOOT_MOST = 300  # maximum characters of a footer line
_FOOT = 4  # paragraphs at the end of a body that may be footer lines


class Phrase(NamedTuple):
    """A phrase, the manner in which it matches, the kind of boilerplate, and the language of its file."""

    text: str
    manner: Manner
    kind: str
    language: str


def drop(paragraphs: Sequence[str], keep: Collection[str] = ()) -> tuple[list[str], list[Removed]]:
    """The paragraphs without those matched by a phrase (except `keep`), and the removed ones.

    The phrases of all languages are applied to all texts: Arabic pages contain English labels, and the lists are short.
    """
    kept: list[str] = []
    removed: list[Removed] = []
    for at, paragraph in enumerate(paragraphs):
        foot = at >= len(paragraphs) - _FOOT
        phrase = None if paragraph in keep else known(paragraph) or (_foot(paragraph) if foot else None)
        if phrase is not None:
            removed.append(_removed(paragraph, phrase))
        else:
            kept.append(_without_tail("\n".join(_lines(paragraph, removed)), removed))
        if phrase is not None and at >= _END * len(paragraphs) and _ends(phrase, paragraphs[at + 1 :]):
            removed += [_removed(p, phrase, RemovalReason.AFTER_PHRASE) for p in paragraphs[at + 1 :]]
            break
    return [paragraph for paragraph in kept if paragraph], removed


def _removed(text: str, phrase: Phrase, reason: RemovalReason = RemovalReason.PHRASE) -> Removed:
    return Removed(text, Message(reason, {"kind": phrase.kind, "phrase": phrase.text}), "phrase")


def _ends(phrase: Phrase, rest: Sequence[str]) -> bool:
    """Whether a phrase ends the body, so that the rest is removed too: not if sentences follow below links to other
    articles, as the text then continues."""
    if phrase.manner != "end" or phrase.kind not in _LINKS:
        return phrase.manner == "end"
    return not any(_SENTENCE.search(text) or len(text.split()) > _TEASER for text in rest)


def _lines(paragraph: str, removed: list[Removed]) -> Iterable[str]:
    """The lines of a paragraph except those that are boilerplate by themselves, which are added to `removed`."""
    lines = paragraph.split("\n")
    for line in lines:
        if len(lines) > 1 and (phrase := known(line)) is not None:
            removed.append(_removed(line, phrase))
        else:
            yield line


def _without_tail(paragraph: str, removed: list[Removed]) -> str:
    """The paragraph without a label in brackets at its end: （责任编辑：…）, (READ MORE: …)."""
    tail = _TAIL.search(paragraph[-_RIGHTS_MOST:])
    phrase = known(tail[1]) if tail else None
    if tail is None or phrase is None or phrase.kind not in _IN_BRACKETS or not _separated(tail[1], phrase.text):
        return paragraph
    removed.append(_removed(tail[0], phrase))
    return paragraph[: -len(tail[0])].rstrip()


def _foot(paragraph: str) -> Phrase | None:
    """The phrase that makes a line a footer: one anywhere in it, an invitation to a platform, or a prompt as its last
    sentence; None if there is none."""
    if len(paragraph) > _FOOT_MOST:
        return None
    if _PAGER.fullmatch(paragraph):
        return Phrase("→", "foot", "related", "")
    folded = f" {known_form(paragraph)} "
    if found := next((phrase for needle, phrase in _within() if needle in folded), None):
        return found
    if found := next((phrase for needle, phrase in _openings() if folded.startswith(needle)), None):
        return found
    if not _QUOTED.search(paragraph) and (found := _follow(folded)):
        return found
    last = known(_SENTENCES.split(paragraph.strip())[-1])
    return last if last is not None and last.manner == "start" else None


def _follow(folded: str) -> Phrase | None:
    """The phrase by which a line asks to be followed, at its beginning or after a few words, beside the name of a
    platform, which closes the line in the second case: `For the latest news, follow us on Telegram`."""
    if len(folded.split()) > _FOLLOW:
        return None
    for needle, phrase in _invitations():
        before, found, after = folded.partition(needle)
        if not found or not any(f" {name} " in f"{before} {after}" for name in platforms()):
            continue
        if not before.strip() or (len(before.split()) <= _FOLLOW_BEFORE and _platform_closes(folded)):
            return phrase
    return None


def _platform_closes(folded: str) -> bool:
    """Whether few words follow the last name of a platform in a line."""
    end = max(folded.rfind(f" {name} ") + len(name) for name in platforms() if f" {name} " in folded)
    return len(folded[end + 1 :].split()) <= _FOLLOW_AFTER


def known(paragraph: str) -> Phrase | None:
    """The longest phrase that makes a paragraph boilerplate; None if it is part of the text."""
    if len(paragraph) > _PARAGRAPH_MAX_CHARS:
        return None
    if len(paragraph) < _RIGHTS_MOST and _RIGHTS.match(paragraph):
        return Phrase("©", "alone", "copyright", "")
    numbered = paragraph[:1].isdigit() and not _ITEM.match(paragraph)
    head = known_form(_LEADING.sub("", paragraph[:40])[:20] if numbered else paragraph[:20])
    candidates = [p for size in (_KEY, 2, 1) for p in _index().get(head[:size], ())]
    if not candidates:
        return _row(paragraph)
    folded = known_form(paragraph)
    bare = " ".join(_NUMBER.sub(" ", folded).split())
    for phrase in candidates:
        if phrase.text in (folded, bare) and (phrase.manner != "counted" or bare != folded):
            return phrase
        if phrase.manner in ("label", "start") and folded.startswith(phrase.text) and _cut(paragraph, folded, phrase):
            return phrase
    return _row(paragraph)


def _row(paragraph: str) -> Phrase | None:
    """A phrase in a row of links, at least half of which are phrases by themselves: Home | Print | Share."""
    parts = [part for part in _ROW.split(paragraph) if part.strip()] if _ROW.search(paragraph) else []
    if len(parts) < 2 or len(parts) > _TEASER:
        return None
    found = [phrase for part in parts if (phrase := _alone(part)) is not None]
    return found[0] if len(found) >= len(parts) / 2 else None


def _alone(text: str) -> Phrase | None:
    folded = known_form(text)
    return next((p for size in (_KEY, 2, 1) for p in _index().get(folded[:size], ()) if p.text == folded), None)


def _cut(paragraph: str, folded: str, phrase: Phrase) -> bool:
    """Whether a paragraph that starts with a phrase is a label with a title, or a prompt. The phrase must end at a word
    boundary; a single word may also begin a headline (`Related companies`), so it must be followed by a separator."""
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
    """Whether the phrase is directly followed by a colon or a similar separator."""
    marks = _SEPARATOR.finditer(paragraph[: 2 * len(phrase) + 12])
    return any(known_form(paragraph[: mark.start()]) == phrase for mark in marks)


def _spaceless(phrase: str) -> bool:
    return _SPACELESS.match(phrase[-1]) is not None


def known_form(text: str) -> str:
    """A text in the form in which phrases are compared: folded, without apostrophes and accents, with one form of i
    (Turkish has four)."""
    text = _APOSTROPHES.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text))).replace("ı", "i")
    return fold(text, spelt=True)


@cache
def listed() -> tuple[Phrase, ...]:
    """All phrases of all languages, as written in the files."""
    folder = files("crawler.boilerplate").joinpath("phrases")
    return tuple(
        p for file in sorted(folder.iterdir(), key=lambda f: f.name) for p in _of(file.name, file.read_text("utf-8"))
    )


def _of(name: str, text: str) -> Iterable[Phrase]:
    data: dict[Manner, dict[str, list[str]]] = data_files.read(text)
    for manner, kinds in data.items():
        for kind, phrases in kinds.items():
            yield from (Phrase(str(p), manner, kind, name.removesuffix(".yaml")) for p in phrases)


@cache
def _within() -> tuple[tuple[str, Phrase], ...]:
    return tuple((_needle(p.text), p) for p in _folded(p for p in listed() if p.manner == "within"))


@cache
def _openings() -> tuple[tuple[str, Phrase], ...]:
    return tuple((f" {_needle(p.text).lstrip()}", p) for p in _folded(p for p in listed() if p.manner == "foot"))


@cache
def _invitations() -> tuple[tuple[str, Phrase], ...]:
    return tuple((_needle(p.text), p) for p in _folded(p for p in listed() if p.kind == "follow"))


def _folded(phrases: Iterable[Phrase]) -> Iterator[Phrase]:
    return (phrase._replace(text=known_form(phrase.text)) for phrase in phrases)


def _needle(phrase: str) -> str:
    """A folded phrase as it stands in a folded line that begins and ends with a space: as whole words."""
    return phrase if _spaceless(phrase) else f" {phrase} "


@cache
def platforms() -> tuple[str, ...]:
    """The names of platforms on which outlets are followed, in their known form."""
    names: list[str] = data_files.load("crawler.boilerplate", "platforms.yaml")
    return tuple({known_form(name): None for name in names})


@cache
def _index() -> dict[str, tuple[Phrase, ...]]:
    """Folded phrases by their first characters, longest first, those of equal length in the order of _MANNER_ORDER."""
    found: dict[str, list[Phrase]] = {}
    for phrase in listed():
        if phrase.manner in _MANNER_ORDER:
            folded = known_form(phrase.text)
            found.setdefault(folded[:_KEY], []).append(phrase._replace(text=folded))
    return {
        key: tuple(sorted(some, key=lambda p: (-len(p.text), _MANNER_ORDER.index(p.manner))))
        for key, some in found.items()
    }
