"""A page's text -> a tree, parsed once by Lexbor for all who read from it, with guards against hostile pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.errors import Unreadable
from crawler.text import line

MAX_DEPTH = 1_000  # levels; libxml2 silently drops what lies below 2,046
_MAX_OPEN_TAGS = (
    4_000  # tags open at once as counted before parsing: Lexbor takes 27 s for 100,000 levels, 0.1 s for 10,000
)
_TAG = re.compile(
    r"<(/?)(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|t[drh]|option)\b)[a-zA-Z]"
)
_DEEP = ">".join(["*"] * (MAX_DEPTH + 1))
_INLINE = frozenset((
    "a", "abbr", "acronym", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "img", "ins", "label", "mark",
    "q", "s", "small", "span", "strong", "sub", "ruby", "sup", "time", "tt", "u", "wbr",
))  # fmt: skip
_UNSEEN = frozenset(("script", "style", "template", "noscript", "rt", "rp"))  # rt: how the word before it is read aloud
_SPACES = re.compile(r"\s+")
Metas = dict[str, list[str]]


@dataclass(slots=True)
class HtmlDocument:
    """A parsed page: its tree (pruned in place by those who clean), its URL, its markup before pruning, and its <meta>
    by lower-case name."""

    tree: LexborHTMLParser
    url: str
    markup: str
    metas: Metas = field(default_factory=dict)
    near: tuple[list[str], list[str]] | None = None  # the lines above and below the headline, once they were looked for

    def meta(self, *names: str) -> str:
        """The first filled <meta> of these names (name, property or itemprop), tidied; "" if none."""
        return next((value for name in names for value in self.metas.get(name, ())), "")

    def first(self, selector: str) -> LexborNode | None:
        """The first element that matches, or None."""
        return self.tree.css_first(selector)


def parse(text: str, url: str) -> HtmlDocument:
    """A page's tree. Raises Unreadable for a page that nests too deep."""
    if (
        text.count("<") > _MAX_OPEN_TAGS
        and _open_at_once(text) > _MAX_OPEN_TAGS
        and _open_at_once(_without_scripts(text)) > _MAX_OPEN_TAGS
    ):
        raise Unreadable("too deep", f"more than {_MAX_OPEN_TAGS} elements open at once")
    tree = LexborHTMLParser(text)
    if tree.css_first(_DEEP) is not None:
        raise Unreadable("too deep", f"more than {MAX_DEPTH} levels")
    return HtmlDocument(tree, url, text, _metas(tree))


def text_of(node: LexborNode | None) -> str:
    """The text of an element on one line; words of neighbouring blocks are kept apart, those of <b>T</b>he are not."""
    return " ".join(paragraphs([node])) if node is not None else ""


def paragraphs(nodes: Iterable[LexborNode]) -> list[str]:
    """The text of elements, tidied, parted where blocks and line breaks part it."""
    parts: list[str] = []
    stack: list[LexborNode | str] = []
    stack.extend(reversed(list(nodes)))
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item)
        elif item.is_text_node:
            parts.append(_SPACES.sub(" ", item.text_content or ""))
        elif item.is_element_node and item.tag not in _UNSEEN:
            if item.tag not in _INLINE:
                parts.append("\n")
                stack.append("\n")
            stack.extend(list(item.iter(include_text=True))[::-1])
    return [text for part in "".join(parts).split("\n") if (text := line(part))]


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """The element's parents, nearest first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def attribute(node: LexborNode | None, *names: str) -> str:
    """The first filled attribute of these names, trimmed; "" if none."""
    if node is None:
        return ""
    attributes = node.attributes
    return next((value.strip() for name in names if (value := attributes.get(name)) and value.strip()), "")


def judge(pattern: str) -> Callable[[str], bool]:
    """Whether the name of an element (its classes, its id) has such a part, whatever its case. Each answer is kept:
    the same names are asked about on all of a site's pages, and for each piece of text in an element."""
    search = re.compile(pattern, re.IGNORECASE).search
    return lru_cache(maxsize=20_000)(lambda name: search(name) is not None)


def _metas(tree: LexborHTMLParser) -> Metas:
    found: Metas = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        content = line(attributes.get("content"))
        if content:
            for key in ("property", "name", "itemprop"):
                if name := attributes.get(key):
                    found.setdefault(name.strip().lower(), []).append(content)
    return found


def _open_at_once(text: str) -> int:
    """How many elements are open at once at most, by a plain count of tags: too many by what scripts quote, where ends
    are written as <\\/div>."""
    deepest = level = 0
    for match in _TAG.finditer(text):
        level += -1 if match[1] else 1
        if level > deepest:
            deepest = level
        elif level < 0:
            level = 0
    return deepest


def _without_scripts(text: str) -> str:
    """The text without its scripts, in one pass: a pattern would start again at each of a million `<script`."""
    parts: list[str] = []
    at, lower = 0, text.lower()
    while (start := lower.find("<script", at)) >= 0:
        parts.append(text[at:start])
        at = lower.find("</script", start)
        if at < 0:
            return "".join(parts)
    parts.append(text[at:])
    return "".join(parts)
