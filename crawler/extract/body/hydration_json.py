"""Text that is only in a script: pages rendered in the browser by a framework (Next, Nuxt, Fusion and others) contain
their article as JSON, with a structure that differs from site to site."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from crawler.extract.html_document import paragraphs
from crawler.text import line

_SCRIPT = re.compile(r"<script\b[^>]*>")
_START = re.compile(r"[\[{]")
_ROW = re.compile(r"^[0-9a-f]{1,4}:(?=[\[{])", re.MULTILINE)  # React's serialised trees: lines of id:JSON
_RAW = re.compile(r"[0-9a-f]{1,4}:[\"[{A-Z]")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")
_SPACE = re.compile(r"\s|[\u3040-\u9fff]")
_CODE = re.compile(r"[{}=;\[\]|$]|https?:")
_CODE_MOST = 60  # minimum characters of text per match of _CODE
# In keys whose texts do not belong to an article.
_OTHER = re.compile(
    r"desc|summ|excerpt|teaser|lead|deck|title|headline|caption|alt|meta|seo|comment|polic|legal|terms|cookie|consent"
    r"|related|author|bio|url|src|style|css|script|label|message|config|i18n|translation|locale|ads?$",
    re.IGNORECASE,
)
_MAX_CHARS = 2_000_000  # per script
_MAX_NODES = 50_000  # in all JSON on a page
_MAX_JSON_STARTS = 20  # positions in a script at which JSON parsing is attempted
_PROSE = 60  # minimum characters of a paragraph
_ARTICLE_MIN_CHARS = 400  # minimum characters of an article


def text(markup: str) -> list[str]:
    """The paragraphs of the longest prose under one key path in the JSON of a page's scripts; [] if that is shorter
    than an article."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    left = _MAX_NODES
    for content in _scripts(markup):
        for value in _values(content):
            left = _collect(value, groups, left)
    found = max(groups.values(), key=lambda texts: sum(map(len, texts)), default=[])
    body = [part for one in found for part in _paragraphs(one)]
    return body if sum(map(len, body)) >= _ARTICLE_MIN_CHARS else []


def _scripts(markup: str) -> Iterator[str]:
    for match in _SCRIPT.finditer(markup):
        end = markup.find("</script", match.end())
        if 0 <= end - match.end() <= _MAX_CHARS and "ld+json" not in match[0]:
            yield markup[match.end() : end]


def _values(content: str) -> Iterator[Any]:
    """The JSON values in a script: the whole script, values in assignments and calls, rows within a string."""
    decoder = json.JSONDecoder()
    at = 0
    for _ in range(_MAX_JSON_STARTS):
        start = _START.search(content, at)
        if start is None:
            return
        try:
            value, at = decoder.raw_decode(content, start.start())
        except (ValueError, RecursionError):
            at = start.end()
            continue
        yield value
        for row in value if isinstance(value, list) else ():
            if isinstance(row, str) and _ROW.search(row):
                for match in _ROW.finditer(row):
                    try:
                        yield decoder.raw_decode(row, match.end())[0]
                    except (ValueError, RecursionError):
                        continue


def _collect(value: Any, groups: dict[tuple[str, ...], list[str]], left: int) -> int:
    """Adds the prose in a value to the groups, by key path; returns how many nodes may still be visited."""
    stack: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
    while stack and left > 0:
        left -= 1
        node, names = stack.pop()
        if isinstance(node, dict):
            stack.extend((v, (*names, k)) for k, v in reversed(node.items()) if not _OTHER.search(k))
        elif isinstance(node, list):
            stack.extend((v, names) for v in reversed(node))
        elif isinstance(node, str) and _is_prose(node):
            groups[names].append(node)
    return left


def _is_prose(text: str) -> bool:
    """Whether a string is prose, plain or in HTML, and not code, a URL or data."""
    if len(text) < _PROSE or text.startswith(("{", "[")) or _RAW.match(text):
        return False
    plain = _TAG.sub("", text) if "<" in text else text
    return _SPACE.search(plain) is not None and _CODE_MOST * len(_CODE.findall(plain)) < len(plain)


def _paragraphs(raw: str) -> list[str]:
    if "<" in raw:
        body = LexborHTMLParser(raw).body
        if body is not None:
            for picture in body.css("figure, figcaption, script, style, [class*='caption'], [class*='img']"):
                picture.decompose()
        return paragraphs([body]) if body is not None else []
    return [part for one in raw.split("\n") if (part := line(one))]
