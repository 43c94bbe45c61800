"""What can be wrong with a query, as sentences: a key, and what is said in English and in Arabic.

Each says what was done all the same, for the nearest meaning of the query is searched.
"""

from __future__ import annotations

from collections.abc import Mapping

from index.model.query import MAX_QUERY_CHARACTERS, Problem
from index.search.query_language.limits import (
    MAX_DEPTH,
    MAX_EDITS,
    MAX_GAP,
    MAX_PATTERNS,
    MAX_TERMS,
    MIN_FUZZY,
    MIN_PREFIX,
)

# {given} is what stands at the place. The Arabic sentences put it between signs of isolation (UAX 9), for it may run
# the other way.
SENTENCES: Mapping[str, Mapping[str, str]] = {
    "too_long": {
        "en": f"A query has at most {MAX_QUERY_CHARACTERS} characters: the rest was left out.",
        "ar": f"لا يزيد البحث على {MAX_QUERY_CHARACTERS} حرف: أُهمل ما بعدها.",
    },
    "too_many_words": {
        "en": f"A query has at most {MAX_TERMS} words: those from here on were left out.",
        "ar": f"لا يزيد البحث على {MAX_TERMS} كلمة: أُهمل ما يبدأ من هنا.",
    },
    "too_many_patterns": {
        "en": f"At most {MAX_PATTERNS} words may end with * or ~: this one was searched as it stands.",
        "ar": f"لا تنتهي بعلامة * أو ~ أكثر من {MAX_PATTERNS} كلمات: بُحث عن هذه كما هي.",
    },
    "too_deep": {
        "en": f"At most {MAX_DEPTH} groups stand within each other: these brackets were passed over.",
        "ar": f"لا تتداخل الأقواس أكثر من {MAX_DEPTH} مرات: أُهملت هذه.",
    },
    "unclosed_quote": {
        "en": "The quote {given} is not closed: everything after it was taken for the phrase.",
        "ar": "علامة التنصيص {given} لم تُغلق: عُدّ كل ما بعدها عبارة واحدة.",
    },
    "unclosed_group": {
        "en": "This ( is not closed: the group goes to the end.",
        "ar": "هذا القوس ( لم يُغلق: امتدت المجموعة إلى آخر البحث.",
    },
    "unopened_group": {
        "en": "There is no ( for this ): it was passed over.",
        "ar": "لا قوس ( لهذا القوس ): أُهمل.",
    },
    "lonely_or": {
        "en": "OR needs a word on both sides: it was passed over.",
        "ar": "تحتاج OR إلى كلمة قبلها وكلمة بعدها: أُهملت.",
    },
    "lonely_field": {
        "en": "{given} needs a word right after it: it was passed over.",
        "ar": "تحتاج {given} إلى كلمة بعدها مباشرة: أُهملت.",
    },
    "short_prefix": {
        "en": f"Before * there must be at least {MIN_PREFIX} letters: the word was searched as it stands.",
        "ar": "يجب أن يسبق العلامة * حرفان على الأقل: بُحث عن الكلمة كما هي.",
    },
    "inner_star": {
        "en": "* stands at the end of a word only: {given} was searched without it.",
        "ar": "لا تأتي العلامة * إلا في آخر الكلمة: بُحث عن {given} من دونها.",
    },
    "short_fuzzy": {
        "en": f"Before ~ there must be {MIN_FUZZY} letters: the word was searched as it stands.",
        "ar": f"يجب أن يسبق العلامة ~ {MIN_FUZZY} أحرف: بُحث عن الكلمة كما هي.",
    },
    "edits": {
        "en": f"After ~ may stand 1 or {MAX_EDITS}: {{given}} was taken for {MAX_EDITS}.",
        "ar": f"لا يلي العلامة ~ إلا 1 أو {MAX_EDITS}: حُسبت {{given}} على أنها {MAX_EDITS}.",
    },
    "gap": {
        "en": f"Words near each other have at most {MAX_GAP} others between them: {{given}} was taken for {MAX_GAP}.",
        "ar": f"لا يفصل بين المتقاربات أكثر من {MAX_GAP} كلمة: حُسبت {{given}} على أنها {MAX_GAP}.",
    },
    "site": {
        "en": "{given} is no site: give the name of a site's file, such as site:step. It was passed over.",
        "ar": "{given} ليس موقعاً: اكتب اسم ملف الموقع، مثل site:step. أُهمل.",
    },
    "country": {
        "en": "{given} is no country: give a code of two letters, such as country:SY. It was passed over.",
        "ar": "{given} ليس بلداً: اكتب رمزاً من حرفين، مثل country:SY. أُهمل.",
    },
    "lang": {
        "en": "{given} is no language: give a code such as lang:ar. It was passed over.",
        "ar": "{given} ليست لغة: اكتب رمزاً مثل lang:ar. أُهملت.",
    },
    "name": {
        "en": "{given} has no letters or digits: it was passed over.",
        "ar": "لا حروف ولا أرقام في {given}: أُهمل.",
    },
    "date": {
        "en": "{given} is no date: give one as 2024, 2024-05 or 2024-05-31. It was passed over.",
        "ar": "{given} ليس تاريخاً: اكتبه مثل 2024 أو 2024-05 أو 2024-05-31. أُهمل.",
    },
    "yes_no": {
        "en": "{given} is neither yes nor no: it was passed over.",
        "ar": "{given} ليست yes ولا no: أُهملت.",
    },
    "has": {
        "en": "{given} is nothing that is asked for: has: goes with image, author, section, date or changes. "
        "It was passed over.",
        "ar": "لا يُسأل عن {given}: تقبل has: الكلمات image وauthor وsection وdate وchanges. أُهملت.",
    },
    "whole_query": {
        "en": "{given} holds for the whole query, wherever it stands.",
        "ar": "تسري {given} على البحث كله أينما كُتبت.",
    },
    "nothing": {
        "en": "There is nothing to search for, no word with letters or digits: these are all articles.",
        "ar": "لا شيء يُبحث عنه، فلا كلمة فيها حروف أو أرقام: هذه المقالات كلها.",
    },
}
ISOLATED = "\u2068{}\u2069"


def sentence(problem: Problem, language: str = "en") -> str:
    """What is to be said of a problem, in the page's language ("en" or "ar")."""
    given = problem.given if language == "en" else ISOLATED.format(problem.given)
    return SENTENCES[problem.key][language].format(given=given)
