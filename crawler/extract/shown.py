"""What readers see around an article, where the page does not say it to machines: date, authors, section, tags."""

from __future__ import annotations

import logging
import re

from htmldate import find_date
from selectolax.lexbor import LexborNode

from crawler.extract import dates
from crawler.extract.document import Document, ancestors, attribute, text_of
from crawler.extract.draft import Draft
from crawler.extract.metadata import fill_date, keywords
from crawler.extract.names import names

logging.getLogger("htmldate").setLevel(logging.CRITICAL)
_TIMES = 12  # <time> elements and dated classes that are looked at
_ELSEWHERE = re.compile(
    r"related|recommend|sidebar|side-bar|widget|teaser|promo|popular|latest|comment|footer|newsletter|trending|more-|card"
    r"|breaking|ticker|carousel|slider|menu|nav",
    re.I,
)
_CHANGED = re.compile(r"updat|modif|edit|changed|aktual|maj|تحديث|обновл|به ?روز", re.I)
_DATED = (
    "[class*='publish' i], [class*='pubdate' i], [class*='date' i], [class*='timestamp' i], [class*='datetime' i],"
    " [id*='date' i]"
)
_AUTHORS = (
    "a[rel~='author'], [class~='author-name' i], [class~='byline-name' i], [class*='author__name' i],"
    " [class*='author-name' i], [class*='byline' i] a, [class~='author' i] a, [class~='byline' i], [class~='author' i]"
)
_SECTIONS = (
    "a[rel~='category'], .post-cat, .entry-category a, .cat-links a, [class*='article-section' i] a,"
    " [class*='article-category' i] a, [class*='breadcrumb' i] a"
)
_LONGEST = 60  # characters of a section's or an author's name


def fill(draft: Draft, document: Document, place: dates.Place) -> None:
    """Fills what is still empty from what readers see; elements of teasers, boxes and comments are passed over."""
    if draft.lacks("published"):
        _fill_dates(draft, document, place)
    if draft.lacks("authors"):
        for node in _near(document, _AUTHORS):
            if found := names([text_of(node)]):
                if all(len(n) <= _LONGEST for n in found):
                    draft.fill("authors", found, "page")
                break
    if draft.lacks("section"):
        labels = [t for n in document.tree.css(_SECTIONS)[:8] if 1 < len(t := text_of(n)) <= _LONGEST]
        headline = draft.headline.casefold()
        draft.fill("section", next((t for t in reversed(labels) if t.casefold() != headline), None), "page")
    if draft.lacks("keywords"):
        draft.fill("keywords", keywords([text_of(n) for n in document.tree.css("a[rel~='tag']")[:30]]), "page")


def by_htmldate(draft: Draft, html: str, place: dates.Place) -> None:
    """The day that htmldate finds in the markup, where nothing else gave one. Not its extensive search, which takes
    15 كانون الثاني 2024 for the first of January."""
    if draft.lacks("published"):
        found = find_date(html, extensive_search=False, original_date=True)
        fill_date(draft, "published", dates.machine(found, place) if found else None, "htmldate")


def _fill_dates(draft: Draft, document: Document, place: dates.Place) -> None:
    for node in _near(document, "time[datetime]")[:_TIMES]:
        name = (
            "modified"
            if _CHANGED.search(f"{attribute(node, 'class', 'itemprop')} {text_of(node)[:40]}")
            else "published"
        )
        fill_date(draft, name, dates.machine(attribute(node, "datetime"), place), "time")
    if not draft.lacks("published"):
        return
    for node in [*_near(document, "time"), *_near(document, _DATED)][:_TIMES]:
        text = text_of(node)
        if 6 <= len(text) <= 120:
            name = "modified" if _CHANGED.search(text) else "published"
            fill_date(draft, name, dates.visible(text, place), "page")


def _near(document: Document, selector: str) -> list[LexborNode]:
    """What matches and does not stand in a teaser, a box or the page's frame; what follows the headline first."""
    return [n for n in document.tree.css(selector)[:60] if not _elsewhere(n)]


def _elsewhere(node: LexborNode) -> bool:
    for parent in ancestors(node):
        if parent.tag in ("article", "main", "body"):
            return False
        if parent.tag in ("aside", "nav", "footer", "li") or _ELSEWHERE.search(attribute(parent, "class")):
            return True
    return False
