"""Articles in several pages: which page comes next, and where a further page's article begins.

A link counts only where its URL is the article's own with a page's number (`crawler/urls/page_numbers.py`), so that it
leads neither to the next article nor through a category; and not within the reader comments, which have pages too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from crawler import data_files
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, judge, text_of
from crawler.text import fold
from crawler.urls import page_numbers
from crawler.urls.canonical import canonical
from crawler.urls.joining import joined
from crawler.urls.patterns import PAGE_WORDS, PAGES

_MAX_LINKS = 300  # links that are resolved; a hostile page has a hundred thousand that look like one to its next page
MAX_PAGES = 20  # of one article; a gallery may have more, one by one

_FIRST, _BEFORE = ("first", "start"), ("prev", "previous", "canonical")  # what a link to the first page is named
_LINKS = "a[href], link[rel][href], option[value]"
# Before it is resolved, which takes time: a URL in which a number of at most three digits ends a part.
_HINT = re.compile(r"(?<!\d)\d{1,3}(?:\.\w{1,5})?/?(?=$|[?&#])")
_NUMBER = re.compile(r"\D{0,12}?(\d{1,3})\D{0,3}")  # `2`, `Page 2`, `[2]`
# The same, and nothing else: `2`, `Page 2`, `第2页`, but not `Part 2`, `May 2`.
_WORD = "|".join(sorted({re.escape(fold(word)) for word in PAGE_WORDS}, key=len, reverse=True))
_PAGE = re.compile(rf"(?:[\W_]|第|(?:ال)?(?:{_WORD})){{0,5}}?(\d{{1,3}})(?:[\W_]|{_WORD}){{0,3}}")
# What WordPress makes of the name of a second article with the same headline: /quay-2/
_NAMESAKE = re.compile(r"-\d{1,3}/?(?:[?#]|$)")
_is_called_pages = judge(r"pag(?:e-?(?:links?|nav|num|s\b)|inat|er\b|es\b)|nav-?links|multi-?page|wp-?pagenavi")
_LEVELS = 3  # elements around a link that may be named after pages
_TEXT = 60  # characters of a link that may be one to another page, not a teaser
_is_called_comments = judge(r"comment|disqus|discussion|repl(?:y|ies)|respond")


@dataclass(frozen=True, slots=True)
class _Link:
    """A link to a page of an article: its URL, how that is read, its folded text and the words of its `rel`, whether it
    is one of a list to choose from, and whether it stands in an element named after pages."""

    url: str
    read: page_numbers.PageNumber
    text: str
    rel: frozenset[str]
    option: bool
    paged: bool

    @property
    def number(self) -> int | None:
        """The page's number as the link tells it."""
        found = _NUMBER.fullmatch(self.text)
        return int(found[1]) if found else None


def following(document: HtmlDocument, first: str) -> str | None:
    """The URL of the page after this one of the article that begins at `first`; None if it is the last, or the only
    one."""
    here, start = canonical(document.url) or document.url, canonical(first) or first
    at = page_numbers.of_first(here, start)
    if at is None and here != start:
        return None
    wanted = (1, 2) if at is None else (at.number + 1,)  # pages are counted from 0 in some systems
    links = [one for one in _numbered(document, start) if canonical(one.url) not in (here, start)]
    for number in wanted:
        at_number = [one for one in links if one.read.number == number]
        counted = {2} if at is None else {number, number + 1}
        if found := next((one for one in at_number if _leads_on(one, counted)), None):
            return found.url
        if number > 1 and (found := next((one for one in at_number if one.read.explicit), None)):
            listed = {one.read.number for one in links if one.read.explicit}
            if len(listed) > 1:  # the article's pages by their titles
                return found.url
    return None


def _leads_on(link: _Link, counted: set[int]) -> bool:
    """Whether a link tells that the article goes on there: by one of these numbers, or in words."""
    if link.number is not None and not link.option:
        if link.text.isdigit() and not link.paged and _NAMESAKE.search(link.url):
            return False
        return link.number in counted and (link.read.explicit or _PAGE.fullmatch(link.text) is not None)
    if link.text.startswith(_phrases()["page"]):
        return True
    return link.read.explicit and ("next" in link.rel or link.text in _phrases()["next"])


def beginning(document: HtmlDocument) -> str | None:
    """The URL of the first page of the article, if this is a further one; None if it is no such page.

    It says so itself: by a link to that page that is numbered 1, or named the first, the one before or the canonical
    one.
    """
    here = canonical(document.url) or document.url
    numbers = [read for read in page_numbers.readings(here) if read.number > 0 and any(read.stem[1:])]
    for node in _may_lead_back(document)[:_MAX_LINKS] if numbers else ():
        said = attribute(node, "href")
        url = joined(document.base, said.partition("#")[0])
        address = canonical(url) if url is not None else None
        if address in (None, here) or _is_of_comments(node, said):
            continue
        assert address is not None
        own, ones = page_numbers.stem_of(address), {r.stem for r in page_numbers.readings(address) if r.number == 1}
        for read in numbers:
            if (read.stem == own or read.stem in ones) and _leads_back(node, read, plain=read.stem == own):
                return url
    return None


def _may_lead_back(document: HtmlDocument) -> list[LexborNode]:
    """The links that are numbered 1, or named after the page where they lead."""
    named = document.tree.css(", ".join(f'[rel~="{name}"][href]' for name in (*_BEFORE, *_FIRST)))
    return [*named, *(a for a in document.tree.css("a[href]") if _is_one(a.text(deep=True, strip=True)))]


def _is_one(text: str) -> bool:
    told = _PAGE.fullmatch(fold(text))
    return told is not None and int(told[1]) == 1


def _leads_back(node: LexborNode, read: page_numbers.PageNumber, *, plain: bool) -> bool:
    """Whether a link to what may be the first page says that this is a further one; `plain`: its URL has no number."""
    if node.tag != "link" and _is_one(text_of(node)):
        return plain or read.number > 1
    return plain and read.explicit and read.number > 1 and not _rel(node).isdisjoint((*_BEFORE, *_FIRST))


def join(draft: Draft, further: Draft) -> bool:
    """Add a further page's text and images to its article; return whether it has any text that is not there yet. Pages
    repeat the headline and the lead, and those of the comments the whole article."""
    known = {fold(text) for text in (*draft.body, draft.headline, draft.description or "", further.headline)}
    new = [text for text in further.body if fold(text) not in known]
    if not new:
        return False
    draft.body += new
    draft.apart |= further.apart & frozenset(new)
    urls = {image.url for image in draft.images}
    draft.images += tuple(image for image in further.images if image.url not in urls)
    draft.removed += further.removed
    return True


def _numbered(document: HtmlDocument, first: str) -> Iterator[_Link]:
    """The links to pages of this article, in their order."""
    names, digits_only = _names(first), _is_bare(first)
    resolved = 0
    for node in document.tree.css(_LINKS):
        said = (node.attributes.get("href") or node.attributes.get("value") or "").strip()
        if not (_may_be_numbered(said) and (_is_relative(said) or _has_one(said, names)) and _HINT.search(said)):
            continue  # as nearly every link
        resolved += 1
        if resolved > _MAX_LINKS:
            return
        url = joined(document.base, said.partition("#")[0])
        address = canonical(url) if url is not None else None
        read = page_numbers.of_first(address, first) if address is not None else None
        if url is None or read is None or _is_of_comments(node, said):
            continue
        text = (text_of(node) if node.tag != "link" else "") or attribute(node, "aria-label", "title")
        if len(text) <= _TEXT and (not digits_only or text.strip().isdigit()):
            around = islice(ancestors(node), _LEVELS)
            paged = any(_is_called_pages(attribute(n, "class", "id", "aria-label")) for n in around)
            yield _Link(url, read, fold(text), _rel(node), node.tag == "option", paged)


def _names(first: str) -> set[str]:
    """How the URLs of an article's pages may end but for their numbers: every link to one of them has that in it."""
    stems = [page_numbers.stem_of(first), *(one.stem for one in page_numbers.readings(first) if one.number <= 1)]
    by_path = {stem[1].rpartition("/")[2] for stem in stems} - {"", "0", "1"}
    return by_path or {value for stem in stems for _, value in stem[2]} - {""}  # /?p=123


def _has_one(said: str, names: set[str]) -> bool:
    plain = unquote(said) if "%" in said else said
    return any(name in plain for name in names)


def _is_bare(first: str) -> bool:
    """Whether an article's URL ends in a number and no word for pages: the next of /comic/1 may be another comic."""
    parts = unquote(first).rstrip("/").split("/")
    return parts[-1] in ("0", "1") and parts[-2].lower() not in PAGES


def _may_be_numbered(said: str) -> bool:
    """Whether a link has a digit near its end, or of its path: asked of every link, it must cost nothing."""
    return "?" in said or "#" in said or any(map(str.isdigit, said[-7:]))


def _is_relative(said: str) -> bool:
    return not said.startswith(("/", "http"))


def _rel(node: LexborNode) -> frozenset[str]:
    return frozenset(attribute(node, "rel").lower().split())


def _is_of_comments(node: LexborNode, said: str) -> bool:
    """Whether a link leads to reader comments, or is one to more of them."""
    if "comment" in said.partition("#")[2]:
        return True
    return any(_is_called_comments(attribute(one, "id", "class")) for one in ancestors(node) if one.tag != "body")


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    data = data_files.load("crawler.extract", "pagination.yaml")
    return {kind: tuple(fold(text) for text in texts) for kind, texts in data.items()}
