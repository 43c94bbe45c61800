"""The site's own rules: CSS selectors per field, which take precedence over all other sources."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from crawler.extract import dates, images, metadata
from crawler.extract.author_names import names
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, attribute, text_of
from crawler.site_config import Rules
from crawler.text import line


def apply(draft: Draft, document: HtmlDocument, rules: Rules, place: dates.Place) -> None:
    """Fills the draft by the site's selectors, except `body`, which the package `body` reads after pruning.

    If a selector matches nothing, its field is left to the other sources: the site's layout may have changed."""
    for name, selector in rules.select.items():
        nodes = document.tree.css(selector)
        if not nodes or name == "body":
            continue
        if name in ("published", "modified"):
            said = attribute(nodes[0], "datetime", "content") or text_of(nodes[0])
            dated = dates.machine(said, place) or dates.visible(said, place)
            metadata.fill_date(draft, name, dated, "rule")
        elif name == "authors":
            draft.fill(name, names(map(_text_of, nodes)), "rule")
        elif name == "keywords":
            draft.fill(name, metadata.keywords([_text_of(n) for n in nodes]), "rule")
        elif name == "images":
            draft.fill(name, images.below(nodes, document.base), "rule")
        else:
            draft.fill(name, _text_of(nodes[0]), "rule")


def _text_of(node: LexborNode) -> str:
    return line(attribute(node, "content")) if node.tag == "meta" else text_of(node)
