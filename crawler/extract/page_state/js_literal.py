"""Values of JavaScript literals: JSON, and what frameworks write in its place, as unquoted names and `new Date(0)`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

_SPACE = re.compile(r"(?:\s|//[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)n?")
_PLAIN = {"true": True, "false": False, "null": None, "undefined": None, "NaN": None, "Infinity": None}
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r?\n|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_STRINGS = {quote: re.compile(rf"[^{quote}\\]*(?:\\.[^{quote}\\]*)*{quote}", re.DOTALL) for quote in "\"'`"}
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_MAX_DEPTH = 100  # levels of nested values
_MAX_VALUES = 50_000  # in one literal


class NoLiteral(ValueError):
    """There is no literal, or it is nested too deeply or too long; `read` is how many values were, in vain."""

    def __init__(self, why: str, read: int) -> None:
        super().__init__(why)
        self.read = read


def read(text: str, at: int = 0, names: dict[str, Any] | None = None) -> tuple[Any, int]:
    """The value of the literal that begins at a place of a script, and where it ends. `names` are the values of
    variables; others are None.

    :raises NoLiteral: when there is none that can be read.
    """
    reader = _Reader(text, names or {})
    try:
        value = reader.value(_SPACE.match(text, at).end(), 0)  # type: ignore[union-attr]  # it matches nothing, too
    except (ValueError, RecursionError) as error:
        raise NoLiteral(str(error), reader.count) from None
    return value, reader.at


def string(text: str, at: int) -> tuple[str, int]:
    """The value of the string whose quote is at a place of a script, and where it ends.

    :raises ValueError: when it does not end.
    """
    match = _STRINGS[text[at]].match(text, at + 1)
    if match is None:
        raise ValueError("a string without end")
    raw = match[0][:-1]
    value = _ESCAPE.sub(_unescaped, raw) if "\\" in raw else raw
    return _SURROGATES.sub(lambda m: m[0].encode("utf-16", "surrogatepass").decode("utf-16"), value), match.end()


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(int(code, 16)) if int(code, 16) < 0x110000 else ""
    return _ESCAPED.get(match[4], match[4]) if match[4] else ""


class _Reader:
    """A pass over one literal; `at` is where it has come to."""

    def __init__(self, text: str, names: dict[str, Any]) -> None:
        self.text, self.names = text, names
        self.at = self.count = 0

    def value(self, at: int, depth: int) -> Any:
        """The value that begins at `at`, where no space is."""
        self.count += 1
        if depth > _MAX_DEPTH or self.count > _MAX_VALUES or at >= len(self.text):
            raise ValueError("too deep, too long, or no value")
        first = self.text[at]
        if first == "{":
            return self._object(at + 1, depth)
        if first == "[":
            return self._array(at + 1, depth, "]")
        if first in _STRINGS:
            value, self.at = string(self.text, at)
            return value
        if number := _NUMBER.match(self.text, at):
            self.at = number.end()
            return _number(number[0].rstrip("n"))
        if first == "!":
            return not self.value(self._spaces(at + 1), depth + 1)
        return self._named(at, depth)

    def _named(self, at: int, depth: int) -> Any:
        """A word: true, a variable, `void 0`, `new Date(…)`."""
        name = _NAME.match(self.text, at)
        if name is None:
            raise ValueError("no value")
        self.at = name.end()
        if name[0] == "void":
            self.value(self._spaces(self.at), depth + 1)
            return None
        if name[0] == "new":
            made = _NAME.match(self.text, self._spaces(self.at))
            if made is None or self.text[made.end() : made.end() + 1] != "(":
                raise ValueError("no value")
            return _made(made[0], self._array(made.end() + 1, depth, ")"))
        if self.text[self.at : self.at + 1] in ("(", "=", "."):
            raise ValueError("code, and no value")
        return self.names[name[0]] if name[0] in self.names else _PLAIN.get(name[0])

    def _array(self, at: int, depth: int, end: str) -> list[Any]:
        values: list[Any] = []
        at = self._spaces(at)
        while self.text[at : at + 1] != end:
            if self.text[at : at + 1] == ",":  # a hole
                values.append(None)
                at = self._spaces(at + 1)
                continue
            values.append(self.value(at, depth + 1))
            at = self._after(end)
        self.at = at + 1
        return values

    def _object(self, at: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        at = self._spaces(at)
        while self.text[at : at + 1] != "}":
            key, at = self._key(at)
            at = self._spaces(at)
            if self.text[at : at + 1] == ":":
                found[key] = self.value(self._spaces(at + 1), depth + 1)
            elif self.text[at : at + 1] in (",", "}"):
                found[key], self.at = self.names.get(key), at
            else:
                raise ValueError("no object")
            at = self._after("}")
        self.at = at + 1
        return found

    def _key(self, at: int) -> tuple[str, int]:
        if self.text[at : at + 1] in ('"', "'"):
            return string(self.text, at)
        match = _NAME.match(self.text, at) or _NUMBER.match(self.text, at)
        if match is None:
            raise ValueError("no name")
        return match[0], match.end()

    def _after(self, end: str) -> int:
        """Where the next value begins, or where `end` is, after a value that ends at `self.at`."""
        at = self._spaces(self.at)
        if self.text[at : at + 1] == ",":
            return self._spaces(at + 1)
        if self.text[at : at + 1] != end:
            raise ValueError("no separator")
        return at

    def _spaces(self, at: int) -> int:
        match = _SPACE.match(self.text, at) if self.text[at : at + 1] in " \t\r\n/" else None
        return match.end() if match else at


def _number(said: str) -> int | float:
    return (
        int(said, 16)
        if said[:3].lower().lstrip("-").startswith("0x")
        else float(said)
        if set(said) & set(".eE")
        else int(said)
    )


def _made(name: str, values: list[Any]) -> Any:
    """What `new NAME(values)` makes: the ISO form of a date, the members of a set or map, else None."""
    first = values[0] if values else None
    if name == "Date":
        if isinstance(first, int | float) and abs(first) < 8.64e15:
            try:
                return datetime.fromtimestamp(first / 1000, UTC).isoformat()
            except (ValueError, OverflowError, OSError):
                return None
        return first
    return first if name in ("Set", "Map", "String", "URL") else None
