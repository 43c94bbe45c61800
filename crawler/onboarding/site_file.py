"""Changes of single keys in the YAML of a site's file; all else stays as it is, comments included. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import yaml


def with_key(text: str, key: str, value: object) -> str:
    """The YAML of a site's file with this top-level key in place of any there; without it if the value is None.

    :raises ValueError: when the file's keys are not one below the other.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is not None and not (isinstance(node, yaml.MappingNode) and not node.flow_style):
        raise ValueError("flow style")
    new = "" if value is None else yaml.safe_dump({key: value}, allow_unicode=True, sort_keys=False)
    for name, old in node.value if node is not None else ():
        if name.value == key:
            if _is_word(old) and value is not None and not isinstance(value, Mapping):  # with any comment after it
                word = new.removeprefix(f"{key}: ").rstrip("\n")
                return text[: old.start_mark.index] + word + text[old.end_mark.index :]
            start, end = _extent(text, name, old)
            return text[:start] + new + text[end:]
    return text + ("\n" if text and not text.endswith("\n") else "") + new


def _is_word(value: yaml.Node) -> bool:
    """Whether a value is written within its line."""
    begin, end = value.start_mark, value.end_mark
    return isinstance(value, yaml.ScalarNode) and begin.index < end.index and begin.line == end.line


def _extent(text: str, key: yaml.Node, value: yaml.Node) -> tuple[int, int]:
    """Where the lines of a key and its value are. What follows them, blank or a comment at the margin, is not part of
    them. An indented comment is: behind a block scalar, it would become text of that."""
    start, end = key.start_mark.index, value.end_mark.index
    lines = text[start:end].splitlines(keepends=True)
    if value.end_mark.column:  # a value that ends within its line, which may also have a comment
        rest = text.find("\n", end)
        return start, len(text) if rest < 0 else rest + 1
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].startswith("#")):
        end -= len(lines.pop())
    return start, end
