"""A page's blocks of text in order: runs of text without a block element or line break, with their elements. Parsed
from the serialised tree in one pass: visiting it node by node takes ten times as long."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from crawler.extract.html_document import INLINE, UNSEEN
from crawler.text import line, unescaped
from index.text.placeholders import is_unfilled

# HTML as Lexbor serialises it (https://html.spec.whatwg.org/#serialising-html-fragments): each attribute is a space, a
# name and a value in double quotes, with `"` in it escaped; `<` in text is escaped. A stray quote in a tag of the page
# becomes an attribute of the name `"`, so quotes only count after `=`.
_TOKEN = re.compile(r'<!--.*?-->|<(/?)([a-zA-Z][^\s/>]*+)((?:\s=?[^\s=>/]*+(?:="[^"]*+")?+)*+)>|([^<]++)', re.DOTALL)
_CLASS = re.compile(r'\sclass="([^"]*)"')
_ID = re.compile(r'\sid="([^"]*)"')
_LEADS, _PLACE = re.compile(r"\shref(?=[=\s]|$)"), re.compile(r"\s(?:name|id)=")
_BODY = re.compile(r'\sitemprop="[^"]*articleBody')
_VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "input", "link", "meta", "param", "source", "track"))
_UNSEEN = UNSEEN | {"title", "select", "textarea", "svg", "iframe"}
_CELL = 150  # maximum characters of a table cell that is a value and not a column of a layout
_MAX_BLOCKS = 20_000  # blocks per page; the longest of 1,269 real pages has 4,000
Kind = tuple[str, str, str]


@dataclass(slots=True)
class Block:
    """A block of text: the number and tag of its element, the kinds (tag and classes) of that and of the two around it,
    the share of text in links, its length, its place among all blocks, and whether it was found to be in the article.
    """

    text: str
    tag: str
    element: int
    kind: Kind
    links: float
    size: int  # characters; counted three times in scripts without spaces
    place: int = 0
    found: bool = False


@dataclass(slots=True)
class Elements:
    """The block elements of a page by number, in document order: tag, classes, id, the number of the parent and of the
    last descendant."""

    tags: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    bodies: set[int] = field(default_factory=set)  # those marked as articleBody

    def ancestors(self, number: int) -> list[int]:
        """The element and those around it, innermost first."""
        found = []
        while number >= 0:
            found.append(number)
            number = self.parents[number]
        return found

    def called(self, number: int) -> str:
        """The element's classes and id, as a text to search for words."""
        return f"{self.names[number]} {self.ids[number]}"

    def kind(self, number: int) -> str:
        """The element's tag and classes; "" if there is no such element."""
        return f"{self.tags[number]}.{self.names[number]}" if number >= 0 else ""


def size(text: str) -> int:
    """The characters of a text, counted three times in scripts without spaces."""
    return 3 * len(text) if not text.isascii() and 15 * text.count(" ") < len(text) else len(text)


def read(markup: str) -> tuple[list[Block], Elements]:
    """The blocks of text in a page's serialised body, in order, and their elements."""
    reader = _Reader()
    for match in _TOKEN.finditer(markup):
        end, tag, attributes, text = match.groups()
        if text is not None:
            reader.text(text)
        elif tag is None or tag in ("img", "wbr"):
            continue
        elif tag == "a":
            reader.anchor(end=bool(end), leads=_LEADS.search(attributes) is not None or not _PLACE.search(attributes))
        elif tag in _UNSEEN:
            reader.unseen = max(0, reader.unseen + (-1 if end else 1))
        elif tag not in INLINE:
            reader.flush()
            if tag not in _VOID:
                reader.close(tag) if end else reader.open(tag, attributes)
    return reader.finished()


class _Reader:
    """The state of a pass over a page's markup."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.elements = Elements()
        self.links = self.unseen = 0  # how many such elements are open
        self._linked = 0  # characters in links in the current block
        self._parts: list[str] = []
        self._anchors: list[bool] = []  # the open ones, each with whether it leads somewhere
        self._stack: list[int] = []
        self._rows: list[int] = []  # where the blocks of each open table row begin, -1 if it contains another row

    def text(self, text: str) -> None:
        if not self.unseen:
            self._parts.append(text)
            if self.links:
                self._linked += len(text.strip())

    def anchor(self, *, end: bool, leads: bool) -> None:
        """An <a> begins or ends. With a name and no address it is only a place to which others lead."""
        if not end:
            self._anchors.append(leads)
            self.links += leads
        elif self._anchors:
            self.links -= self._anchors.pop()

    def open(self, tag: str, attributes: str) -> None:
        elements = self.elements
        number = len(elements.tags)
        named, marked = _CLASS.search(attributes), _ID.search(attributes)
        elements.tags.append(tag)
        elements.names.append(named[1] if named else "")
        elements.ids.append(marked[1] if marked else "")
        elements.parents.append(self._stack[-1] if self._stack else -1)
        elements.lasts.append(number)
        if _BODY.search(attributes):
            elements.bodies.add(number)
        self._stack.append(number)
        if tag == "tr":
            self._rows[:] = [-1] * len(self._rows)
            self._rows.append(len(self.blocks))

    def close(self, tag: str) -> None:
        if self._stack:
            number = self._stack.pop()
            self.elements.lasts[number] = len(self.elements.tags) - 1
            if tag == "tr" and self._rows and (start := self._rows.pop()) >= 0:
                self._join(start, number)

    def flush(self) -> None:
        """Ends the current block."""
        if self._parts:
            text = line(unescaped("".join(self._parts)))
            if text and len(self.blocks) < _MAX_BLOCKS and not is_unfilled(text):
                self._add(text, self._stack[-1] if self._stack else -1, self._linked / len(text))
            self._parts.clear()
        self._linked = 0

    def finished(self) -> tuple[list[Block], Elements]:
        self.flush()
        for number in self._stack:
            self.elements.lasts[number] = len(self.elements.tags) - 1
        for place, block in enumerate(self.blocks):
            block.place = place
        return self.blocks, self.elements

    def _add(self, text: str, number: int, links: float) -> None:
        elements = self.elements
        parent = elements.parents[number] if number >= 0 else -1
        around = elements.parents[parent] if parent >= 0 else -1
        kind = (elements.kind(number), elements.kind(parent), elements.kind(around))
        tag = elements.tags[number] if number >= 0 else ""
        self.blocks.append(Block(text, tag, number, kind, links, size(text)))

    def _join(self, start: int, number: int) -> None:
        """Joins the cells of a table row to one block if each contains only a value."""
        cells = self.blocks[start:]
        holders = {b.element if b.tag in ("td", "th") else self.elements.parents[b.element] for b in cells}
        if 1 < len(cells) == len(holders) and max(len(b.text) for b in cells) <= _CELL:
            linked = sum(b.links * len(b.text) for b in cells)
            text = " | ".join(b.text for b in cells)
            del self.blocks[start:]
            self._add(text, number, linked / len(text))
