"""Fold, words, stems, stop words."""

from __future__ import annotations

import random
import re
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text.analysis import (
    CHAINS,
    Stems,
    _stems,
    fold,
    language_of,
    lower,
    stem_rows,
    stems,
    stop_words,
    tokens,
    words,
    words_as_composed,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LETTERS = st.text(st.sampled_from("اأإآبتةهىيئؤءوكکیَّـ ١۲3éÉßøİIıŁя́йёΣς北京カ정부हिन्दी\u200c\u200f.-'"), max_size=40)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("أُغلقت المدرسةُ", "اغلقت المدرسه"),
        ("مســـتشفى", "مستشفي"),
        ("مسؤول مسئول", "مسءول مسءول"),
        ("أعضاؤها أعضائها أعضاءها", "اعضاءها اعضاءها اعضاءها"),
        ("١٢٣ ۴۵۶ 789", "123 456 789"),
        ("ایران کشور", "ايران كشور"),
        ("ڤيديو", "فيديو"),
        ("ﻻ ﷲ", "لا الله"),
        ("\u200fنص\u200e عربي\ufeff", "نص عربي"),
        ("Élection ŒUVRE Straße", "election oeuvre strasse"),
        ("İstanbul ISPARTA ısı Łódź Ørsted", "istanbul isparta isi lodz orsted"),
        ("ΌΣΟΣ όσος", "οσοσ οσοσ"),
        ("Ёлка Йод й", "елка йод й"),
        ("ｆｕｌｌ ②", "full 2"),
        ("हिन्दी ไทย", "हिन्दी ไทย"),
        ("ज़मीन सड़क \u0934 चाँद", "जमीन सडक ळ चांद"),
        ("臺灣總統發表講話", "台湾总统发表讲话"),
        ("שָׁלוֹם", "שלום"),
        ("e\u0301te\u0301", "ete"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_fold(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.one_of(TEXT, LETTERS))
def test_fold_is_idempotent_and_indifferent_to_composition(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(unicodedata.normalize("NFC", text)) == words(text)


@given(st.one_of(TEXT, LETTERS))
def test_fold_and_lower_part_words_alike(text: str) -> None:
    assert fold(lower(text)) == fold(text)
    for language in CHAINS:
        assert len(stems(text, language)) == len(words(text))


@given(st.one_of(TEXT, LETTERS).map(lambda text: unicodedata.normalize("NFC", text)))
def test_tokens_are_the_words_with_their_places(text: str) -> None:
    found = tokens(text)
    assert [token.text for token in found] == words(text)
    for token in found:
        assert 0 <= token.start < token.end <= len(text)
        assert token.text in fold(text[token.start : token.end])
    assert all(a.start <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("قَالَ: «المعاركُ» انتهتْ.", ["قَالَ", "المعاركُ", "انتهتْ"]),
        ("#العدالة_لغزة", ["العدالة", "لغزة"]),
        ("covid-19, it's 3.5%", ["covid", "19", "it", "s", "3", "5"]),
        ("می‌رود", ["می", "رود"]),
        ("北京大学 東京", ["北", "京", "大", "学", "東", "京"]),
        ("정부는", ["정", "부", "는"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("مـــا", ["مـــا"]),
        ("👩🏽‍🚀 ok 🇸🇾", ["ok"]),
        ("", []),
        ("…!؟،", []),
    ],
)
def test_tokens_stand_in_the_text_as_it_was_written(text: str, pieces: list[str]) -> None:
    assert [text[token.start : token.end] for token in tokens(text)] == pieces


def test_a_word_without_end_is_cut() -> None:
    assert [len(word) for word in words("ب" * 300)] == [128, 128, 44]


# What is indexed: where one of these changes, by us or by a new release of the stemmers, raise MAPPING_VERSION, so that
# indexes are rebuilt.
STEMS = {
    "ar": ("المعارك والمقاتلون البوكمال مدرسة المدارس", "معارك مقاتل بوكمال مدرس مدارس"),
    "ca": ("eleccions elecció", "elec elec"),
    "cs": ("volby volebních", "volb volebn"),
    "da": ("husene regeringen", "hus regering"),
    "de": ("Häuser Universitäten Straße", "haus universitat strass"),
    "el": ("εκλογές εκλογών", "εκλογ εκλογ"),
    "en": ("elections universities organization organ fighting", "elect universiti organiz organ fight"),
    "es": ("elecciones elección", "eleccion eleccion"),
    "fi": ("talossa kylässä", "talo kyla"),
    "fr": ("élections chevaux l'État", "elect cheval l etat"),
    "hi": ("चुनाव चुनावों सरकारें", "चुनाव चुनाव सरकार"),
    "hu": ("házakban", "haz"),
    "hy": ("ընտրությունների", "ընտր"),
    "id": ("pemilihan dipilih", "pilih pilih"),
    "it": ("elezioni", "elezion"),
    "nl": ("verkiezingen", "verkies"),
    "no": ("valgene", "valg"),
    "pt": ("eleições eleição", "eleico eleica"),
    "ro": ("alegerile", "aleger"),
    "ru": ("выборы выборов", "выбор выбор"),
    "sv": ("valen regeringen", "val regering"),
    "tr": ("ISPARTA İstanbul'da seçimler", "ispar istanbul da secim"),
}


@pytest.mark.parametrize("language", CHAINS)
def test_stems_stay_as_they_are_indexed(language: str) -> None:
    text, expected = STEMS[language]
    assert stems(text, language) == [f"{language}:{stem}" for stem in expected.split()]


def test_threads_do_not_mix_their_words() -> None:
    ends = ("ational", "fulness", "izing")
    texts = [" ".join(f"{begin}{n}{end}" for n in range(99) for end in ends) for begin in "abcd"]
    expected = [stems(text, "en") for text in texts]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        _stems("en").clear()
        with ThreadPoolExecutor(len(texts)) as pool:
            assert list(pool.map(lambda text: stems(text, "en"), texts)) == expected
    finally:
        sys.setswitchinterval(interval)


@given(st.one_of(TEXT, LETTERS), st.sampled_from(sorted(CHAINS)))
def test_stems_that_are_looked_at_are_those_of_the_text(text: str, language: str) -> None:
    text = unicodedata.normalize("NFC", text)
    expected = stems(text, language)
    found = Stems(text, words_as_composed(text), language)
    assert list(found) == list(found[:]) == expected
    for stem in expected:
        assert list(found.places_of(stem)) == [i for i, other in enumerate(expected) if other == stem]


@pytest.mark.parametrize("language", [language for language, chain in CHAINS.items() if chain.suffixes])
def test_a_stem_is_looked_for_among_the_words_that_can_have_it(language: str) -> None:
    """On words of every length, in the letters of the language and with the endings of its own words."""
    chance, script = random.Random(language), CHAINS[language].script
    letters = [c for c in lower("".join(map(chr, range(0x61, 0x970)))) if re.match(f"[{script}]", c) and c.isalpha()]
    ends = [word[at:] for word in lower(STEMS[language][0]).split() for at in range(len(word))]
    text = " ".join("".join(chance.choices(letters, k=n % 9 + 1)) + chance.choice(ends) for n in range(2_000))
    expected = stems(text, language)
    found = Stems(text, words_as_composed(text), language)
    for i, stem in enumerate(expected):
        assert i in found.places_of(stem)


def test_a_language_without_a_chain_has_no_stems() -> None:
    assert stems("می‌رود", "fa") == []
    assert stems("北京", "zh") == []
    assert all(language not in CHAINS for language in ("fa", "ur", "ku", "ckb", "he", "uk", "pl", "ja", "ko"))
    assert stems("word", "") == []


def test_a_query_goes_through_the_chains_of_its_letters() -> None:
    assert {row[0].partition(":")[0] for row in stem_rows("معارك")} == {"ar"}
    assert {row[0].partition(":")[0] for row in stem_rows("выбор")} == {"ru"}
    assert "ar" not in {row[0].partition(":")[0] for row in stem_rows("war")}
    assert stem_rows("2024") == []
    assert stem_rows("北京") == []


def test_a_word_that_begins_with_waw_is_asked_for_with_and_without_it() -> None:
    assert set(stem_rows("وزير")) == set(stem_rows("الوزير")) == {("ar:زير",), ("ar:وزير",)}
    assert ("ar:وزير", "ar:خارج") in stem_rows("وزير الخارجية")
    assert len(stem_rows(" ".join(["وزير"] * 20))) <= 9


@pytest.mark.parametrize(
    ("tag", "language"),
    [("ar", "ar"), ("ar-SY", "ar"), ("AR", "ar"), ("pt_BR", "pt"), ("nb-NO", "no"), ("nn", "no"), (None, ""), ("", "")],
)
def test_language_of(tag: str | None, language: str) -> None:
    assert language_of(tag) == language


def test_stop_words_are_folded_words() -> None:
    for language, stops in stop_words().items():
        assert stops
        assert all(words(stop) == [stop] for stop in stops), language
    assert {"في", "وفي", "الي", "لكن"} <= stop_words()["ar"]
