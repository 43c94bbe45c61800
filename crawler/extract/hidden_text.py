"""Elements that a browser loads and no reader sees: hidden by an attribute, by their own style, or by a class, an id or
a path of them (`.box .x`) that the page's own style sheets hide for good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.html_document import ancestors, judge

_HIDDEN = (
    '[hidden]:not([hidden="until-found"]), [style*="display:none" i], [style*="display: none" i],'
    # What AMP shows only to those who may not read the text (https://amp.dev/documentation/components/amp-access)
    ' [amp-access^="NOT" i], [subscriptions-section="content-not-granted"]'
)
_HIDDEN_NAMES = ("hidden", "d-none", "is-hidden", "u-hidden", "hide")  # of Tailwind, Bootstrap and others
_HIDDEN_CLASSES = frozenset(f".{name}" for name in _HIDDEN_NAMES)
# What the same element is at some width of the page: `md:block`, `d-md-block`.
_is_called_shown = judge(r":(?:block|flex|grid|inline|table|contents)|^d-\w{2,3}-\w+|^(?:show|visible)-")
_MAX_NAMES = 40  # hidden classes and ids that a page uses
_MAX_PATHS = 200  # hidden paths that are looked for
_MAX_CSS = 300_000  # characters of style sheets that are read
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LONE_NAME = re.compile(r"(?:p|div|span|section|li|a)?([.#]-?[A-Za-z_][\w-]*)")
_NAME = re.compile(r"[.#]-?[A-Za-z_][\w-]*")
_COMPOUND = r"(?:[A-Za-z][A-Za-z0-9]*(?:[.#]-?[A-Za-z_][\w-]*)*|(?:[.#]-?[A-Za-z_][\w-]*)+)"
_PATH = re.compile(rf"{_COMPOUND}(?:(?:\s*>\s*|\s+){_COMPOUND}){{1,4}}|[A-Za-z]*(?:[.#]-?[A-Za-z_][\w-]*){{2,3}}")
_LAST = re.compile(r"[^\s>]+$")
# States of the whole page, and of parts that scripts change: what they hide is shown a moment later
_STATE = re.compile(
    r"(?:^|[\s>])(?:html|body)\b|[.#-](?:(?:no-?)?js|load|loading|loaded|ready|init|active|open|closed|wf)\b"
)
_PLACING = re.compile(
    r"(?:^|;)\s*(?:display|visibility|position|left|right|top|clip|text-indent|opacity)\s*:", re.IGNORECASE
)
# Declarations that keep text from being seen, without spaces and in lower case: at least a hundred pixels outside of
# the page, or clipped to nothing.
_UNSEEN = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|content-visibility:hidden|text-indent:-\d{3,}"
    r"|clip:rect\(([01])(?:px)?(?:,?\1(?:px)?){3}\)|clip-path:(?:inset\((?:50|100)%\)|circle\(0(?:px|%)?\)|polygon\(0[^1-9]*\))"
    r"|transform:(?:scale\(0\)|translate[XYxy]?\(-\d{4,})|zoom:0(?:;|$))"
)
# Any of these; a pattern that begins with a letter would be compared with both forms of each character.
_HIDES = re.compile(
    r":(?:\s*(?:none|hidden|collapse|-\d{3}|rect|inset|circle\(\s*0|polygon\(\s*0|scale\(\s*0|translate\w?\(\s*-\d{4})"
    r"|(?:(?<=size:)|(?<=size\s:)|(?<=opacity:)|(?<=zoom:))\s*0)",
    re.IGNORECASE,
)
_OFF_PAGE = re.compile(r"(?:^|;)(?:left|right|top|bottom|inset-inline-start):-\d{3,}")
_PLACED = re.compile(r"(?:^|;)position:(?:absolute|fixed)")
_NO_SIZE = re.compile(r"(?:^|;)(?:max-)?(height|width):[01](?:px)?(?:!important)?(?=;|$)")
# A box that cannot be seen waits to be faded in, unless nothing can be done with it or it takes no place either.
_CLEAR = re.compile(r"(?:^|;)opacity:0(?:\.0+)?%?(?:!important)?(?=;|$)")
_FOR_GOOD = re.compile(r"(?:^|;)(?:pointer-events:none|position:absolute|(?:max-)?(?:height|width):[01](?:px)?(?=;|$))")
_NO_LETTERS = re.compile(r"(?:^|;)font-size:0(?:\.0+)?(?:px|pt|em|rem|%)?(?:!important)?(?:;|$)")
# Text that waits for a click or fades in: `accordion`, `read-more`.
_is_called_openable = judge(
    r"accordion|collaps|toggle|expand|(?:^|[\W_])tabs?|more|answer|panel|faq|spoiler|details|slide|carousel|swiper|load"
    r"|fade|anim|wow|invisible|lazy"
)
# The same for text that is part of an article: an answer, a further part
_is_called_answer = judge(r"accordion|collaps|answer|faq|spoiler|expand(?:able|ed)")


def hidden(tree: LexborHTMLParser) -> list[LexborNode]:
    """The elements whose text is never shown. To be called before <style> is removed from the tree."""
    found = {node.mem_id: node for node in tree.css(_HIDDEN) if not _opens(node)}
    css = _COMMENT.sub("", "".join(style.text(deep=True) for style in tree.css("style"))[:_MAX_CSS])
    named, paths = _in_force(tree, css)
    selectors = (*(f'[class~="{name}"]' for name in _HIDDEN_NAMES), *map(_selector, named))
    for node in tree.css(", ".join(("[style]", *selectors))):
        own, style = _names(node), node.attributes.get("style")
        unseen = style is not None and (_is_unseen(style, node) or _is_hidden_and_clear(style, node))
        unseen = unseen or any(_is_unseen(named[name], node) for name in own if name in named)
        unseen = unseen or (not _HIDDEN_CLASSES.isdisjoint(own) and not any(_is_called_shown(name[1:]) for name in own))
        if unseen and not any(map(_is_called_openable, own)):
            found[node.mem_id] = node
    for path, nodes in paths:
        openable = any(map(_is_called_openable, path.names))
        unseen_there = (node for node in nodes if not openable and _is_unseen(path.how, node))
        found.update((n.mem_id, n) for n in unseen_there if not any(map(_is_called_openable, _names(n))))
    return list(found.values())


def _opens(node: LexborNode) -> bool:
    """Whether an element waits for the reader's click to show more of the article it is in."""
    if not any(map(_is_called_answer, _names(node))):
        return False
    return any(parent.tag in ("article", "main") for parent in ancestors(node))


def _in_force(tree: LexborHTMLParser, css: str) -> tuple[dict[str, str], list[tuple[_Path, list[LexborNode]]]]:
    """What a style sheet hides on this page and no other rule shows: names, and paths with their elements."""
    names, paths = _hidden_names(css)
    hides = {name: how for name, how in names if tree.css_first(_selector(name)) is not None}
    any_of_them = ", ".join(path.selector for path in paths)
    ways = [(path, tree.css(path.selector)) for path in paths] if paths and tree.css_first(any_of_them) else []
    ways = [(path, nodes) for path, nodes in ways if nodes]
    told = frozenset(hides).union(*(path.told_by for path, _ in ways))
    placed = _placed(css, told) if told else frozenset()
    left = islice(hides.items(), _MAX_NAMES)
    return {name: how for name, how in left if name not in placed}, [w for w in ways if placed.isdisjoint(w[0].told_by)]


class _Path(NamedTuple):
    """A selector of several names, all of them, and those that another rule has to name to show what it hides."""

    selector: str
    names: frozenset[str]
    told_by: frozenset[str]
    how: str


def _names(node: LexborNode) -> tuple[str, ...]:
    """An element's classes (`.x`) and id (`#x`)."""
    attributes = node.attributes
    id_ = attributes.get("id")
    return (*(f".{name}" for name in (attributes.get("class") or "").split()), *((f"#{id_}",) if id_ else ()))


def _selector(name: str) -> str:
    """The selector of a class or an id that may hold any characters."""
    return f'[class~="{name[1:]}"]' if name.startswith(".") else f'[id="{name[1:]}"]'


def _is_unseen(style: str, node: LexborNode) -> bool:
    """Whether declarations keep an element's text from being seen. Letters without size only count in one without other
    elements: a row of boxes has none either."""
    return _hides(style) or (_has_no_letters(style) and next(iter(node.iter()), None) is None)


def _is_hidden_and_clear(style: str, node: LexborNode) -> bool:
    """Whether an element is shown neither to those who see nor to those who listen."""
    return _is_clear(style) and node.attributes.get("aria-hidden") == "true"


@lru_cache(maxsize=20_000)
def _is_clear(style: str) -> bool:
    return _CLEAR.search(_squeezed(style)) is not None


@lru_cache(maxsize=20_000)  # a page has few styles for many elements
def _hides(style: str) -> bool:
    squeezed = _squeezed(style)
    if not squeezed:
        return False
    if _UNSEEN.search(squeezed) or (_PLACED.search(squeezed) and _OFF_PAGE.search(squeezed)):
        return True
    if "overflow:hidden" in squeezed and len(set(_NO_SIZE.findall(squeezed))) > 1:
        return True
    return _CLEAR.search(squeezed) is not None and _FOR_GOOD.search(squeezed) is not None


@lru_cache(maxsize=20_000)
def _has_no_letters(style: str) -> bool:
    return _NO_LETTERS.search(_squeezed(style)) is not None


def _squeezed(style: str) -> str:
    return "".join(style.split()).lower()


@lru_cache(maxsize=16)  # a site's pages have the same style sheet
def _hidden_names(css: str) -> tuple[tuple[tuple[str, str], ...], tuple[_Path, ...]]:
    """The classes (`.x`) and ids (`#x`) that a style sheet hides by themselves and without a condition such as @media,
    with how; and the paths that it hides in the same way."""
    found: list[tuple[str, str]] = []
    paths: list[_Path] = []
    for said, how, depth in _rules(css, _HIDES):
        if not depth and (_hides(how) or _has_no_letters(how)):
            selectors = [one.strip() for one in said.split(",")]
            found += [(name[1], how) for one in selectors if (name := _LONE_NAME.fullmatch(one))]
            paths += [path for one in selectors if (path := _path(one, how))]
    return tuple(found), tuple(paths[:_MAX_PATHS])


def _path(selector: str, how: str) -> _Path | None:
    """A selector of several names, unless it is of another kind, or depends on a state."""
    if _LONE_NAME.fullmatch(selector) or not _PATH.fullmatch(selector) or _STATE.search(selector):
        return None
    last = _LAST.search(selector)
    names = frozenset(_NAME.findall(selector))
    told_by = frozenset(_NAME.findall(last[0])) if last else names
    return _Path(selector, names, told_by or names, how) if names else None


@lru_cache(maxsize=16)
def _placed(css: str, names: frozenset[str]) -> frozenset[str]:
    """Those of the classes and ids in the selectors of rules that place what has them, and so show it again."""
    found: set[str] = set()
    named = "|".join(re.escape(name[1:]) for name in sorted(names))
    for said, how, _ in _rules(css, re.compile(rf"[.#](?:{named})")):
        if _PLACING.search(how) and not (_hides(how) or _has_no_letters(how)):
            found.update(_NAME.findall(said))
    return names & found


def _rules(css: str, wanted: re.Pattern[str]) -> Iterator[tuple[str, str, int]]:
    """The rules of a style sheet in whose selectors or declarations the pattern matches, each once: selectors,
    declarations, and the number of conditions around. In one pass."""
    counted = depth = end = 0
    for match in wanted.finditer(css):
        at = match.start()
        if at < end:
            continue
        opens, close = css.find("{", at), css.find("}", at)
        if close < 0:
            return
        start = opens if 0 <= opens < close else css.rfind("{", end, at)  # it is in the selectors, or behind them
        if start >= 0 and css.find("{", start + 1, close) < 0:  # else in a condition
            depth += css.count("{", counted, start) - css.count("}", counted, start)
            counted = start
            begin = max(end, *(css.rfind(mark, end, start) + 1 for mark in "{};"))
            yield css[begin:start], css[start + 1 : close], depth
            end = close + 1
