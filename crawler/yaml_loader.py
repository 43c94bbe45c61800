"""YAML with the position of each key, and its validation; mistakes name file, line, key and what to do."""

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

from crawler.config_messages import FileMessage, InvalidEntry, Place, mistake
from crawler.errors import InvalidFiles
from index.model.message import Given, Message

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
    places: Mapping[Loc, Place] = field(default_factory=dict)

    def place(self, loc: Loc) -> Place:
        """The position of this value, or of the nearest enclosing one."""
        while loc and loc not in self.places:
            loc = loc[:-1]
        return self.places.get(loc, "")

    def over(self, below: YamlDocument) -> YamlDocument:
        """Both documents merged: each top-level key of this one replaces the whole key of the one below."""
        kept = {loc: place for loc, place in below.places.items() if not loc or loc[0] not in self.data}
        return YamlDocument({**below.data, **self.data}, {**kept, **self.places})

    def set(self, keys: tuple[str, ...], value: object, place: Place) -> YamlDocument:
        """A copy with this value under these keys, replacing any there."""
        data = dict(self.data)
        inner = data
        for key in keys[:-1]:
            there = inner.get(key)
            inner[key] = dict(there) if isinstance(there, dict) else {}
            inner = inner[key]
        inner[keys[-1]] = value
        around: dict[Loc, Place] = {keys[:n]: place for n in range(1, len(keys))}
        return YamlDocument(data, {**around, **self.places, keys: place})


def read(file: Path) -> YamlDocument:
    """The content of this file.

    :raises InvalidFiles: when it cannot be read, is not valid YAML, or has a key twice.
    """
    return parsed(content(file), file)


def content(file: Path) -> str:
    """The text of this file.

    :raises InvalidFiles: when it cannot be read.
    """
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        raise _wrong(file, FileMessage.UNREADABLE, error=error.strerror) from None
    except UnicodeDecodeError as error:
        raise _wrong(file, FileMessage.NOT_UTF8, at=error.start) from None


def parsed(text: str, file: Path) -> YamlDocument:
    """The content of a text that is, or is to be, in this file.

    :raises InvalidFiles: when it is not valid YAML, or has a key twice.
    """
    places: dict[Loc, str] = {(): f"{file}:1"}
    try:
        data = _Reader(file, places).value(_compose(file, text), ())
    except RecursionError:
        raise _wrong(file, FileMessage.TOO_DEEP) from None
    if data is not None and not isinstance(data, dict):
        raise _wrong(f"{file}:1", FileMessage.NO_KEYS)
    return YamlDocument(data or {}, places)


def validated(model: type[M], document: YamlDocument) -> M:
    """The model made from this document.

    :raises InvalidFiles: when it is invalid.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        mistakes = error.errors()
        within = {mistake["loc"][:n] for mistake in mistakes for n in range(len(mistake["loc"]))}
        raise InvalidFiles(
            [  # a list whose only entry is invalid is not also too short
                _mistake(model, document, found)
                for found in mistakes
                if found["type"] != "too_short" or found["loc"] not in within
            ]
        ) from None


def _wrong(place: str | Path, code: FileMessage, /, **params: Given) -> InvalidFiles:
    """The error of a single mistake at this place."""
    return InvalidFiles([mistake(str(place), Message(code, params))])


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
        raise InvalidFiles([mistake(f"{file}:{line}", _not_yaml(error))]) from None
    except yaml.YAMLError as error:
        raise _wrong(file, FileMessage.NOT_YAML, problem=str(error).splitlines()[0]) from None


def _not_yaml(error: yaml.MarkedYAMLError) -> Message:
    """What is wrong, and how to fix it, if that is known."""
    said: dict[str, Given] = {"problem": " ".join(filter(None, (error.context, error.problem)))}
    if "\\t" in str(error.problem):
        return Message(FileMessage.NOT_YAML_TAB, said)
    context, mark = str(error.context), error.context_mark
    if mark is None or (not context.startswith("while parsing a flow") and "quoted scalar" not in context):
        return Message(FileMessage.NOT_YAML, said)
    code = FileMessage.NOT_YAML_QUOTE if "scalar" in context else FileMessage.NOT_YAML_BRACKET
    return Message(code, said | {"line": mark.line + 1})


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
            raise _wrong(self.place(node), FileMessage.ALIAS)
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
                again = Message(FileMessage.TWICE, {"first": self.places[(*loc, name)]})
                raise InvalidFiles([mistake(self.place(key), again, _dotted((*loc, name)))])
            result[name] = self.entry(value, (*loc, name), key)
        return result

    def entry(self, node: yaml.Node, loc: Loc, told_at: yaml.Node) -> Any:
        self.places[loc] = self.place(told_at)
        return self.value(node, loc)

    def place(self, node: yaml.Node) -> str:
        return f"{self.file}:{node.start_mark.line + 1}"


# --- error messages ----------------------------------------------------------------------------------------------

KINDS = {  # of pydantic's errors
    "tuple_type": FileMessage.NEEDS_LIST,
    "model_type": FileMessage.NEEDS_KEYS,
    "dict_type": FileMessage.NEEDS_KEYS,
    "bool_parsing": FileMessage.NEEDS_BOOLEAN,
    "bool_type": FileMessage.NEEDS_BOOLEAN,
    "too_short": FileMessage.EMPTY,
    "string_too_short": FileMessage.EMPTY,
    "string_type": FileMessage.NEEDS_TEXT,
    "string_pattern_mismatch": FileMessage.INVALID,
    "date_type": FileMessage.NEEDS_DATE,
    "date_parsing": FileMessage.NEEDS_DATE,
    "date_from_datetime_parsing": FileMessage.NEEDS_DATE,
    "date_from_datetime_inexact": FileMessage.NEEDS_DATE,
    "time_delta_type": FileMessage.NOT_SPAN,
    "url_type": FileMessage.NOT_URL,
    "url_parsing": FileMessage.NOT_URL,
    "url_scheme": FileMessage.NOT_URL,
    "url_too_long": FileMessage.NOT_URL,
}
AT = {"greater_than_equal": FileMessage.AT_LEAST, "less_than_equal": FileMessage.AT_MOST}
DESCRIBED = {  # of what is wrong: followed by what the key is for
    *(FileMessage.EMPTY, FileMessage.MISSING, FileMessage.INVALID, FileMessage.OTHER, *AT.values()),
    *(code for code in FileMessage if code.name.startswith("NEEDS_")),
}


def _mistake(model: type[BaseModel], document: YamlDocument, found: ErrorDetails) -> Message:
    # "[key]" is pydantic's marker for the key of a mapping, as opposed to its value.
    loc = tuple(key for key in found["loc"] if key != "[key]")
    owner, info = _field(model, loc)
    why = _why(owner, info, loc, found)
    described = info.description if info and why.code in DESCRIBED else None  # the code of what a key is for
    return mistake(document.place(loc), why, _dotted(loc), Message(described) if described else None)


def _why(owner: type[BaseModel], info: FieldInfo | None, loc: Loc, found: ErrorDetails) -> Message:
    """What is wrong with a value."""
    value, kind = found["input"], found["type"]
    secret = info is not None and _is_secret(info.annotation)
    given: dict[str, Given] = {"given": Message(FileMessage.SECRET) if secret else repr(value)}
    if value is None and kind != "extra_forbidden":
        return Message(FileMessage.EMPTY)
    match kind:
        case "missing":
            return Message(FileMessage.MISSING)
        case "extra_forbidden":
            return Message(FileMessage.UNKNOWN_KEY, {"hint": _choice(str(loc[-1]), list(owner.model_fields))})
        case "literal_error":
            choices = re.findall("'([^']*)'", found["ctx"]["expected"])
            return Message(FileMessage.NOT_KNOWN, given | {"hint": _choice(str(value), choices)})
        case "value_error":
            error = found["ctx"]["error"]
            assert isinstance(error, InvalidEntry)  # as each validator of ours says what is wrong
            return error.message
        case "float_parsing" | "int_parsing" | "int_from_float" | "float_type" | "int_type":
            return _needs_number(given, info, whole=not kind.startswith("float"))
        case "greater_than_equal" | "less_than_equal":
            (bound,) = found["ctx"].values()
            return Message(AT[kind], given | {"n": bound})
        case _ if kind in KINDS:
            return Message(KINDS[kind], given)
        case _:
            return Message(FileMessage.OTHER, given | {"problem": found["msg"].removeprefix("Input ")})


def _needs_number(given: dict[str, Given], info: FieldInfo | None, *, whole: bool) -> Message:
    if info and isinstance(info.default, int | float):
        code = FileMessage.NEEDS_WHOLE_SUCH if whole else FileMessage.NEEDS_NUMBER_SUCH
        return Message(code, given | {"such": str(info.default)})
    return Message(FileMessage.NEEDS_WHOLE if whole else FileMessage.NEEDS_NUMBER, given)


def _choice(given: str, choices: list[str]) -> Message:
    if close := get_close_matches(given, choices, n=1):
        return Message(FileMessage.DID_YOU_MEAN, {"name": close[0]})
    return Message(FileMessage.CHOOSE, {"names": ", ".join(choices)})


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
