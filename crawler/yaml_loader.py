"""YAML with the position of each key, and its validation; errors name file, line, key and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from crawler.errors import ConfigError

Loc = tuple[int | str, ...]  # the path of a value in pydantic's form: ("sources", 0, "url")
M = TypeVar("M", bound=BaseModel)

EMPTY_SCALARS = ("", "~", "null")  # unquoted, these mean no value


@dataclass(frozen=True)
class YamlDocument:
    """The content of a file, and the position of each key and entry ("step.yaml:12").

    `data` holds mappings, lists, strings and None: what a string means is up to the model, so that `country: NO` is
    Norway and `password: 0123` keeps its zero.
    """

    data: dict[str, Any]
    places: Mapping[Loc, str] = field(default_factory=dict)

    def place(self, loc: Loc) -> str:
        """The position of this value, or of the nearest enclosing one."""
        while loc and loc not in self.places:
            loc = loc[:-1]
        return self.places.get(loc, "")

    def over(self, below: YamlDocument) -> YamlDocument:
        """Both documents merged: each top-level key of this one replaces the whole key of the one below."""
        kept = {loc: place for loc, place in below.places.items() if not loc or loc[0] not in self.data}
        return YamlDocument({**below.data, **self.data}, {**kept, **self.places})

    def set(self, keys: tuple[str, ...], value: object, place: str) -> YamlDocument:
        """A copy with this value under these keys, replacing any there."""
        data = dict(self.data)
        inner = data
        for key in keys[:-1]:
            there = inner.get(key)
            inner[key] = dict(there) if isinstance(there, dict) else {}
            inner = inner[key]
        inner[keys[-1]] = value
        around: dict[Loc, str] = {keys[:n]: place for n in range(1, len(keys))}
        return YamlDocument(data, {**around, **self.places, keys: place})


def read(file: Path) -> YamlDocument:
    """The content of this file.

    :raises ConfigError: when it cannot be read, is not valid YAML, or has a key twice.
    """
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    return parsed(text, file)


def parsed(text: str, file: Path) -> YamlDocument:
    """The content of a text that is, or is to be, in this file.

    :raises ConfigError: when it is not valid YAML, or has a key twice.
    """
    places: dict[Loc, str] = {(): f"{file}:1"}
    try:
        data = _Reader(file, places).value(_compose(file, text), ())
    except RecursionError:
        raise ConfigError(f"{file}: is nested too deeply: a site needs four levels") from None
    if data is not None and not isinstance(data, dict):
        raise ConfigError(f"{file}:1: needs keys such as `name: ...`, one per line")
    return YamlDocument(data or {}, places)


def validated(model: type[M], document: YamlDocument) -> M:
    """The model made from this document.

    :raises ConfigError: when it is invalid, with one line per mistake.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        mistakes = error.errors()
        within = {mistake["loc"][:n] for mistake in mistakes for n in range(len(mistake["loc"]))}
        lines = [  # a list whose only entry is invalid is not also too short
            _line(model, document, mistake)
            for mistake in mistakes
            if mistake["type"] != "too_short" or mistake["loc"] not in within
        ]
        raise ConfigError("\n".join(lines)) from None


# --- reading -------------------------------------------------------------------------------------------------------


def _compose(file: Path, text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        pass
    try:  # the loader in Python has better messages than the one in C
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        words = " ".join(filter(None, (error.context, error.problem)))
        raise ConfigError(f"{file}:{line}: is not valid YAML: {words}{_hint(error)}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: is not valid YAML: {str(error).splitlines()[0]}") from None


def _hint(error: yaml.MarkedYAMLError) -> str:
    """How to fix the error, if that is known."""
    if "\\t" in str(error.problem):
        return "; indent with spaces"
    context, mark = str(error.context), error.context_mark
    if mark is None or (not context.startswith("while parsing a flow") and "quoted scalar" not in context):
        return ""
    what = "the quote" if "scalar" in context else "the bracket"
    return f"; close {what} that was opened on line {mark.line + 1}"


class _Reader:
    """Converts YAML nodes to plain values and records their positions."""

    def __init__(self, file: Path, places: dict[Loc, str]) -> None:
        self.file = file
        self.places = places
        self.seen: set[int] = set()

    def value(self, node: yaml.Node | None, loc: Loc) -> Any:
        if node is None:
            return None
        if id(node) in self.seen:  # an alias is the same node again; one that contains itself would recurse forever
            raise ConfigError(
                f"{self.place(node)}: anchors and aliases (& and *) are not supported: write the value out"
            )
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.entry(item, (*loc, n), item) for n, item in enumerate(node.value)]
        plain = isinstance(node, yaml.ScalarNode) and not node.style
        return None if plain and node.value in EMPTY_SCALARS else node.value

    def mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in result:
                first = self.places[(*loc, name)]
                raise ConfigError(f"{self.place(key)}: {_dotted((*loc, name))}: is defined already ({first}): keep one")
            result[name] = self.entry(value, (*loc, name), key)
        return result

    def entry(self, node: yaml.Node, loc: Loc, told_at: yaml.Node) -> Any:
        self.places[loc] = self.place(told_at)
        return self.value(node, loc)

    def place(self, node: yaml.Node) -> str:
        return f"{self.file}:{node.start_mark.line + 1}"


# --- error messages ----------------------------------------------------------------------------------------------


def _line(model: type[BaseModel], document: YamlDocument, mistake: ErrorDetails) -> str:
    # "[key]" is pydantic's marker for the key of a mapping, as opposed to its value.
    loc = tuple(key for key in mistake["loc"] if key != "[key]")
    place = document.place(loc)
    return ": ".join(filter(None, (place, _dotted(loc), _mistake(model, loc, mistake))))


def _mistake(model: type[BaseModel], loc: Loc, mistake: ErrorDetails) -> str:
    """What is wrong and what to do, in one sentence."""
    owner, info = _field(model, loc)
    given = mistake["input"]
    shown = "the value" if info and _is_secret(info.annotation) else repr(given)
    wanted = f": {info.description}" if info and info.description else ""
    if given is None and mistake["type"] != "extra_forbidden":
        return f"is empty{wanted}"
    match mistake["type"]:
        case "missing":
            return f"is missing{wanted}"
        case "extra_forbidden":
            return f"unknown key; {_choice(str(loc[-1]), list(owner.model_fields))}"
        case "literal_error":
            choices = re.findall("'([^']*)'", mistake["ctx"]["expected"])
            return f"{shown} is not known; {_choice(str(given), choices)}"
        case "value_error":
            return str(mistake["ctx"]["error"])
        case "tuple_type":
            return f"needs a list, each entry on a line beginning with `- `{wanted}"
        case "model_type" | "dict_type":
            return f"needs keys of its own, indented below it{wanted}"
        case "float_parsing" | "int_parsing" | "int_from_float" | "float_type" | "int_type":
            number = "a number" if mistake["type"].startswith("float") else "a whole number"
            such = f" such as {info.default}" if info and isinstance(info.default, int | float) else ""
            return f"{shown}: needs {number}{such}{wanted}"
        case "bool_parsing" | "bool_type":
            return f"{shown}: needs true or false{wanted}"
        case "too_short" | "string_too_short":
            return f"is empty{wanted}"
        case "string_pattern_mismatch":
            return f"{shown} is invalid{wanted}"
        case _:
            return f"{shown}: {mistake['msg'].removeprefix('Input ')}{wanted}"


def _choice(given: str, choices: list[str]) -> str:
    if close := get_close_matches(given, choices, n=1):
        return f"did you mean `{close[0]}`?"
    return f"choose from {', '.join(choices)}"


def _field(model: type[BaseModel], loc: Loc) -> tuple[type[BaseModel], FieldInfo | None]:
    """The innermost model around this path, and its field at this path, if there is one."""
    info: FieldInfo | None = None
    for key in loc:
        if isinstance(key, int):
            continue
        model = _model_in(info.annotation) or model if info else model
        info = model.model_fields.get(key)
    return model, info


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _is_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(map(_is_secret, get_args(annotation)))


def _dotted(loc: Loc) -> str:
    return ".".join(map(str, loc))
