"""Author names as written on pages -> clean names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crawler.text import line

_MAX_AUTHORS = 20  # authors per article; more is a list of staff
_TEXT = 1_000  # characters of a byline that are processed
_NAME_MAX_CHARS = 80  # characters; "and others, with reports from …" is not a name
_BY = re.compile(
    r"^(?:by|von|vom|par|por|di|door|af|av|text(?:e)?|written by|reported by|author|autor(?:in)?|auteur|yazan|oleh"
    r"|przez|view all posts by|(?:zeige )?alle beiträge von|voir tous les articles de|ver todas las entradas de|"
    r"автор|текст|بقلم|كتب(?:ت)?|كتبه|المؤلف|الكاتب|المصدر|تحرير|إعداد|اعداد|نویسنده|نوشته|نگارنده|文|記者|记者|作者)"
    r"\s*(?::|：|\s)\s*",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\s+(?:기자|記者|记者|特派員)$")  # "reporter", after the name
_DEGREES = re.compile(r",\s*(?:Ph\.?\s?D|M\.?D|M\.?Sc|MBA|MPH|RDN?|CF[AP]|[A-Z]{2,5}[®™])\.?(?=,|;|$)")
_SPLIT = re.compile(r"\s*(?:[;|•·/،\n]|, |\s(?:and|und|et|y|i|og|och|en|e|ja|и|та|και|&)\s|\sو\s)\s*", re.IGNORECASE)
_NO_NAME = re.compile(r"https?:|www\.|@|^\W*$|\d{3,}|[<>{}]", re.IGNORECASE)
_ROLES = re.compile(
    r"^(?:admin(?:istrator)?|editor(?:s|ial)?|editorial (?:team|staff|board)|staff(?: (?:writer|reporter))?"
    r"|web ?(?:desk|master)"
    r"|redaktion|redaction|la rédaction|redacción|redazione|redactie|redakcja|редакция|newsroom|unknown|none|null|guest"
    r"|undefined|author|no author|(?:view|see|full)\b.*profile|follow(?: us)?|more by|著者一覧|記者一覧"
    r"|المحرر|هيئة التحرير|فريق التحرير|التحرير|محرر)$",
    re.IGNORECASE,
)


def is_byline(text: str) -> bool:
    """Whether a line begins like a byline: `By …`, `بقلم: …`."""
    return _BY.match(line(text)) is not None


def names(values: Iterable[str], split: bool = True) -> tuple[str, ...]:
    """The distinct names in order, without "by", addresses and roles such as "admin". A text with several names is
    split, unless `split` is False."""
    found: dict[str, str] = {}
    for value in values:
        for part in _parts(line(value[:_TEXT]), split):
            name = _BY.sub("", part).strip(" ,;:|-–—•*.")
            name = _AFTER.sub("", re.sub(r"\s*\([^()]*\)$", "", name))
            if name and len(name) <= _NAME_MAX_CHARS and not _NO_NAME.search(name) and not _ROLES.match(name):
                found.setdefault(name.casefold(), name)
    return tuple(found.values())[:_MAX_AUTHORS]


def _parts(value: str, split: bool) -> list[str]:
    value = _DEGREES.sub("", _BY.sub("", value))
    if _NO_NAME.search(value) and ("@" in value or "/" in value):
        return []
    return _SPLIT.split(value) if split else [value]
