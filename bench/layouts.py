"""What layouts learned from a site's own pages could spare at most: `make bench-layouts`.

The best that a layout could know of a page is where headline and text stand. Here it is told: the page is read in full,
cut down to the innermost element around both, and read again. It fails when the reason against layouts is gone: when
that spares a quarter of the CPU time, and no text is another one.
"""

from __future__ import annotations

import gzip
import json
import logging
import sys
import time
from collections import Counter
from dataclasses import fields
from unittest import mock

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bench.extraction import MODERN, PAGES, read
from crawler.errors import PageProblem
from crawler.extract import extractor
from crawler.extract.html_document import ancestors, text_of
from crawler.text import paragraphs
from index.model.article import Article

WORTH = 0.25  # of the CPU time, from which a layout would be worth what it must remember and check
BEGINNING = 40  # characters by which a paragraph is found on its page
INTERNAL = {"signature", "template", "origins", "content_hash"}


def around(tree: LexborHTMLParser, article: Article) -> LexborNode | None:
    """The innermost element around the headline and all of the text that the page shows; None if that is all of it."""
    texts = [bare(text)[:BEGINNING] for text in paragraphs(article.body)]
    heading = next((h for h in tree.css("h1, h2") if bare(text_of(h)) == bare(article.headline)), None)
    if heading is None or tree.body is None:
        return None
    shown = [text for text in texts if text in bare(tree.body.text())]
    within = (node for node in ancestors(heading) if all(text in bare(node.text()) for text in shown))
    found = next(within, None)
    return found if found is not None and found.tag not in ("body", "html") else None


def bare(text: str) -> str:
    """A text's letters and digits."""
    return "".join(filter(str.isalnum, text))


def cut(node: LexborNode) -> None:
    """Removes all elements of the body but this one and those around it."""
    while node.tag != "body" and (parent := node.parent) is not None:
        for beside in list(parent.iter()):
            if beside.mem_id != node.mem_id:
                beside.decompose()
        node = parent


def main() -> int:
    """Reads each page in full and cut down."""
    logging.disable(logging.CRITICAL)
    real = extractor.read
    told: list[Article | None] = [None]
    spent = [0.0]  # seconds of CPU on finding the element, which a layout would not take

    def cut_down(document: extractor.HtmlDocument, *others: object) -> object:
        start = time.process_time()
        if told[0] is not None and (node := around(document.tree, told[0])) is not None:
            cut(node)
        spent[0] += time.process_time() - start
        return real(document, *others)  # type: ignore[arg-type]

    full = short = 0.0
    pages = otherwise = 0
    other: Counter[str] = Counter()
    with mock.patch.object(extractor, "read", cut_down):
        for file in (f for source in MODERN for f in sorted((PAGES / source).glob("*.json"))):
            url = json.loads(file.read_text("utf-8"))["url"] or ""
            page = gzip.decompress(file.with_suffix(".html.gz").read_bytes())
            try:
                told[0] = None
                read(page, url)  # what it looks up once is not counted
                start = time.process_time()
                whole = read(page, url)
                between, told[0], spent[0] = time.process_time(), whole, 0.0
                part = read(page, url)
                ended = time.process_time() - spent[0]
            except PageProblem as problem:
                other[f"refused: {problem.reason}"] += 1
                continue
            full, short, pages = full + between - start, short + ended - between, pages + 1
            names = (field.name for field in fields(Article) if field.name not in INTERNAL)
            differing = [name for name in names if getattr(whole, name) != getattr(part, name)]
            other.update(differing)
            otherwise += bool(differing)
    ms, ratio = (1000 * seconds / pages for seconds in (full, short)), 1 - short / full
    print("{:.1f} ms of CPU a page, {:.1f} cut down to headline and text".format(*ms))
    print(f"read otherwise: {otherwise} of {pages} pages: {dict(other.most_common())}")
    well = ratio < WORTH or other["body"] > 0
    print(f"spared: {ratio:.2f} (worth it from {WORTH:g}): {'pass' if well else 'FAIL: layouts are worth it now'}")
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
