"""JSON-LD (https://json-ld.org, vocabulary https://schema.org): the metadata of an article in a page's scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from crawler.extract import broken_json
from crawler.text import line, unescaped
from crawler.urls.joining import joined
from index.text.placeholders import is_placeholder

Node = dict[str, Any]
_MAX_CHARS = 2_000_000  # per script; the largest of 1,269 real pages has 0.9 million
# Letters from which a breadcrumb equal to the beginning of the headline is the article and not a section.
_UNLIKELY_SECTION_CHARS = 20
_MAX_NODES = 5_000  # per page
_TITLE = 12  # letters and digits from which a headline is found at the beginning of a title
_MAX_VALUES = 100  # authors or images of a node; more are no article's, and each is looked for among all nodes
_MAX_DEPTH = 12  # levels of nested nodes, and of lists and objects around a text
ARTICLES = frozenset((
    "Article", "NewsArticle", "AdvertiserContentArticle", "AnalysisNewsArticle", "AskPublicNewsArticle",
    "BackgroundNewsArticle", "OpinionNewsArticle", "ReportageNewsArticle", "ReviewNewsArticle",
    "LiveBlogPosting", "BlogPosting", "SocialMediaPosting", "TechArticle", "ScholarlyArticle",
    "SatiricalArticle", "Report", "Review",
))  # fmt: skip
_LISTS = frozenset(("CollectionPage", "SearchResultsPage", "ItemList", "ProfilePage"))
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>|/\*\s*\]\]>\s*\*/)\s*;?\s*$"
)
_VOCABULARY = re.compile(r"[/#:]")
_TRAILING = re.compile(r",(\s*[}\]])")
_TAGS = re.compile(r"<[a-zA-Z/!][^<>]{0,500}>")


def nodes(tree: LexborHTMLParser) -> list[Node]:
    """All typed objects in the page's JSON-LD scripts, outer before inner; unreadable scripts are skipped."""
    found: list[Node] = []
    for script in tree.css('script[type*="ld+json" i]'):
        for root in _load(script.text() or ""):
            for node in _walk(root, 0):
                found.append(node)
                if len(found) >= _MAX_NODES:
                    return found
    return found


def article(found: list[Node], urls: set[str], headline: str) -> Node | None:
    """The node of the page's own article, if there are several (related ones, a list): the one with one of the page's
    `urls`, else with its `headline`, behind which that may have the site's name, else the first with a body or a date,
    else the first; None without an article."""
    articles = [n for n in found if types(n) & ARTICLES]
    if not articles:
        return None
    keys = {_url_key(u) for u in urls}
    for node in articles:
        if any(_url_key(u) in keys for u in _own_urls(node)):
            return node
    wanted = _bare(headline)
    titled = [(_bare(text(n.get("headline") or n.get("name"))), n) for n in articles if wanted]
    same = [n for title, n in titled if title == wanted]
    same = same or [n for title, n in titled if len(title) >= _TITLE and wanted.startswith(title)]
    top = [n for n in articles if n.get("articleBody") or n.get("datePublished")]
    return (same or top or articles)[0]


def is_listing(found: list[Node]) -> bool:
    """Whether the page declares itself a collection, a list or a person's, and not an article."""
    kinds = set().union(*(types(n) for n in found)) if found else set()
    return bool(kinds & _LISTS) and not kinds & ARTICLES


def types(node: Node) -> set[str]:
    """The node's types, without the vocabulary's URL or prefix."""
    kinds = node.get("@type")
    return {
        _VOCABULARY.split(k)[-1] for k in (kinds if isinstance(kinds, list) else [kinds]) if k and isinstance(k, str)
    }


def text(value: Any, depth: int = 0) -> str:
    """A property as plain text on one line: the first in a list, the name of an object; without tags and entities."""
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, list):
        return next((t for one in value if (t := text(one, depth + 1))), "")
    if isinstance(value, dict):
        return text(value.get("@value") or value.get("name") or value.get("headline") or value.get("url"), depth + 1)
    found = line(plain(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return "" if is_placeholder(found) else found


def texts(value: Any) -> list[str]:
    """A property as a list of texts."""
    return [t for t in map(text, value if isinstance(value, list) else [value]) if t]


def plain(value: object) -> str:
    """The string without markup; entities are resolved twice, as double escaping is common."""
    raw = str(value)
    if "&" in raw:
        raw = unescaped(unescaped(raw))
    return _TAGS.sub(" ", raw) if "<" in raw else raw


def people(value: Any, found: list[Node]) -> list[str]:
    """The names in `author` or `creator`: texts, Person or Organization objects, references by @id into the graph."""
    names: list[str] = []
    for target in _bearers(value, found):
        inner = target.get("name") if isinstance(target, dict) else target
        names += texts(inner)
    return names


def authors(value: Any, found: list[Node]) -> list[tuple[str, bool]]:
    """The names in `author`, each with whether the page gives it as that of one person or organization, and not as a
    text that may hold several."""
    said: list[tuple[str, bool]] = []
    for target in _bearers(value, found):
        if isinstance(target, dict) and not target.get("name"):
            parts = (text(target.get(key)) for key in ("givenName", "additionalName", "familyName"))
            said.append((" ".join(filter(None, parts)), True))
        else:
            said += [(name, isinstance(target, dict)) for name in people(target, found)]
    return [(name, alone) for name, alone in said if name]


def _bearers(value: Any, found: list[Node]) -> Iterator[Any]:
    """The texts and objects in `author`, with references resolved, without the roles around them
    (https://schema.org/Role)."""
    for one in _values(value):
        target = _resolve(one, found) if isinstance(one, dict) else one
        if isinstance(target, dict) and any(kind.endswith("Role") for kind in types(target)):
            inner = _values(target.get("author") or target.get("creator"))
            yield from (_resolve(i, found) if isinstance(i, dict) else i for i in inner)
        else:
            yield target


def free(node: Node) -> bool | None:
    """isAccessibleForFree (schema.org) of the article or of a part of it; None if unknown."""
    parts = node.get("hasPart")
    values: list[Any] = [node.get("isAccessibleForFree")]
    values += [
        p.get("isAccessibleForFree") for p in (parts if isinstance(parts, list) else [parts]) if isinstance(p, dict)
    ]
    said = [str(v).rsplit("/", 1)[-1].strip().lower() for v in values if isinstance(v, str | int | float)]
    if any(v in ("false", "0", "no") for v in said):
        return False
    return True if any(v in ("true", "1", "yes") for v in said) else None


def images(value: Any, found: list[Node], base: str) -> Iterator[tuple[str, str, str]]:
    """The URL, caption and credit of each image in a property."""
    for one in _values(value):
        node = _resolve(one, found) if isinstance(one, dict) else {"url": one}
        address = text(node.get("contentUrl") or node.get("url") or (node.get("@id") if "name" not in node else None))
        if address and (url := joined(base, address)):
            credit = text(node.get("creditText")) or ", ".join(people(node.get("author"), found))
            yield url, text(node.get("caption")), credit


def section(node: Node, found: list[Node]) -> str:
    """articleSection, else the last name in the breadcrumb that is not the article itself; "" if there is none."""
    own = texts(node.get("articleSection"))
    return own[0] if own else crumb(found, text(node.get("headline")))


def crumb(found: list[Node], title: str) -> str:
    """The last name in the breadcrumb that is not the article with this title; "" if there is none."""
    for crumbs in (n for n in found if "BreadcrumbList" in types(n)):
        items = crumbs.get("itemListElement")
        ordered = sorted((i for i in items if isinstance(i, dict)), key=_position) if isinstance(items, list) else []
        names = [text(i.get("name") or i.get("item")) for i in ordered]
        headline = _bare(title)
        names = [n for n in names if n and not _titles(_bare(n), headline) and not n.startswith("http")]
        if len(names) > 1:  # the first is the home page
            return names[-1]
    return ""


def _titles(crumb: str, headline: str) -> bool:
    """Whether a breadcrumb is the article itself; the site's name may be appended to its headline."""
    return crumb == headline or (len(crumb) >= _UNLIKELY_SECTION_CHARS and headline.startswith(crumb))


# --- reading the scripts -------------------------------------------------------------------------------------------


def _load(script: str) -> list[Any]:
    """The values in a script: one JSON text or several in a row, with simple repairs if it is invalid."""
    raw = _WRAPPING.sub("", script[:_MAX_CHARS].lstrip("\ufeff \t\r\n")).strip().rstrip(";")
    repairs: tuple[Callable[[str], str], ...] = (str, lambda text: _TRAILING.sub(r"\1", text), unescaped)
    for repair in repairs:
        try:
            return [json.loads(repair(raw), strict=False)]  # not strict: raw newlines within strings are common
        except (ValueError, RecursionError):
            continue
    if found := _sequence(raw):
        return found
    try:
        return [json.loads(broken_json.mended(raw), strict=False)]
    except (ValueError, RecursionError):
        return []


def _sequence(raw: str) -> list[Any]:
    """The readable values at the beginning of `{…}{…}` or `{…},{…}`."""
    decoder = json.JSONDecoder(strict=False)
    values: list[Any] = []
    at = 0
    while at < len(raw) and len(values) < 50:
        try:
            value, at = decoder.raw_decode(raw, at)
        except (ValueError, RecursionError):
            break
        values.append(value)
        while at < len(raw) and raw[at] in " \t\r\n,;":
            at += 1
    return values


def _walk(value: Any, depth: int) -> Iterator[Node]:
    """All typed objects in a value."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for one in value:
            yield from _walk(one, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        for one in value.values():
            if isinstance(one, dict | list):
                yield from _walk(one, depth + 1)


def _values(value: Any) -> list[Any]:
    """The values of a property, of which each may refer to any node: the first _MAX_VALUES."""
    if isinstance(value, dict) and (inner := value.get("@list") or value.get("@set")):
        value = inner  # https://www.w3.org/TR/json-ld11/#lists
    return value[:_MAX_VALUES] if isinstance(value, list) else [value]


def _resolve(node: Node, found: list[Node]) -> Node:
    """The node that {"@id": …} refers to; the node itself if it has other properties or nothing is found."""
    key = node.get("@id")
    if not key or len(node) > 2:
        return node
    return max((n for n in found if n.get("@id") == key), key=len, default=node)


def _own_urls(node: Node) -> Iterator[str]:
    for key in ("url", "mainEntityOfPage", "@id"):
        value = node.get(key)
        for one in value if isinstance(value, list) else [value]:
            address = (one.get("@id") or one.get("url")) if isinstance(one, dict) else one
            if isinstance(address, str):
                yield address


def _url_key(url: str) -> str:
    parts = urlsplit(url.strip()) if not {"[", "]"} & set(url) else urlsplit("")
    return parts.netloc.removeprefix("www.") + parts.path.rstrip("/") if parts.path.strip("/") else "\0"


def _position(item: Node) -> int:
    value = str(item.get("position", ""))
    return int(value) if value.isdigit() and len(value) < 4 else 0


def _bare(value: str) -> str:
    return "".join(c for c in value.lower() if c.isalnum())
