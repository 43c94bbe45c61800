"""What the page says, in Arabic and in English: one table. `plural` chooses among the forms of a noun.

Arabic counts in six forms (CLDR, https://cldr.unicode.org/index/cldr-spec/plural-rules), English in two.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

DIRECTIONS: Mapping[str, str] = {"en": "ltr", "ar": "rtl"}  # the page's own languages
NAMES: Mapping[str, str] = {"en": "English", "ar": "العربية"}

# Codes whose usual script runs from right to left, and the scripts (ISO 15924) that do.
RTL_LANGUAGES = frozenset(
    (
        *("ar", "arc", "azb", "ckb", "dv", "fa", "glk", "he", "iw", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd"),
        *("syr", "ug", "ur", "yi"),
    )
)
RTL_SCRIPTS = frozenset(("adlm", "arab", "aran", "hebr", "mand", "mend", "nkoo", "rohg", "samr", "syrc", "thaa"))

MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "ar": (
        *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
        *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
    ),
}

NOUNS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "en": {
        "articles": {"one": "1 article", "other": "{n} articles"},
        "results": {"one": "1 result", "other": "{n} results"},
        "sites": {"one": "1 site", "other": "{n} sites"},
        "others": {"one": "1 more article carries this text", "other": "{n} more articles carry this text"},
        "failures": {"one": "failed once", "other": "failed {n} times in a row"},
    },
    "ar": {
        "articles": {
            "zero": "لا مقالات بعد",
            "one": "مقال واحد",
            "two": "مقالان",
            "few": "{n} مقالات",
            "many": "{n} مقالاً",
            "other": "{n} مقال",
        },
        "results": {
            "zero": "لا نتائج",
            "one": "نتيجة واحدة",
            "two": "نتيجتان",
            "few": "{n} نتائج",
            "many": "{n} نتيجة",
            "other": "{n} نتيجة",
        },
        "sites": {
            "zero": "لا مواقع بعد",
            "one": "موقع واحد",
            "two": "موقعان",
            "few": "{n} مواقع",
            "many": "{n} موقعاً",
            "other": "{n} موقع",
        },
        "others": {
            "zero": "",
            "one": "ورد النص نفسه في مقال آخر",
            "two": "ورد النص نفسه في مقالين آخرين",
            "few": "ورد النص نفسه في {n} مقالات أخرى",
            "many": "ورد النص نفسه في {n} مقالاً آخر",
            "other": "ورد النص نفسه في {n} مقال آخر",
        },
        "failures": {
            "zero": "",
            "one": "فشل مرة واحدة",
            "two": "فشل مرتين متتاليتين",
            "few": "فشل {n} مرات متتالية",
            "many": "فشل {n} مرة متتالية",
            "other": "فشل {n} مرة متتالية",
        },
    },
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "name": "Arshif",
        "other_name": "أرشيف",
        "tagline": "An archive of the news, on this machine",
        "skip": "Skip to content",
        "search": "Search",
        "search_label": "Search the archive",
        "placeholder": "Words, a “phrase”, −without …",
        "sites": "Sites",
        "runs": "Runs",
        "home": "Home",
        "examples": "For example",
        "newest": "Newest articles",
        "empty": "The archive holds no articles yet. They appear here as soon as the first crawl brings some.",
        "everything": "Everything, newest first",
        "sort": "Order",
        "sort_relevance": "Relevance",
        "sort_newest": "Newest",
        "sort_oldest": "Oldest",
        "sort_changed": "Last changed",
        "milliseconds": "{n} ms",
        "more": "More results",
        "first_page": "First page",
        "mistake": "This search cannot be read",
        "partly": "Not all of this search could be read",
        "mistake_at": "at character {n}",
        "nothing": "Nothing found for",
        "try": "What you can try",
        "try_fewer": "Fewer words: an article must hold all of them. OR between two words asks for either.",
        "try_quotes": "No quotation marks: words in them must stand side by side, in that order.",
        "try_filters": "No filter such as site: or after:, if there is one.",
        "try_all": "See everything that the archive holds",
        "down": "The index does not answer",
        "down_safe": "Nothing is lost: all articles are in the archive, and crawling goes on. What was stored "
        "meanwhile is brought to the index as soon as it is back.",
        "down_now": "Articles can be read all the same; only the search has to wait.",
        "down_archive": "The archive cannot be read",
        "missing": "There is nothing at this address",
        "missing_article": "The archive has no such article.",
        "broken": "Something went wrong here",
        "broken_text": "This is a fault of Arshif, not of yours. The log of the server says more.",
        "again": "Try again",
        "published": "Published",
        "modified": "Changed",
        "first_seen": "First seen",
        "by": "By",
        "section": "Section",
        "keywords": "Keywords",
        "original": "Read it on its site",
        "gone": "The site no longer has this page. The archive keeps it.",
        "paywalled": "The site keeps part of this article for subscribers.",
        "images": "Images",
        "credit": "Credit",
        "open_image": "Image on its site",
        "addresses": "Other addresses",
        "same_story": "The same text elsewhere",
        "leads": "published first",
        "versions": "Versions",
        "version": "Version {n}",
        "seen": "seen",
        "newest_version": "shown here",
        "origins": "Where each field came from",
        "field": "Field",
        "origin": "Origin",
        "details": "About this copy",
        "language": "Language",
        "country": "Country",
        "site": "Site",
        "state": "State",
        "stored": "Articles",
        "last_run": "Last crawl",
        "last_success": "Last success",
        "next_run": "Next crawl",
        "never": "never",
        "fine": "fine",
        "waiting": "not crawled yet",
        "off": "switched off",
        "example": "example",
        "no_sites": "No site has been crawled yet.",
        "run": "Run",
        "started": "Started",
        "took": "Took",
        "running": "running",
        "status": "Status",
        "count_discovered": "Found",
        "count_stored": "New",
        "count_changed": "Changed",
        "count_unchanged": "Unchanged",
        "count_duplicate": "Copies",
        "count_refused": "Refused",
        "count_failed": "Failed",
        "no_runs": "There was no run yet.",
        "by_site": "By site",
        "footer": "Text only, from this machine only. Nothing on this page asks another server for anything.",
    },
    "ar": {
        "name": "أرشيف",
        "other_name": "Arshif",
        "tagline": "أرشيف للأخبار على هذا الجهاز",
        "skip": "إلى المحتوى",
        "search": "ابحث",
        "search_label": "ابحث في الأرشيف",
        "placeholder": "كلمات، أو «عبارة»، أو −بدون …",
        "sites": "المواقع",
        "runs": "الجولات",
        "home": "الرئيسية",
        "examples": "أمثلة",
        "newest": "أحدث المقالات",
        "empty": "لا مقالات في الأرشيف بعد. تظهر هنا حالما تأتي بها أول جولة.",
        "everything": "كل المقالات، الأحدث أولاً",
        "sort": "الترتيب",
        "sort_relevance": "الأقرب",
        "sort_newest": "الأحدث",
        "sort_oldest": "الأقدم",
        "sort_changed": "آخر ما تغيّر",
        "milliseconds": "{n} م.ث",
        "more": "مزيد من النتائج",
        "first_page": "الصفحة الأولى",
        "mistake": "تعذّرت قراءة هذا البحث",
        "partly": "تعذّرت قراءة جزء من هذا البحث",
        "mistake_at": "عند الحرف {n}",
        "nothing": "لا نتائج للبحث عن",
        "try": "ما يمكنك تجربته",
        "try_fewer": "كلمات أقل: يجب أن يحوي المقال الكلمات كلها. واكتب OR بين كلمتين لتكفي إحداهما.",
        "try_quotes": "بحث بلا علامتي تنصيص: ما بينهما يجب أن يرد متتالياً وبالترتيب نفسه.",
        "try_filters": "بحث بلا قيد مثل site: أو after: إن وُجد.",
        "try_all": "كل ما في الأرشيف",
        "down": "الفهرس لا يجيب",
        "down_safe": "لم يضع شيء: المقالات كلها في الأرشيف والجمع مستمر، وما خُزّن "
        "في هذه الأثناء يُضاف إلى الفهرس حالما يعود.",
        "down_now": "قراءة المقالات ممكنة، والبحث وحده ينتظر.",
        "down_archive": "تعذّرت قراءة الأرشيف",
        "missing": "لا شيء في هذا العنوان",
        "missing_article": "ليس في الأرشيف مقال كهذا.",
        "broken": "حدث خطأ هنا",
        "broken_text": "الخطأ من أرشيف لا منك، وفي سجل الخادم تفصيله.",
        "again": "حاول مجدداً",
        "published": "نُشر",
        "modified": "عُدّل",
        "first_seen": "رُصد أول مرة",
        "by": "بقلم",
        "section": "القسم",
        "keywords": "كلمات مفتاحية",
        "original": "اقرأه في موقعه",
        "gone": "لم تعد هذه الصفحة في موقعها، والأرشيف يحتفظ بها.",
        "paywalled": "يحجب الموقع جزءاً من هذا المقال لمشتركيه.",
        "images": "الصور",
        "credit": "المصدر",
        "open_image": "الصورة في موقعها",
        "addresses": "عناوين أخرى",
        "same_story": "النص نفسه في مواقع أخرى",
        "leads": "الأسبق نشراً",
        "versions": "النسخ",
        "version": "النسخة {n}",
        "seen": "رُصدت",
        "newest_version": "المعروضة هنا",
        "origins": "مصدر كل حقل",
        "field": "الحقل",
        "origin": "المصدر",
        "details": "عن هذه النسخة",
        "language": "اللغة",
        "country": "البلد",
        "site": "الموقع",
        "state": "الحالة",
        "stored": "المقالات",
        "last_run": "آخر جولة",
        "last_success": "آخر نجاح",
        "next_run": "الجولة التالية",
        "never": "لم تحدث",
        "fine": "سليم",
        "waiting": "لم يُزر بعد",
        "off": "موقوف",
        "example": "مثال",
        "no_sites": "لم يُزر أي موقع بعد.",
        "run": "الجولة",
        "started": "بدأت",
        "took": "المدة",
        "running": "جارية",
        "status": "الحالة",
        "count_discovered": "المكتشفة",
        "count_stored": "الجديدة",
        "count_changed": "المعدّلة",
        "count_unchanged": "بلا تغيير",
        "count_duplicate": "المكررة",
        "count_refused": "المرفوضة",
        "count_failed": "الفاشلة",
        "no_runs": "لم تكن هناك جولة بعد.",
        "by_site": "حسب الموقع",
        "footer": "نص فقط، ومن هذا الجهاز فقط. لا تطلب هذه الصفحة شيئاً من أي خادم آخر.",
    },
}

EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("climate energy", "both words"),
        ('"prime minister"', "side by side, in this order"),
        ("election OR vote", "either of them"),
        ("football -transfer", "one without the other"),
        ("title:earthquake", "in the headline"),
        ("lang:fr after:2026", "in French, since 2026"),
    ),
    "ar": (
        ("أسعار القمح", "الكلمتان معاً"),
        ('"الأمم المتحدة"', "متتاليتان بهذا الترتيب"),
        ("انتخابات OR اقتراع", "إحداهما تكفي"),
        ("دمشق -الطقس", "الأولى دون الثانية"),
        ("title:زلزال", "في العنوان"),
        ("lang:fr after:2026", "بالفرنسية منذ 2026"),
    ),
}


def plural(language: str, n: int) -> str:
    """The form of a noun that goes with this whole number: zero, one, two, few, many or other."""
    if language != "ar":
        return "one" if n == 1 else "other"
    if n <= 2:
        return ("zero", "one", "two")[n]
    rest = n % 100
    return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"


def count(language: str, noun: str, n: int) -> str:
    """A number with its noun, such as "3 articles", "مقالان" or "11 مقالاً"."""
    return NOUNS[language][noun][plural(language, n)].format(n=f"{n:,}")


def day(language: str, moment: datetime) -> str:
    """The day of a moment in its own zone, such as "8 June 2018" or "8 يونيو 2018"."""
    return f"{moment.day} {MONTHS[language][moment.month - 1]} {moment.year}"


def clock(language: str, moment: datetime) -> str:
    """Day, time and offset of a moment in its own zone, such as "8 June 2018, 21:04 UTC+3"."""
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    offset = ("+" if minutes > 0 else "−") + str(hours) + (f":{rest:02}" if rest else "") if minutes else ""
    comma = "،" if language == "ar" else ","
    # The time and its offset are one run from left to right: in Arabic the sign would go to the other side.
    return f"{day(language, moment)}{comma} \u2066{moment:%H:%M} UTC{offset}\u2069"


def direction(language: str | None) -> str:
    """Which way a text in this language (BCP 47) runs: rtl, ltr, or auto (by its first letter) where it is unknown."""
    if not language:
        return "auto"
    first, *rest = language.lower().split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    return "rtl" if (script in RTL_SCRIPTS if script else first in RTL_LANGUAGES) else "ltr"
