"""The values that a page carries for its scripts, whichever framework wrote them: one reader for all of them.

JSON in a script of its own (Next, Nuxt, Angular), assigned to a name or given to a function (Fusion, Apollo, Redux), in
a string (`JSON.parse("…")`), as a literal of JavaScript (SvelteKit, Nuxt 2), in attributes (Astro's islands, Inertia),
in rows that refer to each other (React's server components), and as one list of values that hold each other's places
(devalue, React Router).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from crawler.extract.page_state import flight, js_literal
from crawler.extract.page_state.limits import MAX_DEPTH, MAX_IN_VAIN

_MAX_CHARS = 2_000_000  # per script
_MAX_ALL_CHARS = 8_000_000  # of all scripts
_MAX_STARTS = 200  # places in a script at which a value is looked for
_MAX_VALUES = 60  # per page
_CHARS = 50  # of JSON that are read as fast as a value of JavaScript
_START = re.compile(r"[\[{]")
_PARSED = re.compile(r"(?:JSON\.parse|\bController\.enqueue|\.enqueue)\(\s*(decodeURIComponent\(\s*)?(?=[\"'`])")
_ATTRIBUTE = re.compile(r"""=\s*(?:"\s*[\[{](?:&quot;|&#34;|&#x22;)|'\s*[\[{](?:"|&quot;))""", re.IGNORECASE)
_MAX_ELEMENTS = 5_000  # whose attributes are looked at
_MIN_ATTRIBUTE_CHARS = 400  # of an attribute that may hold an article
# How Angular's transfer state was written until version 15
_ANGULAR = {"&q;": '"', "&s;": "'", "&l;": "<", "&g;": ">", "&a;": "&"}
_CALLED = re.compile(
    r"\(\s*function\s*\(([\w$,\s]{0,20000})\)\s*\{\s*(?:return\b)?"
)  # Nuxt 2: a literal with variables
_MIN_CHARS = 20  # of a value that is worth reading
_PLACES = re.compile(r'^\s*\[\s*(?:\[\s*"\w+"\s*,\s*\d+\s*\]|[\[{])')
_MAX_PLACES = 100_000  # values that devalue's list is unfolded to


def values(tree: LexborHTMLParser) -> Iterator[Any]:
    """The values in the page's scripts and attributes, in page order; what cannot be read is skipped."""
    read = found = 0
    rows: list[str] = []
    vain = [MAX_IN_VAIN]
    for node in tree.css("script, astro-island[props]"):
        if node.tag == "astro-island":
            content = node.attributes.get("props") or ""
        elif "ld+json" in (node.attributes.get("type") or "").lower():
            continue
        else:
            content = node.text(deep=True) or ""
        if not _MIN_CHARS <= len(content) <= _MAX_CHARS:
            continue
        read += len(content)
        if read > _MAX_ALL_CHARS or found > _MAX_VALUES:
            break
        if pushed := flight.pushed(content):
            rows += pushed
            continue
        for value in _of_island(content) if node.tag == "astro-island" else _of_script(content, vain):
            found += 1
            yield value
    if rows:
        yield flight.Tree("".join(rows))


def of_attributes(tree: LexborHTMLParser, markup: str) -> Iterator[Any]:
    """The values that a page carries in attributes, as Inertia and React on Rails have them."""
    for node in tree.css("body *")[:_MAX_ELEMENTS] if _ATTRIBUTE.search(markup) else ():
        for content in node.attributes.values() if node.tag != "astro-island" else ():
            if content and _MIN_ATTRIBUTE_CHARS <= len(content) <= _MAX_CHARS and content.lstrip()[:1] in ("{", "["):
                try:
                    yield json.loads(content)
                except (ValueError, RecursionError):
                    continue


def _of_island(props: str) -> Iterator[Any]:
    """Astro's properties: each value in a list, behind the number of its type."""
    try:
        yield _untyped(json.loads(props), 0)
    except (ValueError, RecursionError):
        return


def _untyped(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {key: _untyped(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], int):
        inner = value[1]
        if isinstance(inner, list):
            return [_untyped(one, depth + 1) for one in inner]
        return _untyped(inner, depth + 1) if isinstance(inner, dict) else inner
    return value


def _of_script(content: str, vain: list[int]) -> Iterator[Any]:
    """The values in a script: the whole of it, or those that begin somewhere in it. `vain` is how much more of the page
    may be read in vain."""
    if content.lstrip().startswith("{&q;"):
        for written, meant in _ANGULAR.items():
            content = content.replace(written, meant)
    try:
        yield _loaded(content)
    except (ValueError, RecursionError):
        yield from _of_strings(content)
        yield from _of_literals(content, vain)


def _loaded(text: str) -> Any:
    """The value of a JSON text; a list in which numbers are places of others is unfolded."""
    value = json.loads(text)
    whole = _unfolded(value) if isinstance(value, list) and _PLACES.match(text) else None
    return value if whole is None else whole


def _of_strings(content: str) -> Iterator[Any]:
    """The values that a script parses from strings."""
    for match in _PARSED.finditer(content):
        try:
            text, _ = js_literal.string(content, match.end())
            yield _loaded(unquote(text) if match[1] else text)
        except (ValueError, RecursionError):
            continue


def _of_literals(content: str, vain: list[int]) -> Iterator[Any]:
    """The values of the literals in a script, outer before inner."""
    decoder = json.JSONDecoder()
    names, at = _variables(content), 0
    for _ in range(_MAX_STARTS):
        start = _START.search(content, at)
        if start is None or vain[0] < 0:
            return
        try:
            value, at = decoder.raw_decode(content, start.start())
        except (ValueError, RecursionError) as wrong:
            if isinstance(wrong, json.JSONDecodeError):
                vain[0] -= (wrong.pos - start.start()) // _CHARS
            try:
                value, at = js_literal.read(content, start.start(), names)
            except js_literal.NoLiteral as none:
                vain[0] -= none.read
                at = start.end()
                continue
        if isinstance(value, dict | list) and at - start.start() >= _MIN_CHARS:
            yield value


def _variables(content: str) -> dict[str, Any]:
    """The values that a function called at once gets by the names of its parameters."""
    match = _CALLED.search(content)
    if match is None:
        return {}
    parameters = [name.strip() for name in match[1].split(",")]
    last = content.rfind("}(")
    try:
        given, _ = js_literal.read(f"[{content[last + 2 :].rsplit(')', 1)[0].rstrip(')')}]")
    except (ValueError, RecursionError):
        given = []
    return dict(zip(parameters, given, strict=False))


def _unfolded(places: list[Any]) -> Any:
    """The value of devalue's list (https://github.com/sveltejs/devalue): the first, in which numbers are places of
    others; None if the list is none of these."""
    left = [_MAX_PLACES]
    if not places[0]:
        return None
    return _at(0, places, left, ())


def _at(place: Any, places: list[Any], left: list[int], path: tuple[int, ...]) -> Any:
    left[0] -= 1
    if (
        not isinstance(place, int)
        or not 0 <= place < len(places)
        or left[0] < 0
        or place in path
        or len(path) > MAX_DEPTH
    ):
        return None
    value, inner = places[place], (*path, place)
    if isinstance(value, dict):
        return {_key(key, places): _at(one, places, left, inner) for key, one in value.items()}
    if isinstance(value, list):
        if value and value[0] == "D":  # React Router's date, in milliseconds
            return value[-1]
        if value and isinstance(value[0], str):  # ["Date", "2026-…"], ["Reactive", 4], ["Set", 1, 2]
            if value[0] in ("Set", "Map"):
                return [_at(one, places, left, inner) for one in value[1:]]
            last = value[-1]
            return _at(last, places, left, inner) if isinstance(last, int) and len(value) == 2 else last
        return [_at(one, places, left, inner) for one in value]
    return value


def _key(key: str, places: list[Any]) -> str:
    """The key of a property, which React Router writes as the place of a text: `_4`."""
    place = int(key[1:]) if key[:1] == "_" and key[1:].isdigit() and len(key) < 8 else -1
    named = places[place] if 0 <= place < len(places) else key
    return named if isinstance(named, str) else key
