"""Hebrew words with the particles and endings that are joined to them."""

from __future__ import annotations

import pytest

from index.text import hebrew


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ממשלה", "הממשלה בממשלה ולממשלה שהממשלה מהממשלה וכשבממשלה"),
        ("בממשלה", "ממשלה הממשלה לממשלה"),
        ("ירושלים", "בירושלים מירושלים"),
        ("ושבבחירות", "בחירות הבחירות"),
        ("שר", "השר ושר"),
    ],
)
def test_a_word_with_other_particles_and_without(asked: str, found: str) -> None:
    assert set(found.split()) <= set(hebrew.forms(asked))


@pytest.mark.parametrize(
    ("asked", "others"),
    [
        ("חירות", "בחירות ובחירות"),
        ("בחירות", "חירות לחירות"),
        ("כתב", "מכתב שמכתב"),
        ("משטרה", "שטרה"),
        ("שר", "בשר כשר"),
    ],
)
def test_the_first_letter_of_a_known_word_is_no_particle(asked: str, others: str) -> None:
    assert set(others.split()).isdisjoint(hebrew.forms(asked))


TOGETHER = {
    "in ה": "ממשלה ממשלת ממשלות ממשלתו ממשלתם ממשלתנו ממשלותיהם",
    "of others": "משרד משרדים משרדי משרדו משרדיו משרדיהם משרדנו",
    "with a last letter of two forms": "ארגון ארגונים ארגוני ארגונו ארגוניהם",
    "masculine in ות": "פתרון פתרונות פתרונותיו",
}


@pytest.mark.parametrize("words", TOGETHER.values(), ids=TOGETHER)
def test_a_noun_with_each_of_its_endings_finds_the_others(words: str) -> None:
    for asked in words.split():
        for found in words.split():
            assert found == asked or {found, f"ל{found}", f"וב{found}"} <= set(hebrew.forms(asked)), (asked, found)


@pytest.mark.parametrize(
    ("asked", "others"),
    [
        ("נתניהו", "נתניה לנתניה"),
        ("נתניה", "נתניהו נתנית"),
        ("אחר", "אחרי לאחרי"),
        ("ערב", "ערבים ערבי"),
        ("ספר", "ספרה בספרה"),
        ("חבר", "חברות לחברות"),  # of חברה
        ("ממשל", "ממשלה ממשלת"),
        ("סוריה", "סורית"),
        ("חירות", "בחירותיו"),
        ("כתב", "מכתבים מכתבו"),
    ],
)
def test_an_ending_of_another_word_is_none_of_this(asked: str, others: str) -> None:
    assert set(others.split()).isdisjoint(hebrew.forms(asked))


def test_the_forms_of_a_word_are_bounded() -> None:
    assert max(len(hebrew.forms(word)) for word in ("ושכשבממשלותיהם", "ו" * 60, "ה" * 3 + "פתרונותיהם")) < 5_000


def test_other_scripts_have_none() -> None:
    assert hebrew.forms("hello") == hebrew.forms("") == hebrew.forms("سلام") == ()
