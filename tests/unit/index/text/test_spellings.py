"""Words written together or apart: Persian half-spaces, Hebrew abbreviations."""

from __future__ import annotations

import pytest

from index.search.query_language.lexer import tokenize
from index.text import spellings

ZWNJ = "\u200c"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"می{ZWNJ}رود", [("ميرود",)]),
        (f"کتاب{ZWNJ}های", [("كتابهاي",)]),
        (f"نرم{ZWNJ}افزار{ZWNJ}ها", [("نرمافزارها",)]),
        ("میرود", [("مي", "رود")]),
        ("نمیرود", [("نمي", "رود")]),
        ("کتابها", [("كتاب", "ها"), ("كتا", "بها")]),
        ("دانشآموز", [("دانش", "اموز"), ("دان", "شاموز"), ("دانشا", "موز")]),
        ('צה"ל', [("צהל",)]),
        ("צה״ל", [("צהל",)]),
        ("צהל", [("צה", "ל")]),
        ("ג'ורג", [("גורג",)]),
        ("wheat", []),
        ("المدارس", [("الم", "دارس"), ("المد", "ارس")]),
        ("نرمافزار", [("نرم", "افزار"), ("نرما", "فزار"), ("نرماف", "زار")]),
        ("مدارس", []),
    ],
)
def test_the_other_ways_of_writing_a_word(text: str, rows: list[tuple[str, ...]]) -> None:
    assert spellings.others(text) == rows


def test_two_words_may_be_one() -> None:
    assert spellings.joined("می", "رود") == "ميرود"
    assert spellings.joined("عبد", "الله") == "عبدالله"
    assert spellings.joined("prime", "minister") is None


def test_a_persian_beginning_needs_four_letters_behind_it() -> None:
    assert "ميدان" not in spellings.with_affixes("دان")
    assert "ميرفتم" in spellings.with_affixes("رفتم")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ('צה"ל', [("word", 'צה"ל')]),
        ("דובר צה״ל", [("word", "דובר"), ("word", "צה״ל")]),
        ('-צה"ל', [("-", "-"), ("word", 'צה"ל')]),
        ('"דובר צה"ל הודיע"', [("phrase", 'דובר צה"ל הודיע')]),
        ('מנכ"ל "שלום עולם"', [("word", 'מנכ"ל'), ("phrase", "שלום עולם")]),
        ('title:מנכ"ל', [("field", "title"), ("word", 'מנכ"ל')]),
        ('a"b c"', [("word", "a"), ("phrase", "b c")]),
    ],
)
def test_a_quote_between_hebrew_letters_belongs_to_the_word(text: str, pieces: list[tuple[str, str]]) -> None:
    found = list(tokenize(text))
    assert [(piece.kind, piece.text) for piece in found] == pieces
    assert all(piece.closed for piece in found)
