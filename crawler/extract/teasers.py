"""Teasers: small boxes for other articles, each with a linked headline, as on listing pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.boilerplate.phrases import known
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, lines_of, paragraphs, text_of

_HEADLINES = "h2 a[href], h3 a[href], h4 a[href], h5 a[href], a[href] h2, a[href] h3, a[href] h4, a[href] h5"
_UP = 4  # maximum levels from a headline to its box
_MAX_LINKS = 400  # links per page
_BOX = 900  # characters; a larger box contains more than a teaser
_KEY = 60  # characters by which a teaser's text is recognised
_ONWARDS = ("continues", "read also")  # kinds of phrases of links such as "Read more"
_BYLINES = 3  # lines within which a post's text begins below its heading: author and date come first
_LEAD = 20  # minimum characters in a box besides its link, such as a lead
_MORE = 40  # maximum characters of a link such as "Read more"


def read(document: HtmlDocument) -> tuple[int, frozenset[str]]:
    """The number of teasers on a page, and the keys of the texts in them. Read from the original markup, as pruning
    removes teasers."""
    boxes = {box.mem_id: box for box in _boxes(document.original, document.url)}
    texts = (text for box in boxes.values() for text in paragraphs([box]))
    return len(boxes), frozenset(map(key, texts))


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
        if parent.tag in ("body", "main", "html") or len(parent.text()) > _BOX:
            return None
        if alone is not None and len(parent.css(alone)) > 2:
            return None
        if len(text_of(parent)) > own + _LEAD:
            return parent
    return None


def _is_other_page(href: str, url: str) -> bool:
    """Whether a link leads to another page on the same host."""
    try:
        there, here = urlsplit(urljoin(url, href)), urlsplit(url)
    except ValueError:
        return False
    return there.netloc == here.netloc and (there.path, there.query) != (here.path, here.query)
