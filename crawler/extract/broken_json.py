"""JSON that was written by hand or by a template, mended in one pass: comments, quotes and backslashes that were not
escaped, a comma left out or too many, and an end that was cut off."""

from __future__ import annotations

import re

_OUTSIDE = re.compile(r"[^\"/{}\[\]]+|//[^\n]*|/\*|.", re.DOTALL)
_INSIDE = re.compile(r"[^\"\\]+|\\[\"\\/bfnrt]|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|.", re.DOTALL)
_KEY_ENDS = re.compile(r"\s*(?:[:,}\]]|$)")
# What follows a value: its end, a comma with another value behind it, or the next key without one
_VALUE_ENDS = re.compile(
    r"\s*(?:[}\]]|/[/*]|$|,\s*(?:[\"{\[}\]]|-?\d|true\b|false\b|null\b|/[/*]|$)|(?P<no_comma>\"[\w@$:.-]{1,60}\"\s*:))"
)
_TRAILING = re.compile(r",(?=\s*[}\]])")
_CLOSING = {"{": "}", "[": "]"}


def mended(text: str) -> str:
    """The text as JSON, if little is wrong with it; else it may still be none."""
    parts: list[str] = []
    open_: list[str] = []
    at, before = 0, ""
    while at < len(text):
        token = _OUTSIDE.match(text, at)[0]  # type: ignore[index]  # it matches anything
        at += len(token)
        if token == '"':
            at = _string(text, at, parts, is_key=before in ("{", ",") and open_[-1:] == ["}"])
        elif token == "/*":
            end = text.find("*/", at)
            at = len(text) if end < 0 else end + 2
            continue
        elif token.startswith("//"):
            continue
        elif token in ("}", "]"):
            if open_[-1:] != [token]:
                continue  # it closes nothing
            parts.append(open_.pop())
        else:
            parts.append(token)
            if token in _CLOSING:
                open_.append(_CLOSING[token])
        before = parts[-1].rstrip()[-1:] or before
    return _TRAILING.sub("", "".join([*parts, *reversed(open_)]))


def _string(text: str, at: int, parts: list[str], *, is_key: bool) -> int:
    """Appends the string that begins at a place, and returns where it ends."""
    parts.append('"')
    while at < len(text):
        token = _INSIDE.match(text, at)[0]  # type: ignore[index]  # it matches anything
        at += len(token)
        if token == '"':
            if end := (_KEY_ENDS if is_key else _VALUE_ENDS).match(text, at):
                parts.append('",' if end.groupdict().get("no_comma") else '"')
                return at
            token = '\\"'
        elif token == "\\":
            continue
        parts.append(f"\\u00{token[2:]}" if token.startswith("\\x") else token)
    parts.append('"')
    return at
