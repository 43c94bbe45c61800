"""The article's text: trafilatura on the pruned page, and on the whole one only where that looks wrong."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from trafilatura import bare_extraction
from trafilatura.settings import Document as Found

from crawler.clean import structure
from crawler.clean.text import fold, line
from crawler.extract import blocks, jsonld
from crawler.extract.document import Document, paragraphs
from crawler.extract.draft import Draft
from crawler.site import Rules

_TAGS = 10_000  # tags of a page above which the careful way is not taken: 12,500 empty <div> hold it for 110 s
_SHORT = 500  # characters under which the fast way is not trusted
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs each page that it finds nothing on


def fill(draft: Draft, document: Document, node: jsonld.Node | None, ours: Rules) -> None:
    """Fills the body, from the site's selector or by the generic extractor; prunes the document's tree in place."""
    whole = document.tree.html or ""
    draft.removed += structure.prune(document.tree, ours.strip)
    if selector := ours.select.get("body"):
        draft.fill("body", paragraphs(document.tree.css(selector)), "rule")
    if draft.lacks("body"):
        on_page = blocks.read(document)
        said = _article_body(node)
        wanted = max(0.6 * _length(said), 0.5 * blocks.prose(on_page), _SHORT)
        found, origin = _first_good(document.tree.html or "", whole, wanted)
        if origin == "body, unpruned":  # what was taken off by itself does not come back with the rest
            off = {removed.text for removed in draft.removed}
            found = [text for text in found if text not in off] or found
        if len(found) == 1 and fold(found[0]) == fold(draft.headline):
            found = []  # a page that scripts fill shows no more
        draft.fill("body", blocks.complete(found, on_page, draft.description or ""), origin)
        read = _length(draft.body) / max(1, _length(said))
        if read < 0.2 or (read < 0.6 and _lacks(draft.body, said, document)):
            draft.body, draft.origins["body"] = said, "json-ld"


def _first_good(pruned: str, whole: str, wanted: float) -> tuple[list[str], str]:
    """The first text that is as long as the page lets expect, else the longest; with its origin.

    The fast way first: the careful one costs as much again, and gives the same on most pages."""
    best: list[str] = []
    source = ""
    for html, fast, origin in ((pruned, True, "body"), (pruned, False, "body"), (whole, False, "body, unpruned")):
        if not fast and html.count("<") > _TAGS:
            continue
        found = generic(html, fast=fast)
        if _length(found) > 1.5 * _length(best):
            best, source = found, origin
        if _length(best) >= wanted:
            break
    return best, source


def _lacks(found: list[str], said: list[str], document: Document) -> bool:
    """Whether much of what the metadata says is on the page and not in what was found. Some sites put their text into
    articleBody twice, or that of several articles."""
    page, whole, own = ("".join(text.split()) for text in (_text(document), " ".join(said), " ".join(found)))
    samples = [whole[len(whole) * n // 20 :][:40] for n in range(1, 19)]
    return sum(sample in page and sample not in own for sample in samples) >= 0.4 * len(samples)


def _text(document: Document) -> str:
    return document.tree.body.text() if document.tree.body is not None else ""


def _article_body(node: jsonld.Node | None) -> list[str]:
    """JSON-LD's articleBody: mostly without its paragraphs, and cut short on many sites, so only a measure and a last
    resort."""
    raw = node.get("articleBody") if node is not None else None
    return [text for part in jsonld.plain(raw).split("\n") if (text := line(part))] if isinstance(raw, str) else []


def generic(html: str, *, fast: bool) -> list[str]:
    """The paragraphs of a page's main text, [] where none is found. Less text is preferred over foreign text; `fast`
    leaves out trafilatura's comparison with other extractors."""
    found = bare_extraction(html, fast=fast, favor_precision=True, include_comments=False)
    if not isinstance(found, Found) or found.body is None:
        return []
    return [text for element in found.body for text in _blocks(element)]


def _blocks(element: Any) -> list[str]:
    """The paragraphs of one element of trafilatura's tree: <p>, <head>, <list>, <quote>, <table>, <code>."""
    if element.tag == "list":
        return [text for item in element.iter("item") for text in _lines(item)]
    if element.tag == "table":
        rows = ([line("".join(c.itertext())) for c in row.iter("cell")] for row in element.iter("row"))
        return ["\n".join(" | ".join(filter(None, cells)) for cells in rows if any(cells))]
    if element.tag == "quote" and element.find("p") is not None:
        return [text for child in element for text in _lines(child)]
    return _lines(element)


def _lines(element: Any) -> list[str]:
    """The text of an element, parted at line breaks: <br> parts paragraphs in much of the Arabic press."""
    for broken in element.iter("lb"):
        broken.tail = "\n" + (broken.tail or "")
    return [text for part in "".join(element.itertext()).split("\n") if (text := line(part))]


def _length(texts: Sequence[str]) -> int:
    return sum(map(len, texts))
