"""Elements that a browser loads and no reader sees: hidden by an attribute, by their own style, or by a class or an id
that the page's own style sheets hide for good."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.html_document import judge

_HIDDEN = '[hidden]:not([hidden="until-found"]), [style*="display:none" i], [style*="display: none" i]'
_HIDDEN_NAMES = frozenset(("hidden", "d-none", "is-hidden", "u-hidden", "hide"))  # of Tailwind, Bootstrap and others
# What the same element is at some width of the page: `md:block`, `d-md-block`.
_is_called_shown = judge(r":(?:block|flex|grid|inline|table|contents)|^d-\w{2,3}-\w+|^(?:show|visible)-")
_MAX_NAMES = 40  # hidden classes and ids that a page uses
_MAX_CSS = 300_000  # characters of style sheets that are read
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLOCK = re.compile(r"\{([^{}]*)\}")
_LONE_NAME = re.compile(r"(?:p|div|span|section|li|a)?([.#]-?[A-Za-z_][\w-]*)")
_NAME = re.compile(r"[.#]-?[A-Za-z_][\w-]*")
_PLACING = re.compile(r"(?:^|;)\s*(?:display|visibility|position|left|right|top|clip|text-indent)\s*:", re.IGNORECASE)
# Declarations that keep text from being seen, without spaces and in lower case: at least a hundred pixels outside of
# the page, or clipped to nothing.
_UNSEEN = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|text-indent:-\d{3,}"
    r"|clip:rect\(0(?:px)?(?:,?0(?:px)?){3}\)|clip-path:inset\((?:50|100)%\)|transform:scale\(0\))"
)
# Any of these; a pattern that begins with a letter would be compared with both forms of each character.
_HIDES = re.compile(
    r":(?:\s*(?:none|hidden|collapse|-\d{3}|rect|inset|scale\(\s*0)|(?:(?<=size:)|(?<=size\s:))\s*0)", re.IGNORECASE
)
_OFF_PAGE = re.compile(r"(?:^|;)(?:left|right|top|bottom|inset-inline-start):-\d{3,}")
_PLACED = re.compile(r"(?:^|;)position:(?:absolute|fixed)")
_NO_SIZE = re.compile(r"(?:^|;)(?:max-)?(height|width):[01](?:px)?(?:!important)?(?=;|$)")
_NO_LETTERS = re.compile(r"(?:^|;)font-size:0(?:\.0+)?(?:px|pt|em|rem|%)?(?:!important)?(?:;|$)")
# Text that waits for a click or fades in: `accordion`, `read-more`.
_is_called_openable = judge(
    r"accordion|collaps|toggle|expand|(?:^|[\W_])tabs?|more|answer|panel|faq|spoiler|details|slide|carousel|swiper|load"
    r"|fade|anim|wow|invisible|lazy"
)


def hidden(tree: LexborHTMLParser) -> list[LexborNode]:
    """The elements whose text is never shown. To be called before <style> is removed from the tree."""
    found = {node.mem_id: node for node in tree.css(_HIDDEN)}
    css = _COMMENT.sub("", "".join(style.text(deep=True) for style in tree.css("style"))[:_MAX_CSS])
    hides = {name: how for name, how in _hidden_names(css) if tree.css_first(_selector(name)) is not None}
    placed = _placed(css, frozenset(hides)) if hides else frozenset()
    named = {name: how for name, how in islice(hides.items(), _MAX_NAMES) if name not in placed}
    selectors = (*(f'[class~="{name}"]' for name in _HIDDEN_NAMES), *map(_selector, named))
    for node in tree.css(", ".join(("[style]", *selectors))):
        attributes = node.attributes
        names, style = (attributes.get("class") or "").split(), attributes.get("style")
        own = (*(f".{name}" for name in names), f"#{attributes.get('id')}")
        unseen = style is not None and _is_unseen(style, node)
        unseen = unseen or any(_is_unseen(named[name], node) for name in own if name in named)
        unseen = unseen or (not _HIDDEN_NAMES.isdisjoint(names) and not any(map(_is_called_shown, names)))
        if unseen and not any(map(_is_called_openable, (*names, attributes.get("id") or ""))):
            found[node.mem_id] = node
    return list(found.values())


def _selector(name: str) -> str:
    """The selector of a class or an id that may hold any characters."""
    return f'[class~="{name[1:]}"]' if name.startswith(".") else f'[id="{name[1:]}"]'


def _is_unseen(style: str, node: LexborNode) -> bool:
    """Whether declarations keep an element's text from being seen. Letters without size only count in one without other
    elements: a row of boxes has none either."""
    return _hides(style) or (_has_no_letters(style) and next(iter(node.iter()), None) is None)


@lru_cache(maxsize=20_000)  # a page has few styles for many elements
def _hides(style: str) -> bool:
    squeezed = _squeezed(style)
    if not squeezed:
        return False
    if _UNSEEN.search(squeezed) or (_PLACED.search(squeezed) and _OFF_PAGE.search(squeezed)):
        return True
    return "overflow:hidden" in squeezed and len(set(_NO_SIZE.findall(squeezed))) > 1


@lru_cache(maxsize=20_000)
def _has_no_letters(style: str) -> bool:
    return _NO_LETTERS.search(_squeezed(style)) is not None


def _squeezed(style: str) -> str:
    return "".join(style.split()).lower()


@lru_cache(maxsize=16)  # a site's pages have the same style sheet
def _hidden_names(css: str) -> tuple[tuple[str, str], ...]:
    """The classes (`.x`) and ids (`#x`) that a style sheet hides by themselves and without a condition such as @media,
    with how."""
    found: list[tuple[str, str]] = []
    for before, how, depth in _rules(css, lambda _, how: _HIDES.search(how)):
        if not depth:
            selectors = _selectors(before).split(",")
            lone = [name[1] for one in selectors if (name := _LONE_NAME.fullmatch(one.strip()))]
            if lone and (_hides(how) or _has_no_letters(how)):
                found += [(name, how) for name in lone]
    return tuple(found)


@lru_cache(maxsize=16)
def _placed(css: str, names: frozenset[str]) -> frozenset[str]:
    """Those of the classes and ids in the selectors of rules that place what has them, and so show it again."""
    found: set[str] = set()
    named = re.compile("|".join(map(re.escape, sorted(names)))).search
    for before, how, _ in _rules(css, lambda before, how: named(before) and _PLACING.search(how)):
        if not (_hides(how) or _has_no_letters(how)):
            found.update(_NAME.findall(_selectors(before)))
    return names & found


def _rules(css: str, wanted: Callable[[str, str], object]) -> Iterator[tuple[str, str, int]]:
    """The rules of a style sheet that are `wanted` for what is before their declarations, and for these: both, and the
    number of conditions around. In one pass."""
    end = counted = depth = 0
    for match in _BLOCK.finditer(css):
        start = match.start()
        before, how = css[end:start], match[1]
        if wanted(before, how):
            depth += css.count("{", counted, start) - css.count("}", counted, start)
            counted = start
            yield before, how, depth
        end = match.end()


def _selectors(before: str) -> str:
    """The selectors of a rule, of what is before its declarations."""
    return before[max(map(before.rfind, "{};")) + 1 :]
