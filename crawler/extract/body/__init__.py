"""The body of an article: by the site's selector, else the main content found in the pruned page, else, if that fails
the checks, trafilatura on the pruned page and then on the whole; JSON-LD's articleBody as a last resort."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from trafilatura import bare_extraction
from trafilatura.settings import Document as Found

from crawler.extract import dom_pruning, jsonld
from crawler.extract.body import main_content, metadata_lines, text_blocks
from crawler.extract.body.apart import apart
from crawler.extract.body.recall import restore_missed
from crawler.extract.body.text_blocks import Block, Elements
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, paragraphs
from crawler.extract.page_state import rich_text
from crawler.site_config import Rules
from crawler.text import fold, length, line, unescaped, without_endless

_TAGS = 10_000  # tags above which trafilatura's slow mode is not used: 12,500 empty <div> take it 110 s
_TAGS_FAST = 50_000  # the same for its fast mode: 200,000 tags of a table take it 10 s
_FLASH = 200  # characters below which a text is compared with trafilatura's; of 745 real pages one in forty has fewer
_PARAGRAPH = 80  # characters of a paragraph with which a text may begin once more
_RUN = 3  # paragraphs in a row that are no refrain
TOLD_IN_CAPTIONS = "captions"  # the origin of a body that is told below the article's pictures
_PICTURES = 3  # with captions that may tell a story by themselves
_CAPTION = 60  # characters of such a caption
_OF_CAPTIONS = 1.5  # how much more of it they must tell than all other text
_MORE = 1.5  # another text must be this many times as long to replace the one found
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs each page on which it finds nothing


def fill(draft: Draft, document: HtmlDocument, node: jsonld.Node | None, ours: Rules) -> None:
    """Fills the draft's body, by the site's selector or the generic extractor; prunes the document's tree in place."""
    host = urlsplit(document.url).hostname or ""
    draft.removed += dom_pruning.prune(document.tree, ours.strip, draft.headline, host)
    body = document.tree.body
    pieces, elements = text_blocks.read((body.html or "") if body is not None else "")
    if selector := ours.select.get("body"):
        draft.fill("body", paragraphs(document.tree.css(selector)), "rule")
    if draft.lacks("body"):
        said = _article_body(node)
        if fold(" ".join(said)) == fold(draft.description or ""):
            said = []  # only a copy of the description
        found, origin = _generic(draft, document, said, pieces, elements)
        found = _once(found)
        tags = {piece.text: piece.tag for piece in sorted(pieces, key=lambda piece: piece.found)}
        found, off = metadata_lines.without(
            found, tags, (draft.published, draft.modified), draft.authors, draft.headline
        )
        draft.removed += off
        draft.fill("authors", metadata_lines.signers(off, found), "body")
        draft.fill("body", found, origin)
        read = length(draft.body) / max(1, length(said))
        if read < 0.2 or (read < 0.6 and (_lacks(draft.body, said, document) or _begins(draft.body, said))):
            draft.body, draft.origins["body"] = said, "json-ld"
        if told := _in_captions(draft):
            draft.body, draft.origins["body"] = told, TOLD_IN_CAPTIONS
    draft.apart = apart(draft.body, pieces)


def _in_captions(draft: Draft) -> list[str]:
    """The text of a story that is told below its pictures, after what stands above them; [] if it is told elsewhere."""
    above = [text for text in draft.body if fold(text) != fold(draft.headline)]
    captions = dict.fromkeys(image.caption for image in draft.images if image.caption)
    told = [text for text in captions if text_blocks.size(text) >= _CAPTION and text not in above]
    enough = len(told) >= _PICTURES and length(told) > _OF_CAPTIONS * length(above)
    return [*above, *told] if enough else []


def _once(found: list[str]) -> list[str]:
    """The paragraphs without runs that stood before: pages hold their text once more for small screens or for print."""
    places: dict[str, int] = {}
    kept: list[str] = []
    at = 0
    while at < len(found):
        before = places.get(found[at], at) if len(found[at]) >= _PARAGRAPH else at
        run = 0
        while before + run < at and at + run < len(found) and found[before + run] == found[at + run]:
            run += 1
        if run >= _RUN:
            at += run
            continue
        places.setdefault(found[at], at)
        kept.append(found[at])
        at += 1
    return kept


def _generic(
    draft: Draft, document: HtmlDocument, said: list[str], pieces: list[Block], elements: Elements
) -> tuple[list[str], str]:
    """The text of a page without a selector for it, and its origin."""
    scope = main_content.find(pieces, elements, draft.headline, " ".join(said))
    found, origin = [b.text for b in pieces if b.found], "body"
    wanted = max(0.6 * length(said), _FLASH)
    if length(found) < wanted:
        other, source = _first_good(document, wanted)
        if length(other) > _MORE * length(found):
            found, origin, scope = other, source, pieces
            for piece in pieces:
                piece.found = False
    if origin == "trafilatura, unpruned":  # what was removed on its own must not come back with the rest
        off = {removed.text for removed in draft.removed}
        found = [text for text in found if text not in off] or found
    if len(found) == 1 and fold(found[0]) == fold(draft.headline):
        found = []  # a page that is filled by scripts contains nothing else
    return restore_missed(found, scope, elements, draft), origin


def _first_good(document: HtmlDocument, wanted: float) -> tuple[list[str], str]:
    """The first of trafilatura's texts with at least `wanted` characters, else the longest, and its origin.

    Fast mode comes first: the slow one takes as long again and yields the same on most pages."""
    pruned = document.tree.html or ""
    best: list[str] = []
    source = ""
    for markup, fast, origin in (
        (pruned, True, "trafilatura"),
        (pruned, False, "trafilatura"),
        (document.markup, False, "trafilatura, unpruned"),
    ):
        if markup.count("<") > (_TAGS_FAST if fast else _TAGS):
            continue
        found = _trafilatura(markup, fast=fast)
        if length(found) > _MORE * length(best):
            best, source = found, origin
        if length(best) >= wanted:
            break
    return best, source


def _lacks(found: list[str], said: list[str], document: HtmlDocument) -> bool:
    """Whether much of the metadata's text is on the page but missing from the text found. Some sites put their text
    into articleBody twice, or that of several articles."""
    page, whole, own = ("".join(text.split()) for text in (_text(document), " ".join(said), " ".join(found)))
    samples = [whole[len(whole) * n // 20 :][:40] for n in range(1, 19)]
    return sum(sample in page and sample not in own for sample in samples) >= 0.4 * len(samples)


def _begins(found: list[str], said: list[str]) -> bool:
    """Whether the text found is the beginning of the metadata's, of which the page shows no more."""
    own = "".join("".join(found).split())
    return bool(own) and "".join("".join(said).split()).startswith(own.rstrip(".…"))


def _text(document: HtmlDocument) -> str:
    return document.tree.body.text() if document.tree.body is not None else ""


def _article_body(node: jsonld.Node | None) -> list[str]:
    """The paragraphs of JSON-LD's articleBody, plain or in HTML. It mostly lacks paragraph breaks and is truncated on
    many sites, so it serves only for comparison, where the page breaks off, and as a last resort."""
    raw = node.get("articleBody") if node is not None else None
    if not isinstance(raw, str):
        return []
    raw = raw if "\n" in raw else raw.replace("\\r", "").replace("\\n", "\n")  # escaped once more
    return rich_text.of_string(unescaped(raw) if "&lt;" in raw else raw)


def _trafilatura(markup: str, *, fast: bool) -> list[str]:
    """The paragraphs of a page's main text, [] if none is found, favouring precision over recall; `fast` skips
    trafilatura's comparison with other extractors."""
    found = bare_extraction(without_endless(markup), fast=fast, favor_precision=True, include_comments=False)
    if not isinstance(found, Found) or found.body is None:
        return []
    return [text for element in found.body for text in _blocks(element)]


def _blocks(element: Any) -> list[str]:
    """The paragraphs of an element in trafilatura's tree: <p>, <head>, <list>, <quote>, <table>, <code>."""
    if element.tag == "list":
        return [text for item in element.iter("item") for text in _lines(item)]
    if element.tag == "table":
        rows = ([line("".join(c.itertext())) for c in row.iter("cell")] for row in element.iter("row"))
        return ["\n".join(" | ".join(filter(None, cells)) for cells in rows if any(cells))]
    if element.tag == "quote" and element.find("p") is not None:
        return [text for child in element for text in _lines(child)]
    return _lines(element)


def _lines(element: Any) -> list[str]:
    """The text of an element, split at line breaks: much of the Arabic press separates paragraphs by <br>."""
    for broken in element.iter("lb"):
        broken.tail = "\n" + (broken.tail or "")
    return [text for part in "".join(element.itertext()).split("\n") if (text := line(part))]
