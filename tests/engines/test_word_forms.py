"""Words with joined particles, written together or apart, or with quotes inside: the same on both engines."""

from __future__ import annotations

import pytest

from index.engines import Engine
from index.search.query_language import parse
from tests.engines.conftest import fill
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
    "c1": ("ar", "زار الوزير سوريا مساء."),
    "c2": ("ar", "زار الوزير سورية مساء."),
    "c3": ("ar", "عاد من ليبيا وبسورية أصدقاؤه."),
    "c4": ("ar", "الخارجية الأمريكية تنفي."),
    "c5": ("ar", "الخارجية الأميركية تؤكد."),
    "h6": ("he", "הממשלה אישרה את התקציב."),
    "h7": ("he", "בכיר בממשלה אמר שהתקציב אושר."),
    "h8": ("he", "הוא נסע לירושלים לקראת הבחירות."),
    "h9": ("he", "העם ביקש חירות."),
    "h10": ("he", "ראש הרשות כינס את משרדי הסיוע וארגוניהם."),
    "h11": ("he", "הארגון פתח משרד חדש בנמל."),
    "h12": ("he", "נתניהו שב אחרי הצהריים."),
    "h13": ("he", "עיריית נתניה סגרה את הגשר."),
    "e1": ("en", "The U.S. sent aid."),
    "e2": ("en", "The US sent ships."),
    "e3": ("en", "The USA sent planes."),
    "e4": ("en", "NATO met over e-mail and the wi-fi in trains."),
    "e5": ("en", "N.A.T.O. banned email, wifi and wi fi."),
    "e6": ("en", "Covid-19 returned."),
    "e7": ("en", "COVID19 returned."),
    "i1": ("hi", "सड़क पर हिन्दी में लिखा ज़रूरी संदेश।"),
    "i2": ("hi", "सडक पर हिंदी में लिखा जरूरी सन्देश।"),
    "z1": ("zh", "臺灣總統發表講話。"),
    "z2": ("zh", "台湾总统发表讲话。"),
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
    "سوريا": "c1 c2 c3",
    "سورية": "c1 c2 c3",
    "لسوريا": "c1 c2 c3",
    "ليبية": "c3",
    "أمريكية": "c4 c5",
    '"الخارجية الأميركية"': "c4 c5",
    "ממשלה": "h6 h7",
    "הממשלה": "h6 h7",
    "תקציב": "h6 h7",
    "ירושלים": "h8",
    "מירושלים": "h8",
    "בחירות": "h8",
    "חירות": "h9",
    "משרד": "h10 h11",
    "משרדיהם": "h10 h11",
    "ארגונים": "h10 h11",
    "נתניה": "h13",
    "נתניהו": "h12",
    "עירייה": "h4 h13",
    "U.S.": "e1 e2 e3",
    "US": "e1 e2 e3",
    "USA": "e1 e3",
    "NATO": "e4 e5",
    "N.A.T.O.": "e4 e5",
    "wi-fi": "e4 e5",
    "wifi": "e4 e5",
    "wi fi": "e4 e5",
    "e-mails": "e4 e5",
    "email": "e4 e5",
    "covid-19": "e6 e7",
    "covid19": "e6 e7",
    "covid 19": "e6 e7",
    "सड़क": "i1 i2",
    "सडक": "i1 i2",
    "हिन्दी": "i1 i2",
    '"हिंदी में"': "i1 i2",
    "ज़रूरी संदेश": "i1 i2",
    "台湾": "z1 z2",
    "總統": "z1 z2",
}


@pytest.fixture(scope="module")
def found(lasting: Engine) -> Engine:
    return fill(lasting, [document(id_, "خبر", text, language=language) for id_, (language, text) in TEXTS.items()])


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
        ("משרד", {"h11"}, {"h10"}),
    ],
)
def test_the_form_that_is_asked_for_comes_first(found: Engine, query: str, first: set[str], before: set[str]) -> None:
    ranked = [m.id for m in found.search(parse(query, sort="relevance")).matches]
    assert set(ranked[: len(first)]) == first
    assert ranked.index(next(iter(first))) < ranked.index(next(iter(before)))
