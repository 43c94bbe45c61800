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

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs each page that it finds nothing on


def fill(draft: Draft, document: Document, node: jsonld.Node | None, ours: Rules) -> None:
    """Fills the body, from the site's selector or by the generic extractor; prunes the document's tree in place."""
    whole = document.tree.html or ""
    draft.removed += structure.prune(document.tree, ours.strip)
    if selector := ours.select.get("body"):
        draft.fill("body", paragraphs(document.tree.css(selector)), "rule")
    if draft.lacks("body"):
        said = jsonld.text(node.get("articleBody")) if node is not None else ""
        wanted = max(0.6 * len(said), 0.5 * _prose(document))
        found, origin = _first_good(document.tree.html or "", whole, wanted)
        if len(found) == 1 and fold(found[0]) == fold(draft.headline):
            found = []  # a page that scripts fill shows no more
        draft.fill("body", blocks.complete(found, document, draft.description or ""), origin)
        if draft.lacks("body") and said:
            draft.fill("body", [said], "json-ld")


def _first_good(pruned: str, whole: str, wanted: float) -> tuple[list[str], str]:
    """The first text that is as long as the page lets expect, else the longest; with its origin.

    The fast way first: the careful one costs as much again, and gives the same on most pages."""
    best: list[str] = []
    for html, fast, origin in ((pruned, True, "body"), (pruned, False, "body"), (whole, False, "body, unpruned")):
        found = generic(html, fast=fast)
        if _length(found) > 1.5 * _length(best):
            best, source = found, origin
        if best and _length(best) >= wanted:
            return best, source
    return best, source if best else ""


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


def _prose(document: Document) -> int:
    """Characters in the pruned page's paragraphs of some length: about what its article should have."""
    lengths = (len(p.text(strip=True)) for p in document.tree.css("p"))
    return sum(n for n in lengths if n > 80)
