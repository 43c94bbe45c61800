"""A page's text -> a tree, parsed once by Lexbor for all extractors, with protection against hostile pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.errors import Unreadable
from crawler.text import line, unescaped_line
from crawler.urls.joining import joined
from index.model.codes import ParseReason
from index.text.placeholders import is_placeholder, is_unfilled

MAX_DEPTH = 1_000  # levels; libxml2 silently drops everything below 2,046
# Tags open at once, counted before parsing: Lexbor takes 27 s for 100,000 levels, 0.1 s for 10,000.
_MAX_OPEN_TAGS = 4_000
_TAG = re.compile(
    r"<(/?)(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|t[drh]|option)\b)[a-zA-Z]"
)
_DEEP, _UNUSUAL = (">".join(["*"] * (levels + 1)) for levels in (MAX_DEPTH, 64))  # hardly a page has as many as 64
# Elements within a line of text (https://html.spec.whatwg.org/#phrasing-content, and the obsolete ones).
INLINE = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "nobr", "q", "rb", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr",
))  # fmt: skip
# rt, rp, rtc: the pronunciation beside the base text of a <ruby>
UNSEEN = frozenset(("script", "style", "template", "noscript", "rt", "rp", "rtc"))
# A shadow root in the markup (https://html.spec.whatwg.org/#attr-template-shadowrootmode), which browsers show in place
_TEMPLATE = re.compile(r"<template\b[^>]{0,300}>|</template\s*>", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
Metas = dict[str, list[str]]


@dataclass(slots=True)
class HtmlDocument:
    """A parsed page: its tree (pruned in place by boilerplate removal), its URL, its markup before pruning, the URL by
    which its links are resolved, and its <meta> values by lower-case name."""

    tree: LexborHTMLParser
    url: str
    markup: str
    base: str
    metas: Metas = field(default_factory=dict)
    near: tuple[list[str], list[str]] | None = None  # cached lines above and below the headline
    unpruned: LexborHTMLParser | None = None  # cached

    @property
    def original(self) -> LexborHTMLParser:
        """The tree as it was before pruning, parsed at its first use; to be read only."""
        if self.unpruned is None:
            self.unpruned = LexborHTMLParser(self.markup)
        return self.unpruned

    def meta(self, *names: str) -> str:
        """The first non-empty <meta> with one of these names (name, property or itemprop), tidied; "" if none."""
        return next((value for name in names for value in self.metas.get(name, ())), "")

    def first(self, selector: str) -> LexborNode | None:
        """The first element that matches, or None."""
        return self.tree.css_first(selector)


def parse(text: str, url: str) -> HtmlDocument:
    """The parsed page.

    :raises Unreadable: when the page is nested too deeply.
    """
    if (
        text.count("<") > _MAX_OPEN_TAGS
        and _open_at_once(text) > _MAX_OPEN_TAGS
        and _open_at_once(_without_scripts(text)) > _MAX_OPEN_TAGS
    ):
        raise Unreadable(ParseReason.TOO_DEEP, most=_MAX_OPEN_TAGS)
    if "shadowroot" in text:
        text = _without_shadows(text)
    tree = LexborHTMLParser(text)
    if tree.css_first(_UNUSUAL) is not None and tree.css_first(_DEEP) is not None:
        raise Unreadable(ParseReason.TOO_DEEP, most=MAX_DEPTH)
    return HtmlDocument(tree, url, text, base_of(tree, url), _metas(tree))


def _without_shadows(text: str) -> str:
    """The text with shadow roots as elements like others."""
    open_: list[bool] = []

    def plain(match: re.Match[str]) -> str:
        if match[0][1] != "/":
            open_.append("shadowroot" in match[0].lower())
            return "<div>" if open_[-1] else match[0]
        return "</div>" if open_ and open_.pop() else match[0]

    return _TEMPLATE.sub(plain, text)


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """The URL by which the links of a page at this URL are resolved: its first <base href>, if that is a usable one.

    https://html.spec.whatwg.org/#document-base-url
    """
    said = attribute(tree.css_first("base[href]"), "href")
    return (joined(url, said) if said else None) or url


def text_of(node: LexborNode | None) -> str:
    """The text of an element on one line, with spaces between blocks, but not within <b>T</b>he."""
    return " ".join(paragraphs([node])) if node is not None else ""


def paragraphs(nodes: Iterable[LexborNode]) -> list[str]:
    """The tidied text of elements, split at blocks and line breaks."""
    return list(lines_of(nodes))


def lines_of(nodes: Iterable[LexborNode], skips: Callable[[LexborNode], bool] = lambda _: False) -> Iterator[str]:
    """The same, one by one, for who needs only the first of them, without the elements that it `skips`."""
    parts: list[str] = []
    stack: list[LexborNode | None] = []  # None: the end of a block
    stack.extend(reversed(list(nodes)))
    while stack:
        item = stack.pop()
        if item is not None and item.is_text_node:
            text = item.text_content or ""
            parts.append(text if text.isprintable() else _SPACES.sub(" ", text))
        elif item is None or (item.is_element_node and item.tag not in UNSEEN and not skips(item)):
            if item is None or item.tag not in INLINE:
                if found := _line(parts):
                    yield found
                parts.clear()
            if item is not None:
                stack.extend([None] if item.tag not in INLINE else ())
                stack.extend(list(item.iter(include_text=True))[::-1])
    if found := _line(parts):
        yield found


def _line(parts: list[str]) -> str:
    """A line of its parts; "" for what a template leaves unfilled."""
    found = line("".join(parts)) if parts else ""
    return "" if is_unfilled(found) else found


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """The element's parents, nearest first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def attribute(node: LexborNode | None, *names: str) -> str:
    """The first non-empty attribute with one of these names, trimmed; "" if none."""
    if node is None:
        return ""
    attributes = node.attributes
    return next((value.strip() for name in names if (value := attributes.get(name)) and value.strip()), "")


def judge(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether the name of an element (its classes, its id) matches the pattern, ignoring case. It
    caches its results: the same names recur on all pages of a site and for each block of text in an element."""
    search = re.compile(pattern, re.IGNORECASE).search
    return lru_cache(maxsize=20_000)(lambda name: search(name) is not None)


def _metas(tree: LexborHTMLParser) -> Metas:
    """The contents by name. `property` and `itemprop` may have several names (https://www.w3.org/TR/rdfa-lite/)."""
    found: Metas = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        content = unescaped_line(attributes.get("content"))
        if content and not is_placeholder(content):
            said = [attributes.get("name") or "", *(attributes.get("property") or "").split()]
            said += (attributes.get("itemprop") or "").split()
            for name in filter(None, (one.strip().lower() for one in said)):
                found.setdefault(name, []).append(content)
    return found


def _open_at_once(text: str) -> int:
    """The maximum number of elements open at once, by simply counting tags. It is too high if scripts contain markup,
    where end tags are written as <\\/div>."""
    deepest = level = 0
    for match in _TAG.finditer(text):
        level += -1 if match[1] else 1
        if level > deepest:
            deepest = level
        elif level < 0:
            level = 0
    return deepest


def _without_scripts(text: str) -> str:
    """The text without scripts, in one pass: a regular expression would rescan from each of a million `<script`."""
    parts: list[str] = []
    at, lower = 0, text.lower()
    while (start := lower.find("<script", at)) >= 0:
        parts.append(text[at:start])
        at = lower.find("</script", start)
        if at < 0:
            return "".join(parts)
    parts.append(text[at:])
    return "".join(parts)
