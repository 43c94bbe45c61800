"""Words with joined particles, written together or apart, or with quotes inside: the same on both engines."""

from __future__ import annotations

import pytest

from index.engines import Engine
from index.engines.base import new_target
from index.search.query_language import parse
from tests.engines.corpus import document

ZWNJ = "\u200c"
TEXTS = {  # id: language and text
    "a1": ("ar", "اجتمع الأهالي أمس وبالحكومة المحلية شاكين من تأخر العمل."),
    "a2": ("ar", "وصلت المساعدات وللبلديات دور في ذلك."),
    "a3": ("ar", "يبدأ العمل فبالطرق الرئيسية أولا كالمدارس التي رممت."),
    "a4": ("ar", "طلب النواب لحكومة جديدة وقتا أطول."),
    "a5": ("ar", "انتقدوا حكومتها وحكومتهم في البيان."),
    "a6": ("ar", "عقدت الحكومة جلسة."),
    "a7": ("ar", "عقدت حكومة تصريف الأعمال جلسة."),
    "a8": ("ar", "قدم التقرير للجنة المالية."),
    "a9": ("ar", "صدر كتاب عن بلاد بعيدة."),
    "a10": ("ar", "سافر الوفد إلى واشنطن."),
    "a11": ("ar", "أقام المهرجان بواشنطن ثلاثة أيام."),
    "a12": ("ar", "اجتمعوا بوهران وببغداد."),
    "a13": ("ar", "وصلوا إلى وهران وبغداد."),
    "a14": ("ar", "عاد الرئيس لولاية ثانية."),
    "a15": ("ar", "انتهت ولاية الرئيس."),
    "p1": ("fa", f"او هر روز به مدرسه می{ZWNJ}رود و کتاب{ZWNJ}ها را می{ZWNJ}خواند."),
    "p2": ("fa", "او هر روز به مدرسه می رود و کتاب ها را می خواند."),
    "p3": ("fa", "او هر روز به مدرسه میرود و کتابها را میخواند."),
    "h1": ("he", 'דובר צה"ל הודיע הבוקר.'),
    "h2": ("he", "דובר צה״ל הודיע הבוקר."),
    "h3": ("he", "דובר צהל הודיע הבוקר."),
    "h4": ("he", "העירייה הודיעה הבוקר."),
    "h5": ("he", 'חיילים שירתו בצה"ל שנתיים.'),
    "p4": ("fa", "نرم افزار تازه آمد."),
    "p5": ("fa", f"نرم{ZWNJ}افزار تازه آمد."),
    "p6": ("fa", "نرمافزار تازه آمد."),
}
QUERIES = {
    "الحكومة": "a1 a4 a5 a6 a7",
    "حكومة": "a1 a4 a5 a6 a7",
    "بالحكومة": "a1 a4 a5 a6 a7",
    "لحكومة": "a1 a4 a5 a6 a7",
    "للبلديات": "a2",
    "بلديات": "a2",
    "بالطرق": "a3",
    "طرق": "a3",
    "المدارس": "a3",
    "مدارس": "a3",
    "لجنة": "a8",
    "واشنطن": "a10 a11",
    "وبواشنطن": "a10 a11",
    "لواشنطن": "a10 a11",
    "بوهران": "a12 a13",
    "وهران": "a12 a13",
    "بغداد": "a12 a13",
    "فلبغداد": "a12 a13",
    "ولاية": "a14 a15",
    "وبولاية": "a14 a15",
    "تاب": "",
    "لاد": "",
    "جلسة -حكومة": "",
    f"می{ZWNJ}رود": "p1 p2 p3",
    "می رود": "p1 p2 p3",
    "میرود": "p1 p2 p3",
    f"کتاب{ZWNJ}ها": "p1 p2 p3",
    "کتاب ها": "p1 p2 p3",
    "کتابها": "a9 p1 p2 p3",  # in Arabic, her book
    f'"کتاب{ZWNJ}ها را"': "p1 p2 p3",
    "کتاب": "a9 p1 p2 p3",
    "نرم افزار": "p4 p5 p6",
    f"نرم{ZWNJ}افزار": "p4 p5 p6",
    "نرمافزار": "p4 p5 p6",
    'צה"ל': "h1 h2 h3 h5",
    "צה״ל": "h1 h2 h3 h5",
    "צהל": "h1 h2 h3",
    'הודיע -צה"ל': "",
    '"דובר צה"ל"': "h1 h2 h3",
    'הבוקר -צה"ל': "h4",
}


@pytest.fixture
def found(engine: Engine) -> Engine:
    target = new_target(engine.prefix)
    engine.create(target)
    documents = [document(id_, "خبر", text, language=language) for id_, (language, text) in TEXTS.items()]
    assert engine.bulk(target, documents, []) == {}
    engine.activate(target)
    return engine


def test_a_word_is_found_in_each_of_its_forms(found: Engine) -> None:
    results = {query: {m.id for m in found.search(parse(query)).matches} for query in QUERIES}
    assert results == {query: set(ids.split()) for query, ids in QUERIES.items()}
    assert all(not parse(query).problems for query in QUERIES)


@pytest.mark.parametrize(
    ("query", "first", "before"),
    [
        ("حكومة", {"a7"}, {"a4"}),
        ("الحكومة", {"a6"}, {"a4"}),
        ("لحكومة", {"a4"}, {"a1"}),
        ("واشنطن", {"a10"}, {"a11"}),
        ("بواشنطن", {"a11"}, {"a10"}),
        ("بوهران", {"a12"}, {"a13"}),
        ("ولاية", {"a15"}, {"a14"}),
        ("لولاية", {"a14"}, {"a15"}),
    ],
)
def test_the_form_that_is_asked_for_comes_first(found: Engine, query: str, first: set[str], before: set[str]) -> None:
    ranked = [m.id for m in found.search(parse(query, sort="relevance")).matches]
    assert set(ranked[: len(first)]) == first
    assert ranked.index(next(iter(first))) < ranked.index(next(iter(before)))
