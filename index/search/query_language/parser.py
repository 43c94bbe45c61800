"""The parser: builds the tree of a Query by recursive descent; it reports what it cannot parse and carries on."""

from __future__ import annotations

import re
from typing import Any

from index.errors import QueryError
from index.model.message import Message
from index.model.query import (
    MAX_QUERY_CHARACTERS,
    And,
    Field,
    Fuzzy,
    Is,
    Near,
    Node,
    Not,
    Or,
    Prefix,
    Problem,
    Query,
    Words,
)
from index.search.query_language import filters as held_filters
from index.search.query_language.lexer import Token, tokenize
from index.search.query_language.limits import (
    LONG_FUZZY,
    MAX_DEPTH,
    MAX_EDITS,
    MAX_FUZZY,
    MAX_GAP,
    MAX_LIMIT,
    MAX_PATTERNS,
    MAX_TERMS,
    MAX_WORDS,
    MIN_FUZZY,
    MIN_PREFIX,
)
from index.text.analysis import words

FIELDS: dict[str, Field] = {"title": "headline", "body": "body"}
_FUZZY = re.compile(r"~(\d{0,9})$")
_UNKNOWN = re.compile(r"([a-z_]{2,20})[:：](?!//)")  # what looks like a field, and is no address
_INNER_STAR = re.compile(r"\*+(?=\w)")
_GIVEN = 40  # characters of a token that a problem quotes


def parse(text: str, **filters: Any) -> Query:
    """The query that a text expresses; an empty text matches every article.

    `filters` are fields of Query (`sites`, `after`, `sort`, `limit`, `cursor`, …), in addition to those in the text.
    Dates in the text are days in UTC. Whatever cannot be parsed is left out or given its nearest meaning, and reported
    in `problems`.

    :raises QueryError: when the limit is below 1 or above MAX_LIMIT.
    """
    limit = filters.get("limit", Query.__dataclass_fields__["limit"].default)
    if not 1 <= limit <= MAX_LIMIT:
        raise QueryError(Message("error.limit", {"given": limit, "most": MAX_LIMIT}), 0)
    place = {name: filters.pop(name) for name in ("sort", "limit", "cursor") if name in filters}
    parser = _Parser(text, filters)
    node = parser.query()
    return Query(node=node, problems=tuple(parser.problems), **parser.held, **place)


class _Parser:
    """either := all (OR all)*; all := one+; one := -one | ( either ) | field:one | filter:value | words."""

    def __init__(self, text: str, held: dict[str, Any]) -> None:
        self.problems: list[Problem] = []
        self.held = held  # filters of the whole query, by their names in Query
        self.text = self._cut(text)
        self.pieces = list(tokenize(self.text))
        self.place = 0
        self.terms = self.words = self.patterns = 0
        self.open = self.passed_over = 0  # brackets

    def query(self) -> Node | None:
        node = self._either(None)
        if node is None and not self.held and not self.problems and self.pieces and self.text.strip("*"):
            self._report("nothing", self.pieces[0].at, self.pieces[-1].end)
        return node

    def _cut(self, text: str) -> str:
        """The text, cut at the end of a word if it is too long."""
        if len(text) <= MAX_QUERY_CHARACTERS:
            return text
        self._report("too_long", MAX_QUERY_CHARACTERS, len(text))
        kept = text[:MAX_QUERY_CHARACTERS]
        if text[MAX_QUERY_CHARACTERS].isspace() or not any(map(str.isspace, kept)):
            return kept
        return kept[: max(i for i, char in enumerate(kept) if char.isspace())]

    def _report(self, key: str, at: int, end: int, given: str = "") -> None:
        if not any(problem.key == key and problem.at == at for problem in self.problems):
            self.problems.append(Problem(key, at, end, given[:_GIVEN]))

    def _report_token(self, key: str, piece: Token, given: str | None = None) -> None:
        self._report(key, piece.at, piece.end, piece.text if given is None else given)

    def _next(self) -> Token | None:
        return self.pieces[self.place] if self.place < len(self.pieces) else None

    # groups

    def _either(self, field: Field | None) -> Node | None:
        nodes: list[Node] = []
        joint: Token | None = None
        while True:
            node = self._all(field)
            piece = self._next()
            if node is not None:
                nodes.append(node)
            elif joint is not None:
                self._report_token("lonely_or", joint)
            elif piece is not None and piece.kind == "or":
                self._report_token("lonely_or", piece)
            if piece is None or piece.kind != "or":
                return Or(tuple(nodes)) if len(nodes) > 1 else next(iter(nodes), None)
            joint = piece if node is not None or joint is not None else None
            self.place += 1

    def _all(self, field: Field | None) -> Node | None:
        nodes: list[Node] = []
        while (piece := self._next()) is not None and piece.kind != "or":
            if piece.kind == ")" and not self.passed_over and self.open:
                break
            node = None
            if piece.kind == ")":
                self.place += 1
                if self.passed_over:
                    self.passed_over -= 1
                else:
                    self._report_token("unopened_group", piece)
            elif piece.kind == "and":  # implied between words side by side
                self.place += 1
            else:
                node = self._one(field)
            if node is not None:
                nodes.append(node)
        return And(tuple(nodes)) if len(nodes) > 1 else next(iter(nodes), None)

    def _one(self, field: Field | None) -> Node | None:
        piece = self.pieces[self.place]
        self.place += 1
        match piece.kind:
            case "-":
                return self._without(field)
            case "(":
                return self._group(piece, field)
            case "field" if piece.text in FIELDS:
                return self._within(piece)
            case "field":
                one = self._filter(piece)
                if self.open:
                    return self._filter_term(piece, one)
                if one is not None and not held_filters.add(self.held, one):
                    self._report_token("too_many_words", piece)
                return None
        return self._leaf(piece, field)

    def _without(self, field: Field | None) -> Node | None:
        piece = self._next()
        if piece is None or not piece.joined or piece.kind not in ("word", "phrase", "field", "("):
            return None  # a dash in a headline
        if piece.kind == "field" and piece.text not in FIELDS:
            self.place += 1
            node: Node | None = self._filter_term(piece, self._filter(piece))
        else:
            node = self._one(field)
        return None if node is None else Not(node)

    def _group(self, bracket: Token, field: Field | None) -> Node | None:
        if self.open >= MAX_DEPTH:
            if not self.passed_over:
                self._report_token("too_deep", bracket)
            self.passed_over += 1
            return None
        self.open += 1
        node = self._either(field)
        self.open -= 1
        if self._next() is None:
            self._report_token("unclosed_group", bracket)
        else:
            self.place += 1
        return node

    def _within(self, name: Token) -> Node | None:
        piece = self._next()
        group = piece is not None and piece.kind == "(" and piece.joined
        if piece is None or not (group or piece.kind in ("word", "phrase")):
            self._report_token("lonely_field", name, f"{name.text}:")
            return None
        return self._one(FIELDS[name.text])

    # filters

    def _filter(self, name: Token) -> Is | None:
        value = self._next()
        if value is None or value.kind not in ("word", "phrase") or not value.text.strip():
            self._report_token("lonely_field", name, f"{name.text}:")
            return None
        self.place += 1
        self._closed(value)
        one = held_filters.read(name.text, value.text.strip())
        if isinstance(one, Is):
            return one
        self._report_token(one, value)
        return None

    def _filter_term(self, piece: Token, one: Is | None) -> Is | None:
        """A filter that is part of the query like a word, except those that choose what is searched at all."""
        if one is None or not self._counted(piece, 1):
            return None
        if one.name not in held_filters.WHOLE_QUERY_FILTERS:
            return one
        self._report_token("whole_query", piece, f"{piece.text}:")
        held_filters.add(self.held, one)
        return None

    # words

    def _leaf(self, piece: Token, field: Field | None) -> Node | None:
        self._closed(piece)
        text = piece.text.strip()
        found = words(text)
        if not found or not self._counted(piece, len(found)):
            return None
        self._known(piece)
        if piece.kind == "phrase":
            if piece.near is None or len(set(found)) == 1:
                return Words(text, field, phrase=True)
            return self._near(piece, text, field, piece.near)
        if _INNER_STAR.search(text):
            self._report_token("inner_star", piece)
            text = _INNER_STAR.sub("-", text).lstrip("-")
        if text.endswith("*"):
            return self._prefix(piece, text.rstrip("*"), field)
        if match := _FUZZY.search(text):
            return self._fuzzy(piece, text[: match.start()], match[1], field)
        return Words(text, field)

    def _known(self, piece: Token) -> None:
        """Report a word that begins like a field, `foo:bar` or `foo:"bar"`; it is searched as it stands."""
        name = _UNKNOWN.match(piece.text) if piece.kind == "word" else None
        after = self._next()
        if name and (name.end() < len(piece.text) or (after is not None and after.kind == "phrase" and after.joined)):
            self._report("unknown_field", piece.at, piece.at + name.end(), name[0])

    def _closed(self, piece: Token) -> None:
        if not piece.closed:
            self._report("unclosed_quote", piece.at, piece.end, self.text[piece.at])

    def _counted(self, piece: Token, n: int) -> bool:
        """Whether there is room for another term of n words."""
        self.terms += 1 if piece.kind != "phrase" else max(1, len(piece.text.split()))
        self.words += n
        if self.terms <= MAX_TERMS and self.words <= MAX_WORDS:
            return True
        if all(problem.key != "too_many_words" for problem in self.problems):
            self._report_token("too_many_words", piece)
        return False

    def _patterned(self, piece: Token) -> bool:
        self.patterns += 1
        if self.patterns > MAX_PATTERNS:
            self._report_token("too_many_patterns", piece)
        return self.patterns <= MAX_PATTERNS

    def _near(self, piece: Token, text: str, field: Field | None, gap: int) -> Near:
        if gap > MAX_GAP:
            self._report_token("gap", piece, str(gap))
        return Near(text, field, min(gap, MAX_GAP))

    def _prefix(self, piece: Token, text: str, field: Field | None) -> Node:
        """A prefix; of several words (covid-1*), only the last is one."""
        last = words(text)[-1]
        if len(last) < MIN_PREFIX:
            if not _one_each(last):
                self._report_token("short_prefix", piece)
            return Words(text, field)
        return Prefix(text, field) if self._patterned(piece) else Words(text, field)

    def _fuzzy(self, piece: Token, text: str, number: str, field: Field | None) -> Node:
        found = words(text)
        if len(found) != 1 or not MIN_FUZZY <= len(found[0]) <= MAX_FUZZY:
            self._report_token("short_fuzzy", piece)
            return Words(text, field)
        if number and not 1 <= int(number) <= MAX_EDITS:
            self._report_token("edits", piece, number)
        # With two of five letters changed, it would be another word
        most = MAX_EDITS if len(found[0]) >= LONG_FUZZY else 1
        edits = min(max(int(number or most), 1), most)
        return Fuzzy(text, field, edits) if self._patterned(piece) else Words(text, field)


def _one_each(word: str) -> bool:
    """Whether this is a character of a script in which each one is a word, so that longer text is found anyway."""
    return len(words(f"{word}{word}")) > 1
