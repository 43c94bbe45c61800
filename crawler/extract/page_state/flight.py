"""React's server components (`self.__next_f.push`): rows of a tree of elements, in pieces over many scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from crawler.extract.page_state import js_literal
from crawler.extract.page_state.limits import MAX_NODES

_PUSH = re.compile(r"__next_f\s*(?:=[^;]{0,60}|\|\|\s*\[\])?\)?\.push\(\s*\[\s*\d+\s*,\s*(?=[\"'])")
_ROW = re.compile(r"([0-9a-f]{1,6}):(?:T([0-9a-f]{1,6}),|([A-Z]{1,2})?(?=[\[{\"tfn\d-]))")
_LINE = re.compile(f"^{_ROW.pattern}", re.MULTILINE)
_REFERENCE = re.compile(r"\$[L@]?([0-9a-f]{1,6})(?::.*)?")
_TAG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_VOID = frozenset(("img", "br", "hr", "input", "link", "meta", "source"))
_DROPPED = frozenset(("script", "style", "link", "meta", "svg", "title"))
_ATTRIBUTES = {"className": "class", "id": "id", "href": "href", "dateTime": "datetime", "src": "src", "alt": "alt",
               "rel": "rel", "role": "role", "itemProp": "itemprop"}  # fmt: skip
_MAX_DEPTH = 200
_MAX_ROWS = 5_000


def pushed(script: str) -> list[str]:
    """The pieces of rows that a script adds; [] if it adds none."""
    pieces = []
    for match in _PUSH.finditer(script):
        try:
            pieces.append(js_literal.string(script, match.end())[0])
        except ValueError:
            continue
    return pieces


class Tree:
    """The rows of a page, by their ids."""

    def __init__(self, text: str) -> None:
        self.rows = dict(_rows(text))
        self._left = MAX_NODES

    def values(self) -> list[Any]:
        """The values of all rows, in which references to others are replaced by their values."""
        return [self._resolved(value, 0, (name,)) for name, value in self.rows.items()]

    def html(self) -> str:
        """The elements as HTML, those of the first row and those that no other refers to."""
        self._left = MAX_NODES
        parts: list[str] = []
        done: set[str] = set()
        for name in self.rows:
            if name not in done:
                self._render(f"${name}", parts, done, 0)
        return "".join(parts)

    def _resolved(self, value: Any, depth: int, path: tuple[str, ...]) -> Any:
        self._left -= 1
        if depth > _MAX_DEPTH // 2 or self._left < 0:
            return None
        if isinstance(value, dict):
            return {key: self._resolved(one, depth + 1, path) for key, one in value.items()}
        if isinstance(value, list):
            return [self._resolved(one, depth + 1, path) for one in value]
        match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if match and match[1] in self.rows and match[1] not in path:
            return self._resolved(self.rows[match[1]], depth + 1, (*path, match[1]))
        return value[2:] if isinstance(value, str) and value.startswith("$D") else value

    def _render(self, value: Any, parts: list[str], done: set[str], depth: int, *, shown: bool = False) -> None:
        """Adds a value as HTML; a string is text only where it is `shown`, as a child of an element."""
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            return
        if isinstance(value, str):
            match = _REFERENCE.fullmatch(value)
            if match and match[1] in self.rows:
                if match[1] not in done:
                    done.add(match[1])
                    self._render(self.rows[match[1]], parts, done, depth + 1, shown=shown)
            elif shown and not value.startswith("$"):
                parts.append(escape(value))
        elif isinstance(value, list) and len(value) >= 4 and value[0] == "$":
            self._element(value[1], value[3], parts, done, depth)
        elif isinstance(value, list):
            for one in value:
                self._render(one, parts, done, depth + 1, shown=shown)
        elif isinstance(value, dict):
            for one in value.values():
                self._render(one, parts, done, depth + 1)
        elif shown and isinstance(value, int | float) and not isinstance(value, bool):
            parts.append(str(value))

    def _element(self, tag: Any, props: Any, parts: list[str], done: set[str], depth: int) -> None:
        name = tag if isinstance(tag, str) and _TAG.fullmatch(tag) else ""
        if name in _DROPPED:
            return
        properties = props if isinstance(props, dict) else {}
        if name:
            said = ((html, properties.get(own)) for own, html in _ATTRIBUTES.items())
            attributes = [f' {html}="{escape(value)}"' for html, value in said if isinstance(value, str)]
            parts.append(f"<{name}{''.join(attributes)}>")
        raw = properties.get("dangerouslySetInnerHTML")
        if isinstance(raw, dict):
            inner = self._resolved(raw.get("__html"), 0, ())
            parts.append(inner if isinstance(inner, str) else "")
        if name:
            self._render(properties.get("children"), parts, done, depth + 1, shown=True)
            parts.append("" if name in _VOID else f"</{name}>")
        else:
            self._render(properties.get("children"), parts, done, depth + 1, shown=True)
            for key, value in properties.items():
                if key != "children" and isinstance(value, dict | list):
                    self._render(value, parts, done, depth + 1)


def _rows(text: str) -> Iterator[tuple[str, Any]]:
    """The id and the value of each row: JSON on a line of its own, or a text of so many bytes without a line's end."""
    decoder = json.JSONDecoder(strict=False)
    match = _LINE.search(text)
    for _ in range(_MAX_ROWS):
        if match is None:
            return
        at = match.end()
        if match[2]:
            size = int(match[2], 16)
            inner = text[at : at + size].encode("utf-8", "surrogatepass")[:size].decode("utf-8", "ignore")
            yield match[1], inner
            at += len(inner)
            match = _ROW.match(text, at) or _LINE.search(text, at)
            continue
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            value = None
        if value is not None and not match[3]:
            yield match[1], value
        match = _LINE.search(text, at)
