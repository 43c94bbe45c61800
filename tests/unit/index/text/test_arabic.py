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
    "ديون": "بديون لديون",
    "لحكومة": "حكومة الحكومة بالحكومة حكومتها بحكومة",
    "وبحكومة": "حكومة الحكومة بالحكومة حكومتها بحكومة ولحكومة فلحكومة",
    "الوزارة": "وزارته وزارتها ووزارته",
    "وفد": "وفدها بوفد لوفدهم",
    "للاعب": "لاعب اللاعب للاعبين وللاعبين",
    "لولاية": "ولاية ولايات الولاية بولاية",
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


NOUNS = """وزير وزارة وطن وكالة ولد وهران واشنطن وحدة ولاية وفد وفاة وثيقة وظيفة وسيط وعد وعود وقت وقود وجود
    ورشة وباء وزن وصول وضع ولاء ولادة واقع واجب وارسو واتساب وكيل وليد وائل وصية
    بلد بيت بغداد بنك باريس بيروت بيان برلمان بريطانيا بحر كتاب كويت كلية كاتب كنيسة كهرباء كوريا كردستان كندا كركوك
    فرنسا فريق فلسطين فيلم فساد فندق فيروس فرصة لبنان ليبيا لجنة لندن لقاء لاعب
    سنة قوة خطة قوات نهاية حماية محكمة دمشق سوريا"""  # most begin with a letter that may be a particle
PARTICLES = ["ب", "ل", "ك", "ف", "وب", "ول", "وك", "فب", "فل", "فك"]


@pytest.mark.parametrize("particle", PARTICLES)
def test_a_particle_comes_before_any_letter(particle: str) -> None:
    joined = [(word, particle + word) for word in NOUNS.split()]
    assert [form for word, form in joined if not found(word, form)] == []
    assert [form for word, form in joined if not found(form, word)] == []
    assert [form for word, form in joined if not found(form, f"ال{word}")] == []
    assert [form for word, form in joined if not found(f"ال{word}", form)] == []


@pytest.mark.parametrize("word", [*"وبلكفا", "ود", "بو", "ول", "وب", "لل", "فب", "ال"])
def test_the_shortest_words_are_asked_for_as_they_are(word: str) -> None:
    assert arabic.stem(fold(word)) in arabic.variants(fold(word))
    assert arabic.exact_forms(fold(word)) == ()


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("تاب", "كتاب"), ("كتاب", "تاب"), ("حوث", "بحوث"), ("لاد", "بلاد"), ("سان", "لسان"), ("لسان", "سان"),
        ("ريق", "فريق"), ("يد", "بيد"), ("حر", "بحر"), ("رد", "برد"), ("جنة", "لجنة"), ("كلام", "لام"), ("ساد", "فساد"),
        ("آلة", "وكالة"), ("وكالة", "آلة"), ("ولاية", "اية"), ("وليد", "يد"), ("ولادة", "ادة"), ("وبرلين", "رلين"),
        ("كرة", "فكرة"), ("لكرة", "فكرة"), ("وكتاب", "تاب"), ("وبلاد", "لاد"), ("فلسطين", "لسطين"), ("كتبت", "التبت"),
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


def test_names_of_countries_have_two_endings() -> None:
    assert {"سوريا", "لسوريا", "وبسوريا"} <= set(arabic.exact_forms(fold("سورية")))
    assert "ليبيه" in arabic.exact_forms(fold("ليبيا"))
    assert "دنيه" not in arabic.exact_forms(fold("دنيا"))
