"""Where things stand on a page: the headline, the lines around it, and what belongs to other articles."""

from __future__ import annotations

import re
from itertools import islice

from selectolax.lexbor import LexborNode

from crawler.extract.headline import shown_as
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, judge, lines_of, text_of

_LINES = range(-3, 14)  # lines around the headline that may contain date and authors
_NEAR = 150  # characters besides the headline that an element needs to contain date and authors
MAX_LINE = 200  # maximum characters of a line with date and authors
LINE_PARTS = re.compile(r"\s+[-–—|•·/]\s+")  # what stands between the parts of such a line
MAX_MATCHES = 120  # elements that may be headings or bylines
_LINKS = 500  # links of a page that may be its menu
_is_called_elsewhere = judge(
    r"related|recommend|sidebar|side-bar|widget|teaser|promo|popular|latest|comment|newsletter|trending|more-"
    r"|(?<!v)(?<!h-)card"  # vcard and h-card are microformats of persons
    r"|breaking|ticker|carousel|slider|menu|nav"
)
_is_called_others = judge(
    r"(?:^|[\W_])(?:related|recommend\w*|popular|trending|comments?|repl(?:y|ies)|responses?|newsletter|ticker)(?:$|[\W_])"
)
_is_called_another_day = judge(
    r"(?:events?|deadline|expir\w*|valid\w*|start|due|end|match|current|today|birth|archives?|kick-?off)"
    r"[-_ ]?(?:date|time|day)"
    r"|(?:date|time)[-_ ]?(?:picker|start|end)|weather|(?:wp|events?)[-_ ]?calendar"
)
_is_called_article = judge(r"hentry|(?:^|\s)(?:article|post|news-single|story)(?:\s|$)")


def lines_near_headline(document: HtmlDocument, headline: str) -> list[str]:
    """The lines after, then those before the headline, as shown to readers."""
    above, below = lines_around_headline(document, headline)
    return [*below, *above]


def lines_around_headline(document: HtmlDocument, headline: str) -> tuple[list[str], list[str]]:
    """The lines above and below the headline; cached with the document after the first call."""
    if document.near is None:
        document.near = _scan_around(document, headline)
    return document.near


def _scan_around(document: HtmlDocument, headline: str) -> tuple[list[str], list[str]]:
    heading = heading_of(document, headline)
    near: tuple[list[str], list[str]] = [], []
    if heading is None:
        return near
    own = text_of(heading)
    own_path = {n.mem_id for n in (heading, *ancestors(heading))}
    seen = len(own) + _NEAR
    for holder in islice(ancestors(heading), 6):
        length = len(holder.text(deep=True, strip=True))
        if length < seen and holder.tag != "body":
            continue  # it contains hardly more than the headline or the previous element
        seen = 2 * length
        lines: list[str] = []
        at = None
        for text in lines_of(
            [holder], lambda n: n.mem_id not in own_path and is_no_text_of_ours(n)
        ):  # there may be thousands
            at = len(lines) if at is None and text == own else at
            lines.append(text)
            if at is not None and len(lines) > at + _LINES.stop:
                break
        if at is None:
            at = next((i for i, text in enumerate(lines) if text in own or own in text), None)
        if at is not None:
            near = lines[max(0, at + _LINES.start) : at], lines[at + 1 : at + _LINES.stop]
            if len(lines) > at + _LINES.stop:
                break
    return near


def link_texts(document: HtmlDocument) -> list[str]:
    """The texts of the page's first links, its menu's among them."""
    return [link.text(deep=True, strip=True) for link in document.tree.css("a[href]")[:_LINKS]]


def heading_of(document: HtmlDocument, headline: str) -> LexborNode | None:
    """The element of the headline: a heading with this text, else the first <h1>; None if there is none."""
    headings = document.tree.css("h1, h2, [class*='headline' i], [class*='title' i]")[:60]
    texts = ((n, n.text(deep=True, strip=True)) for n in headings)
    bare = "".join(headline.split())
    same = next(
        (n for n, text in texts if bare and len(text) < 3 * len(headline) and "".join(text.split()) == bare), None
    )
    first = same or next((n for n in headings if n.tag == "h1" and n.text(deep=True, strip=True)), None)
    return first or (shown_as(document, headline) if document.first("h1, h2") is None else None)


def _is_elsewhere(node: LexborNode) -> bool:
    """Whether an element holds what belongs to other articles."""
    return node.tag in ("aside", "nav") or _is_called_others(attribute(node, "class"))


def is_no_text_of_ours(node: LexborNode) -> bool:
    """Whether an element holds what belongs to other articles, what others have posted, or another day's date."""
    return node.tag in ("figure", "blockquote") or _is_elsewhere(node) or is_of_another_day(node)


def is_of_another_day(node: LexborNode) -> bool:
    """Whether a date within this element is that of an event, or today's, as a page's head tells it."""
    if _is_called_another_day(attribute(node, "class", "id")):
        return True
    return (
        node.tag == "header"
        and node.css_first("h1, h2") is None
        and not any(n.tag in ("article", "main") for n in ancestors(node))
    )


def is_outside_article(node: LexborNode) -> bool:
    """Whether an element lies in what belongs to other articles or to the site: up to the next <article> or <main>."""
    for parent in ancestors(node):
        if parent.tag in ("article", "main", "body"):
            return False
        if parent.tag in ("aside", "nav"):
            return True
        if _is_called_elsewhere(attribute(parent, "class")) and parent.css_first("h1") is None:
            return True  # the article itself may lie in a card
        if parent.tag == "footer" or "footer" in attribute(parent, "class"):  # an article's may have byline and section
            return not any(n.tag == "article" or _is_called_article(attribute(n, "class")) for n in ancestors(parent))
    return False
