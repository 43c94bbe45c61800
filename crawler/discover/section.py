"""Listing pages: links to articles -> candidates, in the page's order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from crawler.discover import feed_dates
from crawler.discover.collector import CandidateCollector, SkipReason
from crawler.discover.source_document import SourceDocument, wall
from crawler.errors import SourceProblem
from crawler.extract.html_document import base_of
from crawler.models import Discovered
from crawler.text import line
from crawler.urls.article_filter import ARTICLE_SCORE, article_score, may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.reasons import UrlReason as Url
from index.model.codes import SourceReason

_CARDS = ("article", "li")  # elements that contain one entry of a list, with its date
_CARD_DEPTH = 8  # maximum levels between a link and its card
_WORD = re.compile(r"[^\W\d_]{2,}")
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
# What no selector of a site can mean; it may well mean articles below /tag/.
_NEVER = (Url.HOME, Url.FILE, Url.SCHEME, Url.ELSEWHERE, Url.MACHINE, Url.FEED, Url.SEARCH)
_COMMENTS = re.compile(r"/comments/feed|[?&]feed=comments|/feed/comments", re.IGNORECASE)


@dataclass
class _Link:
    """A URL on the page: the texts of its links, and the cards that contain them."""

    texts: list[str] = field(default_factory=list)
    cards: list[LexborNode] = field(default_factory=list)


def parse(
    document: SourceDocument,
    url: str,
    links: str | None = None,
    zone: tzinfo | None = None,
    languages: tuple[str, ...] = (),
) -> Discovered:
    """The articles that a listing page links to.

    `links` is a CSS selector for the links or for elements around them: all matches are accepted, except URLs that are
    never articles. Without it all links to the same site are scored: `article_score` of the URL, plus 1 for a text of
    four words or 3 for one as long as a headline; from `ARTICLE_SCORE` on, a link counts as an article. A
    `<time datetime>` is used if it is the only time in an `article` or `li` with links to one article only.

    :raises SourceProblem: when the selector is invalid, the page is a block page, or no link looks like an article.
    """
    tree = LexborHTMLParser(document.text)
    collector = CandidateCollector(base_of(tree, url))
    found = _links(_anchors(tree, links), collector)
    home = canonical(url) or url
    kept: dict[str, _Link] = {}
    for address, link in found.items():
        reason = _refused(address, link, home) if links is None else _never(address, home)
        if reason:
            collector.skipped[reason] += 1
        else:
            kept[address] = link
    if not kept:
        raise _nothing(document, links)
    published = _dates(kept, zone, languages)
    for address, link in kept.items():
        collector.add(address, title=max(link.texts, key=len, default=None), published=published.get(address))
    title = tree.css_first("title")
    return Discovered(
        "section", collector.candidates, skipped=dict(collector.skipped), title=line(title.text()) if title else None
    )


def alternates(document: SourceDocument, url: str) -> list[str]:
    """The feeds that a page links to in its head (RSS, Atom, JSON), in order, without comment feeds."""
    tree = LexborHTMLParser(document.text)
    base, found = base_of(tree, url), []
    for node in tree.css("link[rel][href]"):
        said = node.attributes
        if "alternate" not in (said.get("rel") or "").lower().split():
            continue
        if (said.get("type") or "").partition(";")[0].strip().lower() not in _FEED_TYPES:
            continue
        feed = canonical(said.get("href") or "", base)
        if feed and not _COMMENTS.search(feed) and feed not in found:
            found.append(feed)
    return found


def _anchors(tree: LexborHTMLParser, links: str | None) -> list[LexborNode]:
    if links is None:
        return tree.css("a[href]")
    try:
        nodes = tree.css(links)
    except SelectolaxError:
        raise SourceProblem(SourceReason.BAD_SELECTOR, selector=links) from None
    inside = (anchor for node in nodes for anchor in ([node] if node.tag == "a" else node.css("a[href]")))
    return list({anchor.mem_id: anchor for anchor in inside}.values())


def _links(anchors: list[LexborNode], collector: CandidateCollector) -> dict[str, _Link]:
    found: dict[str, _Link] = {}
    for anchor in anchors:
        href = anchor.attributes.get("href") or ""
        if not href.strip() or (href.strip().startswith("#") and not href.strip().startswith("#!/")):
            continue
        address = collector.address(href)
        if address is None:
            collector.skipped[SkipReason.UNUSABLE_LINK] += 1
            continue
        link = found.setdefault(address, _Link())
        heading = anchor.css_first("h1, h2, h3, h4, h5, h6")
        said = line((heading or anchor).text(separator=" ")) or line(anchor.attributes.get("title"))
        if said:
            link.texts.append(said)
        if card := _card(anchor):
            link.cards.append(card)
    return found


def _never(address: str, home: str) -> SkipReason | Url | None:
    """Why a link matched by the selector is rejected: it is the page itself, or its URL is never an article."""
    if address == home:
        return SkipReason.SELF
    reason = may_be_article(address)
    return reason if reason in _NEVER else None


def _refused(address: str, link: _Link, home: str) -> SkipReason | Url | None:
    if address == home:
        return SkipReason.SELF
    if not _same_site(address, home):
        return Url.ELSEWHERE
    if reason := may_be_article(address):
        return reason
    weight = article_score(address) + max(map(_headline_score, link.texts), default=0)
    return None if weight >= ARTICLE_SCORE else SkipReason.UNLIKELY


def _headline_score(text: str) -> int:
    """3 for a text as long as a headline (six words and 30 characters; 12 characters of Chinese or Japanese, 30 of
    another script without spaces)."""
    words = len(_WORD.findall(text))
    ideographs = sum("\u3040" <= c <= "\u9fff" for c in text)
    if (words >= 6 and len(text) >= 30) or ideographs >= 12 or len(_SPACELESS.findall(text)) >= 30:
        return 3
    return 1 if words >= 4 else 0


def _same_site(address: str, home: str) -> bool:
    """Whether one host equals the other or is a subdomain of it, ignoring www: arabic.example.com belongs to
    www.example.com."""
    one, other = ("." + (urlsplit(u).hostname or "").removeprefix("www.") for u in (address, home))
    return one.endswith(other) or other.endswith(one)


def _card(anchor: LexborNode) -> LexborNode | None:
    node: LexborNode | None = anchor
    for _ in range(_CARD_DEPTH):
        node = node.parent if node is not None else None
        if node is not None and node.tag in _CARDS:
            return node
    return None


def _dates(found: dict[str, _Link], zone: tzinfo | None, languages: tuple[str, ...]) -> dict[str, datetime]:
    """The date of each URL whose card contains no other article and exactly one time."""
    owners: dict[int, set[str]] = {}
    for address, link in found.items():
        for card in link.cards:
            owners.setdefault(card.mem_id, set()).add(address)
    published: dict[str, datetime] = {}
    for address, link in found.items():
        for card in link.cards:
            times = {node.attributes.get("datetime") for node in card.css("time[datetime]")}
            alone = len(times) == 1 and len(owners[card.mem_id]) == 1
            date = feed_dates.parse(times.pop(), zone, languages) if alone else None
            if date is not None:
                published.setdefault(address, date)
    return published


def _nothing(document: SourceDocument, links: str | None) -> SourceProblem:
    if phrase := wall(document.text):
        return SourceProblem(SourceReason.BOT_WALL, phrase=phrase)
    if links is not None:
        return SourceProblem(SourceReason.SELECTOR_FINDS_NOTHING, selector=links)
    return SourceProblem(SourceReason.NO_LINKS)
