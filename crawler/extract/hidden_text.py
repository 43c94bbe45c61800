"""Elements that a browser loads and no reader sees: hidden by an attribute, by their own style, or by a class that the
page's own style sheets hide for good."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.html_document import attribute, judge

_HIDDEN = '[hidden]:not([hidden="until-found"]), [style*="display:none" i], [style*="display: none" i]'
_HIDDEN_NAMES = frozenset(("hidden", "d-none", "is-hidden", "u-hidden", "hide"))  # of Tailwind, Bootstrap and others
_is_called_shown = judge(
    r":(?:block|flex|grid|inline|table|contents)|^d-\w{2,3}-\w+|^(?:show|visible)-"
)  # at some width
_CANDIDATES = ", ".join(("[style]", *(f"[class~='{name}']" for name in _HIDDEN_NAMES)))
_MAX_CSS = 300_000  # characters of style sheets that are read
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_TOKEN = re.compile(r"[{};]")
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_LONE_CLASS = re.compile(r"(?:p|div|span|section|li|a)?\.(-?[A-Za-z_][\w-]*)")
_PLACING = re.compile(r"(?:^|;)\s*(?:display|visibility|position|left|right|top|clip|text-indent)\s*:", re.IGNORECASE)
# Declarations that keep text from being seen, without spaces and in lower case: at least a hundred pixels outside of
# the page, or clipped to nothing.
_UNSEEN = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|text-indent:-\d{3,}"
    r"|clip:rect\(0(?:px)?(?:,?0(?:px)?){3}\)|clip-path:inset\((?:50|100)%\)|transform:scale\(0\))"
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
    classes = _hidden_classes("".join(style.text(deep=True) for style in tree.css("style"))[:_MAX_CSS])
    for node in tree.css("[style], [class]" if classes else _CANDIDATES):
        names = attribute(node, "class").split()
        unseen = not _HIDDEN_NAMES.isdisjoint(names) and not any(map(_is_called_shown, names))
        unseen = (
            unseen
            or _is_unseen(attribute(node, "style"), node)
            or any(_is_unseen(classes.get(n, ""), node) for n in names)
        )
        if unseen and not any(map(_is_called_openable, names)):
            found[node.mem_id] = node
    return list(found.values())


def _is_unseen(style: str, node: LexborNode | None = None) -> bool:
    """Whether declarations keep text from being seen. Letters without size only count in an element without others: a
    row of boxes has none either."""
    squeezed = "".join(style.split()).lower()
    if not squeezed:
        return False
    if _UNSEEN.search(squeezed) or (_PLACED.search(squeezed) and _OFF_PAGE.search(squeezed)):
        return True
    if "overflow:hidden" in squeezed and len(set(_NO_SIZE.findall(squeezed))) > 1:
        return True
    return _NO_LETTERS.search(squeezed) is not None and (node is None or next(iter(node.iter()), None) is None)


def _hidden_classes(css: str) -> dict[str, str]:
    """The classes that a style sheet hides by themselves, with the declarations that do: without a condition, and
    without another rule that places them elsewhere."""
    hides: dict[str, str] = {}
    shows: set[str] = set()
    for selectors, declarations, conditional in _rules(css):
        unseen = not conditional and _is_unseen(declarations)
        for selector in selectors.split(","):
            lone = _LONE_CLASS.fullmatch(selector.strip())
            if unseen and lone:
                hides[lone[1]] = declarations
            elif not unseen and _PLACING.search(declarations):
                shows.update(_CLASS.findall(selector))
    return {name: declarations for name, declarations in hides.items() if name not in shows}


def _rules(css: str) -> Iterator[tuple[str, str, bool]]:
    """The selectors and declarations of each rule, and whether it stands under a condition such as @media."""
    css = _COMMENT.sub("", css)
    open_at: list[tuple[str, int]] = []  # what stands before each brace that is open, and where its block begins
    start = 0
    for token in _CSS_TOKEN.finditer(css):
        if token[0] == "{":
            open_at.append((css[start : token.start()].strip(), token.end()))
        elif token[0] == "}" and open_at:
            selectors, at = open_at.pop()
            if not selectors.startswith("@"):
                yield selectors, css[at : token.start()], any(outer.startswith("@") for outer, _ in open_at)
        start = token.end()
