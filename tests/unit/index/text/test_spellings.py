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
        ("UN", [("u", "n")]),
        ("U.N.", []),
        ("U.S.", [("u", "s", "a")]),
        ("us", []),
    ],
)
def test_the_other_ways_of_writing_a_word(text: str, rows: list[tuple[str, ...]]) -> None:
    assert spellings.others(text) == rows


def test_two_words_may_be_one() -> None:
    assert spellings.joined("می", "رود") == "ميرود"
    assert spellings.joined("عبد", "الله") == "عبدالله"
    assert spellings.joined("Wi", "Fi") == "wifi"
    assert spellings.joined("Covid", "19") == "covid19"
    assert spellings.joined("may", "be") is None
    assert spellings.joined("Vereinigte", "Königreiche") is None


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("wi-fi", ["wifi"]),
        ("anti\u2010government protest", ["antigovernment protest"]),
        ("U.A.E.", ["uae"]),
        ("U.N.", []),
        ("I.T.", []),
        ("US", ["usa"]),
        ("हिन्दी", ["हिंदी"]),
        ("संदेश", ["सन्देश"]),
        ("जन्म", []),
        ("الأميركية", ["الامريكيه"]),
        ("جوجل", ["غوغل", "قوقل"]),
        ("wheat", []),
    ],
)
def test_the_same_word_in_other_spellings(text: str, others: list[str]) -> None:
    assert spellings.variants(text) == others


@pytest.mark.parametrize(
    ("word", "pairs"),
    [
        ("wifi", [("wi", "fi")]),
        ("e-mail", []),
        ("F16", [("f", "16")]),
        ("cyberattack", [("cy", "berattack"), ("cyb", "erattack"), ("cybe", "rattack"), ("cyber", "attack")]),
        ("U.S.", [("us",)]),
        ("U.N.", [("un",)]),
        ("I.T.", []),
        ("нато", []),
        ("سوريا", []),
    ],
)
def test_a_word_may_consist_of_two(word: str, pairs: list[tuple[str, ...]]) -> None:
    assert spellings.parts(word) == pairs


def test_email_is_e_mail_but_enorme_not_e_norme() -> None:
    assert ("e", "mail") in spellings.parts("email")
    assert ("e", "norme") not in spellings.parts("enorme")
    assert ("may", "be") not in spellings.parts("maybe")


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
