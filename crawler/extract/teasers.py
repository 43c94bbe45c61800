"""Teasers: small boxes for other articles, each with a linked headline, as on listing pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.boilerplate.phrases import known
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, lines_of, paragraphs, text_of
from crawler.urls.article_filter import may_be_article
from crawler.urls.joining import joined

_HEADLINES = "h2 a[href], h3 a[href], h4 a[href], h5 a[href], a[href] h2, a[href] h3, a[href] h4, a[href] h5"
_UP = 4  # maximum levels from a headline to its box
_MAX_LINKS = 400  # links per page
_BOX = 900  # characters; a larger box contains more than a teaser
_KEY = 60  # characters by which a teaser's text is recognised
_ONWARDS = ("continues", "read also")  # kinds of phrases of links such as "Read more"
_BYLINES = 3  # lines within which a post's text begins below its heading: author and date come first
_LEAD = 20  # minimum characters in a box besides its link, such as a lead
_LINES = 0.6  # share of a text's lines from which it is a list of them
_TITLE_WORDS = 3  # minimum words of a link that is a title, unlike the number of a page
_MORE = 40  # maximum characters of a link such as "Read more"


def read(document: HtmlDocument) -> tuple[int, frozenset[str]]:
    """The number of teasers on a page, and the keys of the texts in them. Read from the original markup, as pruning
    removes teasers."""
    boxes = {box.mem_id: box for box in _boxes(document.original, document.url)}
    texts = (text for box in boxes.values() for text in paragraphs([box]))
    return len(boxes), frozenset(map(key, texts))


def of_pages_below(document: HtmlDocument) -> frozenset[str]:
    """The keys of the texts beside links to pages below this one, as a folder has them of what is in it, in headings or
    not: `/news/sport` shows what `/news/sport/final` is about."""
    path = urlsplit(document.url).path.rstrip("/")
    if not path:
        return frozenset()
    boxes: dict[int, LexborNode] = {}
    for link in islice(document.original.css("a[href]"), _MAX_LINKS):
        href = attribute(link, "href")
        if f"{path}/" in href and _is_below(href, document.url) and len(text_of(link).split()) >= _TITLE_WORDS:
            box = _box(link, None)
            if box is not None and box.css_first("h1") is None:
                boxes[box.mem_id] = box
    return frozenset(key(text) for box in boxes.values() for text in paragraphs([box]))


def shows_posts(document: HtmlDocument, body: Sequence[str], least: int) -> bool:
    """Whether a text consists of so many posts that are shown whole, each below a heading that leads to it. Above the
    first there is an introduction at most: what a ranking says of its items stands there."""
    at = {key(text): n for n, text in enumerate(body)}
    headed: list[int] = []
    for node in document.original.css(_HEADLINES)[:_MAX_LINKS]:
        if _is_other_page(attribute(_link(node), "href"), document.url):
            below = (at[key(text)] for text in islice(_after(node), _BYLINES) if key(text) in at)
            headed.extend(islice(below, 1))
    return len(headed) >= least and min(headed) <= 1


def is_table_of_contents(document: HtmlDocument, body: Sequence[str], least: int) -> bool:
    """Whether most lines of a text, and so many, begin with the title of another page, as the rows of a forum's topics
    do: title, replies, views, day."""
    links = islice(document.original.css("a[href]"), _MAX_LINKS)
    named = ((text_of(a), attribute(a, "href")) for a in links)
    titles = tuple(
        key(said) for said, to in named if len(said.split()) >= _TITLE_WORDS and _is_other_page(to, document.url)
    )
    lines = [line for text in body for line in text.splitlines()][:_MAX_LINKS]
    listed = sum(key(line).startswith(titles) for line in lines)
    return listed >= max(least, _LINES * len(lines))


def key(text: str) -> str:
    """The key of a paragraph, the same if it is truncated."""
    return "".join(filter(str.isalnum, text[: 2 * _KEY].casefold()))[:_KEY]


def _boxes(tree: LexborHTMLParser, url: str) -> Iterator[LexborNode]:
    for node in tree.css(_HEADLINES)[:_MAX_LINKS]:
        link = _link(node)
        if not _is_other_page(attribute(link, "href"), url):
            continue
        if len(text_of(node)) + _LEAD < len(text_of(link)) <= _BOX:
            yield link  # around headline and lead
        elif (box := _box(link, _HEADLINES)) is not None:
            yield box
    for link in tree.css("a[href]")[:_MAX_LINKS]:
        text = text_of(link)
        phrase = known(text) if len(text) <= _MORE else None
        box = _box(link, None) if phrase is not None and phrase.kind in _ONWARDS else None
        if box is not None:
            yield box


def _link(node: LexborNode) -> LexborNode:
    """The link in a heading, or around it."""
    return node if node.tag == "a" else next((n for n in ancestors(node) if n.tag == "a"), node)


def _after(node: LexborNode) -> Iterator[str]:
    """The texts that follow a node in the elements around it."""
    for around in (node, *islice(ancestors(node), _UP)):
        sibling = around.next
        while sibling is not None:
            yield from lines_of([sibling])
            sibling = sibling.next


def _box(link: LexborNode, alone: str | None) -> LexborNode | None:
    """The nearest element around a link that has text of its own, unless it contains other headlines too."""
    own = len(text_of(link))
    for parent in islice(ancestors(link), _UP):
        if parent.tag in ("body", "main", "html") or len(parent.text(strip=True)) > _BOX:
            return None  # without the indentation of its markup, of which some systems write more than text
        if alone is not None and len(parent.css(alone)) > 2:
            return None
        if len(text_of(parent)) > own + _LEAD:
            return parent
    return None


def _is_below(href: str, url: str) -> bool:
    """Whether a link leads to what may be an article whose address goes on from this page's: not to its feed, its
    comments or its next page."""
    here, there = urlsplit(url), joined(url, href) or ""
    host, path = urlsplit(there).netloc, urlsplit(there).path.rstrip("/")
    return host == here.netloc and path.startswith(here.path.rstrip("/") + "/") and may_be_article(there) is None


def _is_other_page(href: str, url: str) -> bool:
    """Whether a link leads to another page on the same host."""
    try:
        there, here = urlsplit(urljoin(url, href)), urlsplit(url)
    except ValueError:
        return False
    return there.netloc == here.netloc and (there.path, there.query) != (here.path, here.query)
