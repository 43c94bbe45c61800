"""The text below an image -> caption and credit: `A field. Photo: A. Smith/AP` -> `A field.`, `A. Smith/AP`.

The words are in credits.yaml."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from crawler import data_files
from crawler.text import STOPS, line

CAPTION_MAX_CHARS = 600  # a longer text below an image is not a caption
_CREDIT = 160  # maximum characters of a credit
_CREDIT_WORDS = 10  # of a credit; more are a sentence
_ENDS = " |-–—·,/(（[［"
_ONLY_CREDIT = re.compile(r"[\W_]*")


class Caption(NamedTuple):
    """The caption and the credit of an image, each None if missing."""

    text: str | None
    credit: str | None


def caption(text: str, credit: str = "") -> Caption:
    """The caption and the credit in the lines below an image; `credit` is the text of a separate credit element."""
    lines, credit = [found for part in text.split("\n") if (found := line(part))], line(credit)
    if len(lines) > 1 and not credit:
        credit = next((part for part in lines if _label().match(part)), "")
        lines = [part for part in lines if part != credit]
    text = " ".join(lines)
    if credit and credit in text:
        text = _without(text, credit)
    if said := _credit_in(text):
        text, credit = text[: said.start()], credit or said["credit"]
    text, credit = _trimmed(text), _named(credit)
    return Caption(text if 0 < len(text) <= CAPTION_MAX_CHARS else None, credit if 0 < len(credit) <= _CREDIT else None)


def has_labelled_credit(text: str) -> bool:
    """Whether a text ends with a credit that has a label: `Photo: A. Smith`; not with a sentence about a photo: `He was
    in the photo: A man with a hat.`"""
    found = _patterns()[0].search(text)
    if found is None:
        return False
    before = text[: found.start()].rstrip()
    apart = before[-1:] in f'{STOPS}{_ENDS}…»”"' or found[0][0] in "(（[［"
    return len(found["credit"].split()) <= _CREDIT_WORDS and (apart or found["credit"][-1] not in STOPS)


def _credit_in(text: str) -> re.Match[str] | None:
    return (
        next((m for pattern in _patterns() if (m := pattern.search(text[-CAPTION_MAX_CHARS:]))), None) if text else None
    )


def _without(text: str, credit: str) -> str:
    before, _, after = text.rpartition(credit)
    return f"{before.rstrip(_ENDS)} {after.lstrip(' |)）]］')}".strip() if after.strip(" |)）]］.") else before


def _trimmed(text: str) -> str:
    text = _bare_label().sub("", text.strip(" |")).rstrip(_ENDS + "＝=")
    return "" if _ONLY_CREDIT.fullmatch(text) else text.strip()


def _named(credit: str) -> str:
    """The credit without label and brackets: `(Foto: dpa)` -> `dpa`."""
    credit = credit.strip(" |/–—-,()（）[]［］")
    return _label().sub("", credit).strip(" |/:：–—-,()（）[]［］")


def _data() -> dict[str, Any]:
    data: dict[str, Any] = data_files.load("crawler.extract.images", "credits.yaml")
    return data


@cache
def _words() -> tuple[str, str, str]:
    """Regular expressions for labels with a colon, for labels and signs without one, and for agencies."""
    labels = "|".join(dict.fromkeys(w for words in _data()["labels"].values() for w in words.split("; ")))
    bare, signs, agencies = ("|".join(_data()[kind].split("; ")) for kind in ("bare", "signs", "agencies"))
    return rf"(?:(?:{labels})\s*[:：=＝])", rf"(?:(?:{bare})(?!\w)|{signs})", rf"(?:{agencies})"


@cache
def _label() -> re.Pattern[str]:
    labels, bare, _ = _words()
    return re.compile(rf"^(?:{labels}|{bare})\s*", re.IGNORECASE)


@cache
def _bare_label() -> re.Pattern[str]:
    """A label left at the end after the name, in an element of its own, was removed."""
    labels, bare, _ = _words()
    return re.compile(rf"(?<!\w)(?:{labels}|{bare})\s*$", re.IGNORECASE)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Patterns for the beginning of a credit, most reliable first: a label; brackets or a slash at the end; an agency
    at the end."""
    labels, bare, agencies = _words()
    begin = rf"(?:(?-i:[^a-z\s])|{agencies})"  # `Image: the moon rises` is not a credit
    rest = rf"(?P<credit>{begin}[^\n]{{0,{_CREDIT}}})$"
    name, opening, closing = r"[^()（）\[\]!?]{2,60}?", r"[(（\[［]", r"[)）\]］]\.?$"
    end = r"(?<=(?-i:[^A-ZÀ-Þ])[.!?…。»”\"])\s*"  # the end of a sentence, not the `P.` of a name
    return tuple(
        re.compile(pattern, re.IGNORECASE)
        for pattern in (
            rf"{opening}?(?<!\w){labels}\s*{rest}",
            rf"(?:{end}|\s?[(（\[［|–—/-]\s*|^|(?=[©ⓒ（(])){bare}\s*{rest}",
            rf"{end}{opening}(?P<credit>{name}){closing}",
            rf"\s?{opening}(?P<credit>(?:{name}[/ ])?{agencies}(?:[/ ]{name})?){closing}",
            rf"[=＝](?P<credit>{agencies})$",
            rf"{end}(?P<credit>{agencies}(?:\s?[/|,–-]\s?{name})?)\.?$",
            rf"{end}(?P<credit>(?-i:[A-ZÀ-Þ]){name}\s?[/|]\s?(?:via )?{agencies}(?:\s?[/|]\s?{name})?)\.?$",
            r"\s/\s?(?P<credit>(?-i:[A-ZÀ-Þ])[\w.'’-]+(?: (?-i:[A-ZÀ-Þ])[\w.'’-]+){0,3})$",
        )
    )
