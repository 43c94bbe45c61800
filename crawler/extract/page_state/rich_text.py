"""Text in the structures of publishing systems -> paragraphs: HTML, lists of blocks (Arc, Draft.js, Editor.js), trees
of nodes (ProseMirror, Lexical, Contentful, Portable Text) and their pieces of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from crawler.extract import dom_pruning
from crawler.extract.html_document import paragraphs
from crawler.extract.jsonld import plain
from crawler.extract.page_state.limits import MAX_DEPTH
from crawler.text import line

Node = Mapping[str, Any]
_KINDS = ("type", "_type", "nodeType", "kind", "component", "blockType", "blockName", "tag", "__typename")
_TEXTS = ("text", "content", "html", "innerHTML", "value", "body", "markup", "markdown", "paragraph", "rendered",
          "processed", "fragment", "raw", "txt", "string")  # fmt: skip
_CHILDREN = (
    "content_elements", "children", "content", "blocks", "items", "nodes", "elements", "components", "paragraphs",
    "listItems", "body", "sections", "parts", "rows", "cells", "value", "json", "document", "root", "fragments",
)  # fmt: skip
_WRAPPERS = ("data", "model", "attrs", "fields", "attributes", "props", "root", "document", "content", "value", "body",
             "json")  # fmt: skip
# Blocks of one paragraph: the pieces in it are parts of a line.
_LEAF = re.compile(
    r"(?:.*\W)?(?:paragraph|para|p|text|heading|header|h[1-6]|sub-?head\w*|title|list-?item|li|quote|block-?quote|block|lead"
    r"|fragment|intro|cross-?head\w*|question|answer|cell|td|th|span|link|hyperlink|strong|bold|italic|em|verse)(?:-block)?s?",
)
_LIST = re.compile(r"(?:.*\W)?(?:(?:un)?ordered-|bullet(?:ed)?-|number(?:ed)?-)?list|[uo]l")
_NO_TEXT = re.compile(
    r"image|photo|picture|figure|video|audio|embed|gallery|slideshow|\bads?\b|advert|promo|related|interstitial|raw-?html"
    r"|newsletter|social|oembed|iframe|divider|teaser|recirc|quiz|\bpoll\b|\bcta\b|pull-?quote|\bmap\b|\bchart\b|caption"
    r"|\bcredit|\bscript\b|\bstyle\b|button|\bform\b|\bcard\b|podcast|read-?more|see-?also|sponsor|widget|sign-?up"
    r"|subscri|comment|author-?bio|infobox"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_/.\s]")
# https://spec.commonmark.org/
_LINE_MARK = re.compile(r"(?:#{1,6}|>|[-*+])\s+(?=\S)")
_LINK = re.compile(r"(!?)\[([^\[\]]{0,500})\]\([^()\s]{0,2000}(?:\s[^()]{0,200})?\)")
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.{1,2000}?)(?<=\S)\1")
_BLOCK_TAG = re.compile(r"<(?:p|div|br|li|h[1-6]|blockquote|section|ul|ol|table)\b", re.IGNORECASE)


def read(value: Any, is_foreign: Callable[[Node], bool], depth: int = 0) -> list[str]:
    """The paragraphs of a text. Nodes that `is_foreign` takes for another article's are left out."""
    if depth > MAX_DEPTH:
        return []
    if isinstance(value, str):
        return of_string(value)
    if isinstance(value, list):
        return [text for one in value for text in read(one, is_foreign, depth + 1)]
    return _of_node(value, is_foreign, depth) if isinstance(value, dict) and not is_foreign(value) else []


def of_string(text: str) -> list[str]:
    """The paragraphs of a text, plain or in HTML."""
    if _BLOCK_TAG.search(text):
        tree = LexborHTMLParser(text)
        dom_pruning.prune(tree)
        for picture in tree.css("figure, figcaption, [class*='caption'], [class*='img']"):
            picture.decompose()
        return paragraphs([tree.body]) if tree.body is not None else []
    return [part for one in plain(text).split("\n") if (part := _unmarked(line(one)))]


def _unmarked(text: str) -> str:
    """A line without Markdown's marks for headings, items, quotes, bold type, links and pictures."""
    text = _LINE_MARK.sub("", text, count=1) if text[:1] in "#>-*+" else text
    text = _LINK.sub(lambda link: "" if link[1] else link[2], text) if "](" in text else text
    return _BOLD.sub(r"\2", text).strip() if "**" in text or "__" in text else text.strip()


def _of_node(node: Node, is_foreign: Callable[[Node], bool], depth: int) -> list[str]:
    kind = kind_of(node)
    if kind and _NO_TEXT.search(kind):
        return []
    if isinstance(pieces := node.get("ops"), list):  # Quill's: pieces of lines (https://quilljs.com/docs/delta)
        return of_string("".join(_raw(one.get("insert"), depth) for one in pieces if isinstance(one, dict)))
    own = next((node[key] for key in _TEXTS if isinstance(node.get(key), str) and node[key].strip()), "")
    children = next((node[key] for key in _CHILDREN if isinstance(node.get(key), list) and node[key]), None)
    if _LIST.fullmatch(kind) and children is not None:
        return [text for one in children if (text := _inline(one, depth + 1))]
    if own and (children is None or not isinstance(node.get("content"), list)):
        return of_string(own)
    if children is not None:
        several = isinstance(node.get("content_elements"), list)  # Arc's quotes hold blocks
        if _LEAF.fullmatch(kind) and not several and not _BLOCK_TAG.search(text := _raw(node, depth)):
            return of_string(text)
        return read(children, is_foreign, depth + 1)
    inner = next((node[key] for key in _WRAPPERS if isinstance(node.get(key), dict)), None)
    if inner is None:
        return []
    if _LEAF.fullmatch(kind) or _LIST.fullmatch(kind):
        return _of_node({"type": kind, **{k: v for k, v in inner.items() if k not in _KINDS}}, is_foreign, depth + 1)
    return read(inner, is_foreign, depth + 1)


def kind_of(node: Node) -> str:
    """What a node says it is, in words with hyphens: `core-paragraph`; "" if it does not."""
    kind = next((node[key] for key in _KINDS if isinstance(node.get(key), str)), "")
    return _CAMEL.sub("-", kind).lower()


def _inline(value: Any, depth: int) -> str:
    """The text of an item on one line."""
    return line(plain(_raw(value, depth)))


def _raw(value: Any, depth: int) -> str:
    """The pieces of text in a value, one behind the other, with their markup."""
    if depth > MAX_DEPTH:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_raw(one, depth + 1) for one in value)
    if not isinstance(value, dict) or _NO_TEXT.search(kind_of(value)):
        return ""
    for key in ("children", "content", "blocks", "nodes", "items", *_TEXTS, *_WRAPPERS):
        inner = value.get(key)
        if isinstance(inner, str | list | dict) and inner and (text := _raw(inner, depth + 1)):
            return text
    return ""
