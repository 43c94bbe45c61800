"""Each phrase of each language: gone where it is a block of its own, kept where a sentence says it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from crawler.boilerplate import phrases
from crawler.boilerplate.phrases import Phrase
from tests.support.patience import cpu_within

DATA = Path(__file__).with_name("phrases.yaml")
SENTENCES: dict[str, tuple[str, str, str]] = yaml.safe_load(DATA.read_text("utf-8"))
ARTICLES: dict[str, dict[str, list[str]]] = yaml.safe_load(DATA.with_name("articles.yaml").read_text("utf-8"))
LANGUAGES = sorted({phrase.language for phrase in phrases.listed()})
FOOTERS = {phrase.text for phrase in phrases.listed() if phrase.manner == "within"}
PROSE = [
    f"The {n} ferry left the harbour with forty passengers, and nobody on the quay could say when it would be back."
    for n in ("first", "second", "third", "fourth", "fifth", "sixth")
]


def of(language: str, *manners: str) -> list[Phrase]:
    return [p for p in phrases.listed() if p.language == language and (not manners or p.manner in manners)]


def left(*lines: str) -> list[str]:
    """What is left of lines at the end of an article."""
    kept, _ = phrases.drop([*PROSE, *lines])
    return kept[len(PROSE) :]


def test_there_are_phrases_of_each_language_that_is_promised() -> None:
    assert set(LANGUAGES) == set(SENTENCES)
    assert len(LANGUAGES) >= 80


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_that_is_a_block_of_its_own_goes(language: str) -> None:
    for phrase in of(language):
        if phrase.manner == "counted":
            continue
        for form in (
            phrase.text,
            f"» {phrase.text.upper()}:",
            f"{phrase.text} (3)" if phrase.manner == "alone" else "",
        ):
            assert left(form) in ([], [""]), (form, phrase)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_counted_goes_with_its_number_only(language: str) -> None:
    whole = {phrases.known_form(phrase.text) for phrase in phrases.listed() if phrase.manner != "counted"}
    for phrase in of(language, "counted"):
        assert left(f"{phrase.text}: 3") == left(f"1,204 {phrase.text}") == [], phrase
        assert (left(phrase.text) == []) == (phrases.known_form(phrase.text) in whole), phrase


@pytest.mark.parametrize("language", ARTICLES)
def test_an_article_keeps_its_sentences_only(language: str) -> None:
    headline = SENTENCES[language][2]
    article = {part: [text.format(headline) for text in texts] for part, texts in ARTICLES[language].items()}
    first, *others = article["prose"]
    between = article["between"]
    kept, _ = phrases.drop([*between, first, *between, *others, *between, *article["below"]])
    assert kept == article["prose"]


@pytest.mark.parametrize("line", ["ஆதாரம் இல்லாமல் கைது", "ಮೂಲೆ", "ಮೂಲಿಕೆ", "टेंगू"])
def test_words_that_differ_in_their_vowels_only_are_others(line: str) -> None:
    assert left(line) == [line]


@pytest.mark.parametrize("line", ["2. Share", "3) Comments", "3 minutes of silence", "12 comments were made"])
def test_a_number_before_other_words_is_none_of_a_phrase(line: str) -> None:
    assert left(line) == [line]


@pytest.mark.parametrize(
    "line", ["← Tram line four is late", "Station to be rebuilt »", "المقال التالي: عودة القطارات"]
)
def test_a_title_beside_an_arrow_goes_at_the_foot(line: str) -> None:
    assert left(line) == []
    assert phrases.drop([line, *PROSE])[0][0] == line or ":" in line


@pytest.mark.parametrize("line", ["«Wir bleiben», sagte sie", "« Nous restons », dit-elle »", "Up → down."])
def test_a_quotation_mark_is_no_arrow(line: str) -> None:
    assert left(line) == [line]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_label_goes_with_what_it_announces(language: str) -> None:
    headline = SENTENCES[language][2]
    for phrase in of(language, "label", "start"):
        assert left(f"{phrase.text}: {headline}") == [], phrase
        if phrase.manner == "start" or " " in phrase.text:
            assert left(f"{phrase.text} {headline}") == [], phrase


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_follows_an_end_goes_with_it(language: str) -> None:
    headline = SENTENCES[language][2]
    for phrase in of(language, "end"):
        assert left(phrase.text, headline, headline) == [], phrase
        assert phrases.drop([phrase.text, *PROSE])[0] == PROSE


def test_an_article_that_goes_on_below_links_goes_on() -> None:
    sentence = "The crew rested on the northern bank and came back in the morning."
    assert left("Read also", "Ferry sinks", sentence) == ["Ferry sinks", sentence]
    assert left("Read also", "Ferry sinks", "Bakers strike") == []
    assert left("Comments", "Nice boat!", sentence) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_with_the_same_words_stays(language: str) -> None:
    inside, goes_on, _ = SENTENCES[language]
    for phrase in of(language):
        said = inside.format(phrase.text)
        assert phrases.drop([said, *PROSE])[0] == [said, *PROSE], phrase
        if phrase.text not in FOOTERS:
            assert left(said) == [said], phrase
        begun = phrases.known(f"{phrase.text} {goes_on}")
        assert begun is None or begun.manner == "start", (phrase, begun)
        if phrase.manner != "start":
            assert begun is None or len(begun.text) <= len(phrase.text), (phrase, begun)


@pytest.mark.parametrize(
    ("paragraph", "kind"),
    [
        ("مَقالات ذات صِلة:", "related"),
        ("إقرأ ايضاً", "read also"),
        ("اقــــرأ أيضــاً | غارات على الريف", "read also"),
        ("DON’T MISS: The ferry is back", "read also"),
        ("A LIRE AUSSI : le reportage", "read also"),
        ("S’ABONNER", "subscription"),
        ("İLGİLİ HABERLER", "related"),
        ("ilgili haberler", "related"),
        ("Comments (12)", "comments"),
        ("12 Comments", "comments"),
        ("3 MIN. READ", "reading time"),
        ("مدة القراءة: ٣ دقائق", "reading time"),
        ("阅读时间：3分钟", "reading time"),
        ("1.204 Aufrufe", "counts"),
        ("Source: The Ministry of Health", "credit"),
        ("Fuente: Agencia", "credit"),
        ("Copyright 2024 The Paper", "copyright"),
        ("© 2024 The Paper. No part may be copied", "copyright"),
        ("Home | Print | Share | Comments", "share"),
        ("【发表评论】【关闭窗口】", "comments"),
    ],
)
def test_spelling_variants_are_the_same_phrase(paragraph: str, kind: str) -> None:
    phrase = phrases.known(paragraph)
    assert phrase is not None
    assert phrase.kind == kind


@pytest.mark.parametrize(
    "paragraph",
    [
        "Related companies said on Monday that they would not comment on the investigation.",
        "Share prices fell on Monday.",
        "More from the region’s farmers is expected next week, the ministry said.",
        "Copyright law was changed in the spring, and authors waited for the courts.",
        "Read-only memory was invented in a garage, and the garage is a museum now.",
        "Watch the video long enough and a second boat comes into view, the court was told.",
        "إعلان الحرب على الفساد كان أول وعود الحكومة الجديدة",
        "مشاركة واسعة في الانتخابات",
        "المصدر الذي تحدث إلى الصحيفة طلب عدم ذكر اسمه.",
        "تعليقات الوزير أثارت غضب النقابات في العاصمة",
        "Kommentare des Ministers sorgten in der Fraktion für Unruhe",
        "Partager cet article de foi ne va plus de soi, dit-il.",
        "Comments, he said, are free, but facts are sacred.",
    ],
)
def test_sentences_that_begin_like_a_phrase_stay(paragraph: str) -> None:
    assert left(paragraph) == [paragraph]


def test_lines_and_tails_of_a_paragraph_go_alone() -> None:
    kept, removed = phrases.drop(
        ["The boat is back.\nShare this article\nThe crew is well.", "船回来了。（责任编辑：王小明）"]
    )
    assert kept == ["The boat is back.\nThe crew is well.", "船回来了。"]
    assert [(r.text, r.reason.params) for r in removed] == [
        ("Share this article", {"kind": "share", "phrase": "share this article"}),
        ("（责任编辑：王小明）", {"kind": "author", "phrase": "责任编辑"}),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "For the latest news, follow us on Telegram",
        "للاطلاع على آخر الأخبار تابعونا على تلغرام",
        "Alle Berichte im Überblick: Folgen Sie uns auf Instagram!",
        "Pour ne rien manquer, suivez-nous sur Facebook",
        "Чтобы узнать больше, подписывайтесь на наш канал в Телеграм",
        "برای آخرین خبرها ما را در شبکه‌های اجتماعی و تلگرام دنبال کنید",
    ],
)
def test_a_line_that_asks_to_be_followed_goes_wherever_it_says_so(line: str) -> None:
    assert left(line) == []
    assert phrases.drop([line, *PROSE])[0] == [line, *PROSE] or phrases.known(line) is not None


def test_a_sentence_about_platforms_stays() -> None:
    line = "The ministry wrote on Telegram that nobody would follow us, and took the words back on Facebook."
    assert left(line) == [line]


@pytest.mark.parametrize(
    "line",
    [
        "كتب الصياد تابعونا على فيسبوك قبل أن يغرق قاربه في الميناء.",
        "The sailor shouted follow us on Facebook before his boat sank near the harbour.",
    ],
)
def test_a_sentence_that_goes_on_after_the_platform_stays(line: str) -> None:
    assert left(line) == [line]


def test_that_comments_are_moderated_is_said_at_the_foot_only() -> None:
    line = "Comments are moderated before they appear."
    assert left(line) == []
    assert phrases.drop([line, *PROSE])[0] == [line, *PROSE]


def test_a_prompt_is_known_as_a_footers_last_sentence_only() -> None:
    line = "Mira Tallow writes about ferries. Follow us on Facebook and on the radio."
    assert left(line) == []
    assert phrases.drop([line, *PROSE])[0] == [line, *PROSE]


@pytest.mark.parametrize(
    "text",
    [
        "read also " * 10_000, "|" * 100_000, "(" * 100_000, "©" * 100_000, ". " * 50_000, "\n" * 100_000,
        "share\n" * 15_000, "a: " * 30_000, "\u0301" * 100_000, "اقرأ" + "ـ" * 390,
    ],
)  # fmt: skip
def test_hostile_paragraphs_cost_milliseconds(text: str) -> None:
    with cpu_within(2):  # a tenth of it is enough; an expression that takes the square of that needs minutes
        phrases.drop([text, text[:399], text[:299], text[:199]])


@pytest.mark.parametrize(
    "line",
    [
        "Fehler gefunden haben die Prüfer in keinem der Berichte.",
        "Transparenzhinweise verlangt das Gesetz seit dem Frühjahr von allen Anbietern.",
        "Transparenzhinweis hin oder her, sagte die Richterin, das Urteil bleibe bestehen.",
        "제보는 경찰에 접수된 지 사흘 만에 사실로 확인됐다.",
    ],
    ids=["de", "de-plural", "de-saying", "ko"],
)
def test_a_sentence_that_begins_like_a_notice_stays(line: str) -> None:
    assert left(line) == [line]


@pytest.mark.parametrize("line", ["Fehler gefunden?", "Fehler gefunden? Jetzt melden.", "Transparenzhinweis"])
def test_a_notice_below_the_text_goes(line: str) -> None:
    assert left(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "هل كان هذا المقال مفيداً؟",
        "الآراء الواردة في هذا المقال لا تعبر عن رأي الصحيفة.",
        "انقر هنا للاشتراك في النشرة",
        "این مطلب نظر نویسنده است و لزوماً دیدگاه رسانه نیست",
        "Bu içerik size yardımcı oldu mu?",
        "Cet article vous a-t-il été utile ?",
        "Une erreur à signaler ?",
        "Las opiniones expresadas son responsabilidad del autor.",
        "Haben Sie einen Fehler gefunden?",
        "Нашли опечатку? Выделите текст и нажмите Ctrl+Enter",
        "При использовании материалов ссылка на источник обязательна",
        "Foutje gezien? Mail de redactie.",
        "声明：本文仅代表作者个人观点，与本网无关。",
        "本文来源：山城日报",
        "この記事は役に立ちましたか？",
        "이 기사가 도움이 되었나요?",
        "Was this article helpful?",
        "Advertisement - scroll to continue",
    ],
)
def test_questions_about_the_page_and_whose_opinion_it_is_go(line: str) -> None:
    assert left(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "Использование материалов из дерева позволило удешевить мост.",
        "يمنع نشر الصور داخل القاعة، قال القاضي أمام الصحفيين.",
        "Ha encontrado un error de cálculo en el presupuesto, dijo la alcaldesa.",
        "Found an error of two metres in the plans, the engineers said.",
        "Заметили ошибку в расчётах только через год, сообщили инженеры.",
    ],
)
def test_a_sentence_that_begins_like_such_a_question_stays(line: str) -> None:
    assert left(line) == [line]
