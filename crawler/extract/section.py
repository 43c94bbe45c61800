"""The section of an article: never a link of the site's menu, its feed, an author, or the outlet itself."""

from __future__ import annotations

import re
from itertools import islice
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, judge, text_of
from crawler.text import fold
from crawler.urls.article_filter import may_be_article
from crawler.urls.joining import joined
from crawler.urls.patterns import HOMES, LANGUAGES
from crawler.urls.reasons import UrlReason

_HOME_PARTS = 2  # parts of a home page's path: a language and a word, as in /ar/home
_HOME_WORDS = HOMES | LANGUAGES
_LANGUAGE_CODE = 7  # characters, as in zh-Hans
_MENU_LEVELS = 4  # elements around a link that may be a menu
_MENU_LINKS = 2  # links from which a list of links is a menu
_LINKED = 0.8  # share of links in its text
_FIRST_LINKS = 80  # links of a page among which a path begins
_PATH_LEVELS = 4  # elements around a link that may be a path, or around a headline
_PATH_LINKS = 5  # of a path
_PATH_CHARS = 250  # of a path, which may end with the headline
_PATH_MARKS = re.compile(r"\s*[>›»→⟩❯▸‹«/]\s*|[:：]\s")
# As WordPress, Pelican and others name a category's address: https://step.example/category/economy
_CATEGORY_PATH = re.compile(r"(?:.*/)?categor(?:y|ies)/[^/]+/?", re.IGNORECASE)
_CATEGORY_LINKS = "a[class*='category' i], [class*='category' i] > a"
_MAX_NODES = 2_000  # elements of a page that are compared with a label
_LABELS = "a, p, span, div, li, td, dd, strong, b, em, i, small, font, center, label, h2, h3, h4, h5, h6"
_is_called_menu = judge(r"menu|(?:^|[\W_])nav|navbar|top-?bar|tool-?bar|footer|site-?header|masthead")
_NAMES = ("class", "id", "aria-label")
_is_called_crumbs = judge(r"breadcrumb|(?:^|[\W_])(?:crumbs?|arbo|ariane|pathway)(?:$|[\W_])")
_is_called_label = judge(r"breadcrumb|kicker|overline|categor|section|label|topic|eyebrow")
# What publishing systems give an article without a section, and links that stand in its place; folded.
_NONE = frozenset(map(fold, (
    "uncategorized", "uncategorised", "general", "default", "home", "homepage", "rss", "rss feed", "feed", "atom",
    "archive", "archives", "tags", "search", "about", "contact", "login", "menu", "none", "null", "undefined",
    "nicht kategorisiert", "unkategorisiert", "startseite", "accueil", "non classé", "sin categoría", "sin categorizar",
    "inicio", "sem categoria", "senza categoria", "без рубрики", "главная", "без категорії", "ana sayfa", "genel",
    "kategorisiz", "غير مصنف", "غير مصنفة", "الرئيسية", "بدون تصنيف", "دسته‌بندی نشده", "صفحه اصلی", "خانه",
    "ללא קטגוריה", "未分类", "未分類", "首页", "ホーム", "미분류",
)))  # fmt: skip


def settle(draft: Draft, house: frozenset[str]) -> None:
    """Replaces a section that is none by the next value that a source gave, or by nothing. `house` are the outlet's
    folded names."""
    said = [(draft.section, draft.origins.get("section", ""))] if draft.section else []
    said += [(str(one.value), one.origin) for one in draft.others if one.name == "section"]
    for value, origin in said:
        if origin == "rule" or may_be(value, draft, house):
            draft.section, draft.origins["section"] = value, origin
            return
    draft.section = None
    draft.origins.pop("section", None)


def may_be(value: str, draft: Draft, house: frozenset[str]) -> bool:
    """Whether a text may be the section of an article: not a word for none, an author, the headline or the outlet."""
    folded = fold(value)
    others = {fold(name) for name in (*draft.authors, draft.headline)}
    return not (folded in _NONE or folded in others or folded.replace(" ", "") in house)


def is_label(document: HtmlDocument, text: str) -> bool:
    """Whether a text stands outside of the page's menus, by itself, and does not lead to the home page, as the outlet's
    name does."""
    if any(leads_home(a, document.base) for a in document.tree.css("a[href]") if a.text(deep=True, strip=True) == text):
        return False
    for node in document.tree.css(_LABELS)[:_MAX_NODES]:
        if node.text(deep=True, strip=True) != text:
            continue
        around = [node, *list(ancestors(node))[:_MENU_LEVELS]]
        if not any(map(_is_menu, around)):
            return True
    return False


def leads_home(node: LexborNode, base: str) -> bool:
    """Whether a link leads to the home page of its host, in any language."""
    address = attribute(node, "href").partition("#")[0].strip()
    url = joined(base, address) if _may_lead_home(address) else None
    return url is not None and may_be_article(url) == UrlReason.HOME


def _may_lead_home(address: str) -> bool:
    """Whether an address can be that of a home page, without resolving it: most have too many parts in their path, or
    one that is neither short enough for a language's code nor a word for it or for a home page."""
    path = address.partition("?")[0]
    if ".." in path or not (path.startswith("/") or "://" in path):
        return True  # a relative one
    own = [part for part in path.split("/") if part][2 if "://" in path else 1 if path.startswith("//") else 0 :]
    if not own or len(own[0]) <= _LANGUAGE_CODE or "%" in own[0]:
        return len(own) <= _HOME_PARTS
    return len(own) <= _HOME_PARTS and own[0].lower().partition(".")[0] in _HOME_WORDS


def is_crumb(node: LexborNode) -> bool:
    """Whether a link is in a breadcrumb, which may be a <nav>."""
    around = [node, *list(ancestors(node))[:_MENU_LEVELS]]
    return any(_is_called_crumbs(" ".join(filter(None, map(n.attributes.get, _NAMES)))) for n in around)


def of_path(document: HtmlDocument) -> str | None:
    """The last section in a path of links from the home page, whatever its element is named: `Home › Politics ›`."""
    for link in document.tree.css("a[href]")[:_FIRST_LINKS]:
        if not leads_home(link, document.base):
            continue
        for holder in islice(ancestors(link), _PATH_LEVELS):
            links = holder.css("a[href]")
            if len(links) < 2:
                continue
            first = len(links) <= _PATH_LINKS and links[0].mem_id == link.mem_id
            text = text_of(holder) if first else ""
            if first and len(text) <= _PATH_CHARS:
                parts = [part.strip() for part in _PATH_MARKS.split(text)]
                labels = [label for one in links[1:] if (label := text_of(one)) in parts]
                if labels and (parts[-1] not in labels or "/" not in text):  # else a row of links
                    return labels[-1]
            break
    return None


def beside(heading: LexborNode | None, base: str) -> str | None:
    """The link named as a category in the elements around the headline, or the one there to a category of the site;
    None if there is none, or several."""
    for holder in islice(ancestors(heading), _PATH_LEVELS) if heading is not None else ():
        links = holder.css(_CATEGORY_LINKS)[:3] or [a for a in holder.css("a[href*='categor' i]") if _leads_to(a, base)]
        if labels := set(map(text_of, links)):
            return labels.pop() if len(labels) == 1 and not _is_menu(holder) else None
    return None


def _leads_to(link: LexborNode, base: str) -> bool:
    """Whether a link leads to a category of the page's own host."""
    parts = urlsplit(joined(base, attribute(link, "href")) or "")
    return parts.netloc == urlsplit(base).netloc and _CATEGORY_PATH.fullmatch(parts.path) is not None


def _is_menu(node: LexborNode) -> bool:
    """Whether an element is a menu: by its tag or its names, or as a list of links that is not named a breadcrumb."""
    name = attribute(node, "class", "id")
    if node.tag == "nav" or _is_called_menu(name):
        return True
    links = [a.text(deep=True, strip=True) for a in node.css("a")] if node.tag != "a" else []
    listed = sum(map(len, links)) >= _LINKED * len(node.text(deep=True, strip=True))
    return len(links) >= _MENU_LINKS and listed and not _is_called_label(name)
