"""The lexer: splits a query into words, phrases and operators. Anything that is not an operator is part of a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from index.search.query_language.filters import FILTERS
from index.search.query_language.limits import GAP
from index.text import spellings
from index.text.char_folding import PARTING

Kind = Literal["word", "phrase", "field", "(", ")", "-", "or", "and"]

FIELDS = ("title", "body")
# Opening quotes, and all quotes that close each: keyboards and word processors differ, most of all for Arabic, where it
# is easy to get them the wrong way round.
QUOTES = {'"': '"', "“": "”“", "”": "”“", "„": "“”", "«": "»", "»": "«", "＂": "＂", "‹": "›", "›": "‹"}
WITHOUT = "-−"  # the second is the typographic minus sign, which the search page itself displays

_FIELD = re.compile(rf"({'|'.join([*FIELDS, *FILTERS])})[:：]", re.IGNORECASE | re.ASCII)
_NEAR = re.compile(r"~(\d{0,9})")
_JOINS = {"OR": "or", "||": "or", "AND": "and", "&&": "and"}


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its position in the original text.

    `near` is the number after a phrase's ~, GAP if there is no number, None if there is no ~. `closed` is False for a
    phrase without its closing quote; `joined` means that nothing separates the token from the one before.
    """

    kind: Kind
    text: str
    at: int
    end: int
    near: int | None = None
    closed: bool = True
    joined: bool = False


def tokenize(text: str) -> Iterator[Token]:
    """The tokens of a text. Directional marks and other invisible characters are ignored wherever they are, as people
    who write from right to left insert them to make a query look right."""
    places = [place for place, char in enumerate(text) if not _invisible(char)]
    before = 0
    for piece in _pieces("".join(text[place] for place in places)):
        at, end = places[piece.at], places[piece.end - 1] + 1
        yield replace(piece, at=at, end=end, joined=piece.at == before)
        before = piece.end


def _invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf" and char not in PARTING


def _blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) == "Cc"


def _pieces(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        char = text[at]
        if _blank(char):
            at += 1
            continue
        if char in "()":
            piece = Token("(" if char == "(" else ")", char, at, at + 1)
        elif _is_quote(text, at):
            piece = _phrase(text, at)
        elif char in WITHOUT:
            piece = Token("-", char, at, at + 1)
        elif match := _FIELD.match(text, at):
            piece = Token("field", match[1].lower(), at, match.end())
        else:
            piece = _word(text, at)
        yield piece
        at = piece.end


def _is_quote(text: str, at: int) -> bool:
    return text[at] in QUOTES and not spellings.is_within_word(text, at)


def _phrase(text: str, at: int) -> Token:
    closing = QUOTES[text[at]]
    ends = (i for i in range(at + 1, len(text)) if text[i] in closing and not spellings.is_within_word(text, i))
    end = next(ends, None)
    if end is None:
        return Token("phrase", text[at + 1 :], at, len(text), closed=False)
    match = _NEAR.match(text, end + 1)
    near = int(match[1] or GAP) if match else None
    return Token("phrase", text[at + 1 : end], at, match.end() if match else end + 1, near)


def _word(text: str, at: int) -> Token:
    """A word, which may contain any character but brackets, and quotes only between Hebrew letters: covid-19, צה"ל."""
    ends = (i for i in range(at, len(text)) if _blank(text[i]) or text[i] in "()" or _is_quote(text, i))
    end = next(ends, len(text))
    word = text[at:end]
    kind = _JOINS.get(word, "word")
    return Token(kind, word, at, end)  # type: ignore[arg-type]
