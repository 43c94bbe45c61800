"""Which URLs may be articles, and how much a link looks like one.

`may_be_article` is lenient, for the entries of feeds and sitemaps; `article_score` is for the links on a page, most of
which do not lead to articles. Both take canonical URLs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from crawler.urls.patterns import (
    ARTICLE_WORDS,
    BESIDE,
    ELSEWHERE,
    FEEDS,
    FILES,
    FORMS,
    HOME_PARAMETERS,
    HOMES,
    ID_PARAMETERS,
    LANGUAGES,
    LISTS,
    MACHINES,
    PAGE_PARAMETERS,
    PAGES,
    PRINTS,
    QUERIES,
    ROOT_QUERIES,
    SEARCHES,
    SERVICE,
)
from crawler.urls.reasons import UrlReason
from index.text.placeholders import is_placeholder

ARTICLE_SCORE = 3  # the minimum score at which a link on a listing page counts as an article
SCHEMES = ("http", "https")

_ELSEWHERE = tuple(f".{host}" for host in ELSEWHERE)  # ends of hosts after a dot
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_][a-z]{2,4})?|" + "|".join(LANGUAGES))
_CALENDAR = re.compile(r"(?:19|20)\d\d(?:/\d{1,2}(?:/\d{1,2})?)?")
_PROFILE = re.compile(r"u/[^/]+(?:/[^/]+)?|@[^/]+")  # /u/mona/summary of a forum, /@mona
_PAGE_NUMBER = re.compile(r"(?:page|seite|pagina|صفحة)[-_]?\d{1,5}|comment-page-\d{1,5}")
_EXTENSION = re.compile(r"\.([a-z0-9]{1,5})$")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-_/.]?(?:0?[1-9]|1[0-2])(?:[-_/.]?(?:0?[1-9]|[12]\d|3[01]))?(?!\d)|(?<!\d)\d\d/[01]\d/[0-3]\d/"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(r"\d+")
_PARTS = re.compile(r"[-.,_]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_FOUR_DIGITS = re.compile(r"^\d{4}(?=[-_])|(?<=[-_])\d{4}$")  # 1234-what-happened, what-happened-1234
_ROUTE = re.compile(r":[a-z]\w*|\[\.{0,3}[a-z]\w*\]")  # how frameworks write a part of their routes: :slug, [slug]
_HASH = re.compile(r"(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{9,40}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def may_be_article(url: str, allow: Sequence[str] = (), deny: Sequence[str] = ()) -> UrlReason | None:
    """None if a canonical URL may be an article, else the reason why not.

    `allow` and `deny` are the site's regular expressions, searched in the URL both as it is and percent-decoded. The
    order of the checks is that of the reasons, except that `allow` comes after `home` and decides if it is given: all
    other URLs are then NOT_ALLOWED.
    """
    forms = (url, unquote(url))
    if any(re.search(pattern, form) for pattern in deny for form in forms):
        return UrlReason.DENIED
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        return UrlReason.SCHEME
    segments = _segments(parts)
    reason = _no_page(parts, segments)
    if reason is None and allow:
        return None if any(re.search(pattern, form) for pattern in allow for form in forms) else UrlReason.NOT_ALLOWED
    if reason is None and f".{parts.hostname}".endswith(_ELSEWHERE):
        return UrlReason.ELSEWHERE
    return reason or _by_query(parts, segments) or _by_path(segments)


def _segments(parts: SplitResult) -> list[str]:
    """The non-empty segments of the path, decoded and in lower case."""
    return [s for s in unquote(parts.path).lower().split("/") if s]


def _no_page(parts: SplitResult, segments: list[str]) -> UrlReason | None:
    ending = _EXTENSION.search(segments[-1]) if segments else None
    if ending and ending[1] in FILES:
        return UrlReason.FILE
    if any(is_placeholder(one) or _ROUTE.fullmatch(one) for one in segments):
        return UrlReason.PLACEHOLDER
    return UrlReason.HOME if _is_root(segments) and not parts.query and not parts.fragment else None


def _is_root(segments: list[str]) -> bool:
    """Whether the path belongs to a home page: /, /ar, /index.php, /ar/home."""
    rest = segments[1:] if segments and _LANGUAGE.fullmatch(segments[0]) else segments
    return not rest or (len(rest) == 1 and rest[0].partition(".")[0] in HOMES)


def _by_query(parts: SplitResult, segments: list[str]) -> UrlReason | None:
    values = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
    for name, reason in QUERIES.items():
        if name in values:
            return reason
    if any(values[name].lower() in PRINTS for name in values.keys() & FORMS):
        return UrlReason.PRINT
    if any(any(c.isdigit() for c in values[name]) for name in values.keys() & ID_PARAMETERS):
        return None
    if any(values[name].isdigit() for name in values.keys() & PAGE_PARAMETERS):
        return UrlReason.PAGE
    if not _is_root(segments) or parts.fragment:
        return None
    for name, reason in ROOT_QUERIES.items():
        if name in values:
            return reason
    return UrlReason.HOME if values.keys() <= HOME_PARAMETERS else None  # /?some-article may be an article


def _by_path(segments: list[str]) -> UrlReason | None:
    if not segments:
        return None
    last, above = segments[-1], segments[-2:-1]
    if MACHINES.intersection(segments) or segments[0] == "api":
        return UrlReason.MACHINE
    if last in FEEDS:
        return UrlReason.FEED
    if reason := _beside_article(segments):
        return reason
    if segments[0] in SEARCHES or last in SEARCHES:
        return UrlReason.SEARCH
    if len(segments) <= 3 and last.partition(".")[0] in SERVICE and not any(map(_YEAR.fullmatch, segments[:-1])):
        return UrlReason.SERVICE
    if _PAGE_NUMBER.fullmatch(last) or (PAGES.intersection(above) and last.isdigit() and len(last) < 5):
        return UrlReason.PAGE
    if _PROFILE.fullmatch("/".join(segments)) and slug_score(last) < 2:
        return UrlReason.AUTHOR
    if _CALENDAR.fullmatch("/".join(s for s in segments if s not in LISTS and not _LANGUAGE.fullmatch(s))):
        return UrlReason.CALENDAR
    if any(segments.count(s) >= 3 for s in segments if not (s.isdigit() and len(s) <= 2)):
        return UrlReason.REPEATED
    return _heads_list(segments)


def _beside_article(segments: list[str]) -> UrlReason | None:
    """What a URL is of an article that has one of its own: /1234-what-happened/print, /print/123456."""
    if len(segments) < 2:
        return None
    above, last = segments[-2:]
    for words, reason in ((PRINTS, UrlReason.PRINT), (BESIDE, UrlReason.SHARE)):
        if (last in words and slug_score(above) >= 2) or (segments[0] in words and last.isdigit()):
            return reason
    return None


def _heads_list(segments: list[str]) -> UrlReason | None:
    """The kind of listing that starts at one of the first three segments: /tag/x, /ar/category/a/b, but not
    /category/politics/1234-what-happened."""
    for place, segment in enumerate(segments[:3]):
        reason = LISTS.get(segment)
        if reason is None:
            continue
        below = segments[place + 1 :]
        # a tag can be a phrase, and an author's name has many words
        listed = len(below) <= 1 and reason != UrlReason.CATEGORY
        if not below or listed or (len(below) <= 2 and slug_score(below[-1]) < 2):
            return reason
    return None


def slug_score(segment: str) -> int:
    """How much one decoded path segment looks like an article's: 0 (the name of a section) to 6.

    Words: 3 for four or more, or for a run as long as a Chinese headline; 1 for three. Numbers: 3 for six or more
    digits; 2 for five, for four at an end of it that are no year, or for a segment that consists of three or four
    digits and is not a year. Hashes: 3.
    """
    stem = _EXTENSION.sub("", segment)
    words = len(_WORD.findall(stem))
    digits = max(map(len, _NUMBER.findall(stem)), default=0)
    by_words = 3 if words >= 4 or (words and len(stem) >= 40) else 1 if words == 3 else 0
    if digits >= 6 or any(_HASH.fullmatch(part) for part in (stem, *_PARTS.split(stem)[-1:])):
        return by_words + 3
    short = [stem] if stem.isdigit() and digits >= 3 else _FOUR_DIGITS.findall(stem)
    return by_words + (2 if digits == 5 or not all(map(_YEAR.fullmatch, short)) else 0)


def article_score(url: str) -> int:
    """How much a canonical URL looks like an article's, for links on listing pages; compare with `ARTICLE_SCORE`.

    The `slug_score` of the last two segments; plus 3 for a date in the path; 1 for a parent segment such as article or
    خبر; 1 for a file extension such as .html; 3 for an item id of three or more digits in the query, 2 for five or more
    digits in another parameter.
    """
    parts = urlsplit(url)
    segments = _segments(parts)
    total = sum(slug_score(s) for s in segments[-2:])
    total += 3 if _DATE.search("/".join(segments) + "/") else 0
    total += 1 if ARTICLE_WORDS.intersection(segments[:-1]) else 0
    total += 1 if segments and _EXTENSION.search(segments[-1]) else 0
    return total + max((_parameter_score(name.lower(), value) for name, value in parse_qsl(parts.query)), default=0)


def _parameter_score(name: str, value: str) -> int:
    digits = max(map(len, _NUMBER.findall(value)), default=0)
    if name in ID_PARAMETERS and digits:
        return 3 if digits >= 3 else 1
    return 2 if digits >= 5 else 0
