"""What a text shows of its language, and when what is declared counts."""

from __future__ import annotations

import pytest

from crawler.extract.language_detection import language, normal

TEXTS = {
    "ar": "أعلنت وزارة الصحة اليوم تسجيل حالات جديدة في عدة محافظات، داعية المواطنين إلى الالتزام بالتعليمات.",
    "fa": "وزیر امور خارجه ایران در گفت‌وگو با خبرنگاران گفت که مذاکرات هفته آینده در تهران برگزار می‌شود.",
    "ur": "وزیر اعظم نے کہا ہے کہ حکومت عوام کی فلاح و بہبود کے لیے ہر ممکن اقدام کرے گی اور مہنگائی پر قابو پائے گی۔",
    "ckb": "سەرۆکی حکوومەتی هەرێمی کوردستان ڕایگەیاند کە کۆبوونەوەکە سەبارەت بە بودجە ئەنجام دراوە و بڕیار درا.",
    "ps": "د افغانستان د بهرنیو چارو وزارت ویلي چې دوی به د ګاونډیو هېوادونو سره خپلې اړیکې ښې کړي.",
    "en": "The government announced on Wednesday that it would raise the minimum wage for the second time this year.",
    "ru": "Правительство утвердило новый порядок выплат, сообщила пресс-служба кабинета министров в среду вечером.",
    "fr": "Le gouvernement a annoncé mercredi une réforme très attendue par les élus de la région parisienne.",
    "zh": "中国外交部发言人星期三在例行记者会上表示，双方将继续就有关问题保持沟通，推动两国关系健康稳定向前发展。",
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_beats_what_is_declared(name: str) -> None:
    declared = "en" if name != "en" else "ar"
    assert language(TEXTS[name], (declared,)) == (name, "detected")


def test_a_region_that_agrees_is_kept() -> None:
    assert language(TEXTS["ar"], ("en_US", "ar_SY")) == ("ar-SY", "detected")


def test_too_little_text_shows_nothing() -> None:
    assert language("عاجل: انفجار", ("fa", "ar")) == ("fa", "declared")
    assert language("Breaking", ("ar", "de")) == ("de", "declared")
    assert language("", ()) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [("ar_SY", "ar-SY"), ("EN-us", "en-US"), ("zh-hans-cn", "zh-Hans-CN"), ("arabic!", ""), (None, "")],
)
def test_tags_are_written_as_bcp_47_does(said: str | None, expected: str) -> None:
    assert normal(said) == expected


@pytest.mark.parametrize(
    ("text", "declared", "wanted"),
    [
        ("وزير الخارجية يصل إلى بغداد", "fa", "ar"),
        ("عاجل: هزة أرضية تضرب دمشق", "en", "ar"),
        ("دولت لایحه بودجه را به مجلس داد", "ar", "fa"),
        ("پاکستان میں بارش", "ar", "ur"),
        ("وزیر اعظم نے کابینہ کا اجلاس طلب کر لیا", "fa", "ur"),
        ("سەرۆکی هەرێم لەگەڵ وەزیر کۆبوویەوە", "ar", "ckb"),
        ("گزارش هواشناسی", "ar", "fa"),
        ("زلزله تهران را لرزاند", "fa", "fa"),  # no letter tells
        ("خبر عاجل", "ar", "ar"),
    ],
)
def test_short_texts_in_arabic_script(text: str, declared: str, wanted: str) -> None:
    found = language(text, (declared,))
    assert found is not None
    assert found[0] == wanted
