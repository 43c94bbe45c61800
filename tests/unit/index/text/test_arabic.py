"""Arabic stems, and the forms under which a query looks for a word."""

from __future__ import annotations

import pytest

from index.text import arabic
from index.text.analysis import fold

STEMS = {  # words with one stem
    "حكومة": "الحكومة وبالحكومة للحكومة وللحكومة فبالحكومة كالحكومة حكومتها حكومتهم حكومتنا حكومات حكوماتهم وحكومتها",
    "بلديات": "للبلديات وللبلديات بالبلديات وبالبلديات فللبلديات",
    "طرق": "الطرق فبالطرق وبالطرق بالطرق طرقها",
    "مدارس": "كالمدارس المدارس للمدارس وكالمدارس مدارسها مدارسهم مدارسه",
    "مدينة": "المدينة مدينتها مدينتهم مدينته مدينتنا",
    "وكالة": "وكالات الوكالات وكالاتها",
    "مساهم": "المساهم مساهمين مساهمات",
    "دولار": "الدولار دولارا دولارات",
}


@pytest.mark.parametrize("word", STEMS)
def test_particles_and_pronouns_leave_one_stem(word: str) -> None:
    asked = set(arabic.query_stems(fold(word)))
    for other in STEMS[word].split():
        assert asked & set(arabic.query_stems(fold(other))), other


VARIANTS = {  # words that are asked for beside the stem
    "حكومة": "لحكومة بحكومة كحكومة فحكومة وبحكومة ولحكومة فلحكومة لحكومتها حكومته",
    "وزير": "لوزير بوزير ووزير وزيرهم",
    "بيت": "بيتهم لبيت ببيت",
    "لجنة": "للجنة وللجنة بلجنة لجنته",
    "قوات": "لقوات بقوات ولقوات قواته",
    "قوة": "بقوة قوتها قوته",
    "مليون": "مليونا",
    "لحكومة": "حكومة الحكومة بالحكومة حكومتها بحكومة",
    "للغة": "لغة اللغة لغات",
}


def found(asked: str, there: str) -> bool:
    """Whether a query for one word finds another."""
    query, word = fold(asked), fold(there)
    stems = {*arabic.query_stems(query), *arabic.variants(query)}
    return arabic.stem(word) in stems or word in arabic.exact_forms(query)


@pytest.mark.parametrize("word", VARIANTS)
def test_single_letters_before_a_word_are_guessed(word: str) -> None:
    assert [other for other in VARIANTS[word].split() if not found(word, other)] == []


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("تاب", "كتاب"), ("كتاب", "تاب"), ("حوث", "بحوث"), ("لاد", "بلاد"), ("سان", "لسان"), ("لسان", "سان"),
        ("ريق", "فريق"), ("يد", "بيد"), ("حر", "بحر"), ("رد", "برد"), ("جنة", "لجنة"), ("كلام", "لام"), ("ساد", "فساد"),
        ("تحت", "فتحت"), ("التبت", "كتبت"), ("سرت", "كسرت"), ("لهم", "كلهم"), ("قدوا", "فقدوا"), ("همنا", "فهمنا"),
    ],
)  # fmt: skip
def test_a_letter_of_its_own_is_no_particle(asked: str, there: str) -> None:
    assert not found(asked, there)


@pytest.mark.parametrize("word", ["و", "ال", "ها", "وال", "الا", "في", "على", "لل", "ان", "هم", "مهم", "ته", "وبال"])
def test_two_letters_are_left(word: str) -> None:
    assert len(arabic.stem(fold(word))) >= min(2, len(word))


def test_every_variant_contains_the_shortest_form() -> None:
    for word in (fold(word) for words in (*STEMS.values(), *VARIANTS.values()) for word in words.split()):
        forms = arabic.variants(word)
        assert all(min(forms, key=len) in form for form in forms), word
