"""Lines of a text that tell about it: its author and its date above, and below the agencies that it is made of and who
its authors are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from crawler.boilerplate.removed import RemovalReason, Removed
from crawler.extract import dates
from crawler.extract.author_names import is_agency, is_byline, is_of_others, is_person, names
from crawler.extract.body.inline_boxes import HEADINGS, ITEMS
from crawler.extract.bylines import (
    PARTICLES,
    han_names,
    is_about_the_author,
    is_label,
    is_small,
    may_be_names,
    without_by,
)
from crawler.extract.dates import reader
from index.model.message import Message

_TOP = 3  # paragraphs that may be lines about the text
_BIOGRAPHIES = 4  # paragraphs at the end that may tell who the authors are
_BIOGRAPHY = 500  # characters of such a paragraph
_ROLE = 250  # characters of one without a name
_CREDITS = 200  # characters of a line of who had which part in a text
_ROLES = re.compile(r"\s*[;؛|/]\s*|\s[-–—]\s")
_LINE = 80  # characters of such a line
_WORDS_BESIDE = 4  # words beside a date, as in `Published …` and `4 min read`
_ENDS = re.compile(r"[.!?。！？؟۔።…][\"'”’»)\]]*$")
_PARTS = re.compile(r"\s+[-–—|•·/]\s+|[|•·]")
_WORD = re.compile(r"[^\W\d_]+")
_LABEL = re.compile(r"[:：/]|^بقلم")  # what tells a byline from a sentence where letters have no case
_NUMBER = re.compile(r"\d")
_SIGN = re.compile(r"([(\[（]?)\s*([^()\[\]（）.:!?؟]{1,40}?)\s*[)\]）]?\.?")
_SIGN_PARTS = re.compile(r"\s*[/,،;+&|\\-]\s*|\s+(?:and|und|et|y|e|و|mit|with)\s+")
_ADDRESS = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HASHTAGS = re.compile(r"(?:#[\w\u200c]+[\s,،|·]*)+")
_HAN_NAME = re.compile("[\u3400-\u9fff]{3,5}")
_HAN_SIGN = re.compile(
    "[（(【][\u3400-\u9fff\u30a1-\u30f6]{2,5}(?:[、・][\u3400-\u9fff\u30a1-\u30f6]{2,5}){0,3}[）)】]"
)
_KANA = re.compile("[\u3041-\u3096]")  # in which only Japanese is written
# Behind a Japanese text, or below it: `…と述べた。（山田太郎、佐藤花子）`
_JAPANESE_SIGN = re.compile(
    "(?:^|[。」])[（(【](?P<names>[\u3400-\u9fff々]{3,5}(?:[、・][\u3400-\u9fff々]{3,5}){0,3})[）)】]$"
)
_NO_JAPANESE_NAME = re.compile("[部社局班版員略者載稿影供省室課区町県党会院庁署紙誌側内外等他後前上下中]$|写真|抜粋")
_IN_BRACKETS = re.compile(r"[(（【]([^()（）【】]{2,40})[)）】]$")
_BRACKETS = re.compile(r"\s*[(（][^()（）]{2,40}[)）]$")
_ENDS_SIGNED = 2  # paragraphs at the end, behind which reporters may stand
_INITIALS = 4  # letters of an editor's sign
_NO_SIGNS = HEADINGS | ITEMS | {"td", "th"}  # elements of the text, however short
_NEAR = timedelta(days=1)  # by which a date differs between time zones


def without(
    paragraphs: list[str],
    tags: Mapping[str, str] | None = None,
    own: Sequence[datetime | None] = (),
    authors: Sequence[str] = (),
    headline: str = "",
) -> tuple[list[str], list[Removed]]:
    """The paragraphs without lines about the text at its top and its end, and these.

    `tags` are those of the paragraphs' elements, as far as known; `own` are the article's dates. A name alone at the
    top is such a line only if it is that of one of the `authors`: `White House` is written like one. A paragraph at the
    end tells who an author is if it begins with that name, of which neither text nor `headline` says anything else."""
    tags, days = tags or {}, [at.date() for at in own if at is not None]
    removed: list[Removed] = []
    kept = list(paragraphs)
    for text in paragraphs[:_TOP]:
        dated = tags.get(text) not in HEADINGS and _is_date(text, days)
        kind = "author" if text in authors or is_label(text) or _is_author(text) else "meta" if dated else ""
        if kind and len(kept) > 1:
            kept.remove(text)
            removed.append(_removed(text, kind))
    signed = [p for p in kept[_TOP:-1][-_BIOGRAPHIES:] if tags.get(p) not in _NO_SIGNS and _is_signed(p)]
    if len(kept) > 1 and tags.get(kept[-1]) not in _NO_SIGNS and _is_signature(kept[-1]):
        signed.append(kept[-1])
    for text in signed:  # below it may stand the outlet's notice of its rights
        kept.remove(text)
        removed.append(_removed(text, "author"))
    for text in _biographies(kept, tags, authors, headline):
        kept.remove(text)
        removed.append(_removed(text, "author"))
    return kept, removed


def signers(removed: Sequence[Removed], body: Sequence[str]) -> tuple[str, ...]:
    """The names in lines at the end that are no more than a name with an e-mail address, of reporters in brackets at
    the end of the text (`（记者 林晓岚）`, `（山田太郎）`), or alone in the last line: `Minh Anh (Theo AFP)`."""
    signed = [one.text for one in removed if _is_signed(one.text)]
    ends = (_IN_BRACKETS.search(text) for text in body[-_ENDS_SIGNED:])
    last = [*body[-1:], *(one.text for one in removed[-1:])] if any(map(_KANA.search, body)) else []
    japanese = (name for text in last for name in _japanese_signers(text))
    alone = [said for text in body[_TOP:][-1:] if is_person(said := _BRACKETS.sub("", text))]
    return names([*signed, *(end[1] for end in ends if end and han_names(end[1])), *japanese, *alone])


def _japanese_signers(text: str) -> list[str]:
    """The names in brackets at the end of a text; none where one of them is something else."""
    end = _JAPANESE_SIGN.search(text)
    found = re.split("[、・]", end["names"]) if end else []
    return [] if any(map(_NO_JAPANESE_NAME.search, found)) else found


def _biographies(
    paragraphs: Sequence[str], tags: Mapping[str, str], authors: Sequence[str], headline: str
) -> list[str]:
    """The paragraphs at the end that tell who the authors are."""
    last = max(len(paragraphs) - _BIOGRAPHIES, _TOP)
    above = " ".join((headline, *paragraphs[:last]))
    names = tuple(name for name in authors if (" " in name or _HAN_NAME.fullmatch(name)) and name not in above)
    unnamed = [
        p for p in paragraphs[last:] if len(p) <= _ROLE and is_about_the_author(p) and tags.get(p) not in _NO_SIGNS
    ]
    if not names or unnamed:
        return unnamed
    found = [p for p in paragraphs[last:] if _begins_with(p.lstrip("*•–— (["), names) and tags.get(p) not in _NO_SIGNS]
    others = " ".join(p for p in paragraphs[last:] if p not in found)
    return [p for p in found if len(p) <= _BIOGRAPHY and not any(n in p and n in others for n in names)]


def _begins_with(text: str, names: Sequence[str]) -> bool:
    """Whether a text begins with one of the names, as a whole."""
    return any(text.startswith(name) and not text[len(name) :][:1].isalpha() for name in names)


def _is_signature(text: str) -> bool:
    """Whether a last line only tells who made the text or its pictures, or what it is about."""
    if is_sign_off(text) or _is_signed(text) or _HASHTAGS.fullmatch(text) or _HAN_SIGN.fullmatch(text):
        return True
    if _is_credits(text):
        return True
    label = re.split(r"[:：]", text, maxsplit=1)
    return (
        len(label) == 2
        and bool(label[1].strip())
        and len(text) <= _LINE
        and not _ENDS.search(text)
        and is_of_others(f"{label[0]}:")
        and may_be_names(label[1])
    )


def _is_credits(text: str) -> bool:
    """Whether a line says nothing but who had which part in the text: `(إعداد سمر حداد - تحرير عمر صالح)`, `Reporting
    by Ann Lee in Cairo; Editing by Bob Ray`."""
    if len(text) > _CREDITS:
        return False
    inner = text.strip(" .()[]（）")
    parts = _ROLES.split(inner)
    return (len(parts) > 1 or inner != text.strip(" .")) and all(map(_is_credit, parts))


def _is_credit(part: str) -> bool:
    own = "" if is_of_others(part) else without_by(part, split=True)
    return own != part and all(map(_is_full_name, names([own])))


def is_sign_off(text: str) -> bool:
    """Whether a line only names agencies and signs of editors: `(dpa/ml)`, `AP/rk`, `أ ف ب، رويترز`."""
    match = _SIGN.fullmatch(text.strip())
    if match is None or _NUMBER.search(text):
        return False
    parts = [part for part in _SIGN_PARTS.split(match[2]) if part]
    agencies = [is_agency(part) for part in parts]
    signs = all(
        agency or (len(part) <= _INITIALS and part.isalpha()) for part, agency in zip(parts, agencies, strict=True)
    )
    if not signs or any(agencies):
        return signs
    several = len(parts) > 1 and "/" in text
    if match[1]:
        return several or text.isascii()
    capital = [part for part in parts if not part.islower()]
    return several and len(capital) == 1 and capital[0].isupper()


def _is_signed(text: str) -> bool:
    """Whether a line is a name with an e-mail address: `신현주 기자 sky@news.example`."""
    if len(text) > _LINE or not _ADDRESS.search(text):
        return False
    said = names([text])
    return len(said) == 1 and said[0][-1].isalpha() and len(_ADDRESS.sub("", text).split()) <= _INITIALS + 1


def _is_author(text: str) -> bool:
    if len(text) > _LINE or _ENDS.search(text) or not is_byline(text):
        return False
    said = names([text])
    cased = any(c.islower() or c.isupper() for c in text)
    return bool(said) and all(map(_is_full_name, said)) and (cased or _LABEL.search(text) is not None)


def _is_full_name(name: str) -> bool:
    """Whether a name has two to four words, with capitals if its script has them; in others, at most three."""
    parts = name.split()
    cased = any(c.islower() or c.isupper() for c in name)
    if not cased:
        return len(parts) <= _TOP
    return 1 < len(parts) <= _INITIALS + 1 and not any(is_small(p) for p in parts if p not in PARTICLES)


def _is_date(text: str, days: Sequence[date]) -> bool:
    """Whether a line is the article's date with a few words: `Updated 3:14 PM, 20 January 2026`, `20 January 2026 · 4
    min read`. Without a label, it is one of the article's `days` or next to it: another is told of by the text."""
    if len(text) > _LINE or _ENDS.search(text) or not _NUMBER.search(text):
        return False
    parts = [part for part in _PARTS.split(text) if part.strip()]
    read = [found.at.date() for part in parts if (found := reader.read(_after_label(part)))]
    if not read or not (dates.is_labelled(text) or any(abs(one - day) <= _NEAR for one in read for day in days)):
        return False
    return len(_WORD.findall(text)) <= _WORDS_BESIDE * (len(parts) + 1)


def _after_label(part: str) -> str:
    """A part of a line from its first number on, with the word before it, which may be a month."""
    first = _NUMBER.search(part)
    return part[part.rfind(" ", 0, part[: first.start()].rstrip().rfind(" ") + 1) + 1 :] if first else part


def _removed(text: str, kind: str) -> Removed:
    return Removed(text, Message(RemovalReason.ELEMENT, {"kind": kind}), "structure")
