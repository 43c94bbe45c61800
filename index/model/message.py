"""A message as a code with parameters: how reasons, verdicts and outcomes are stored, compared and counted.

It becomes a sentence in the reader's language only for display (`index.locale.translate`); no decision depends on its
wording.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Union

LEGACY = "legacy"  # the code of a sentence stored before there were codes; its one parameter is `text`

Value = Union[str, int, float, bool, None, "Message", "list[Value]"]
Given = Value | datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A code, which has an entry in every catalogue, and the values of its entry's placeholders.

    Parameters are JSON values, lists of them, messages (a reason within a reason), or datetimes with a time zone, which
    are stored in ISO 8601. Durations are in seconds, shares from 0 to 1; the catalogue determines how each is shown. A
    StrEnum member can be used as the code. Messages compare, hash and pickle by value.

    :raises ValueError: when a parameter is a datetime without a time zone.
    """

    code: str
    params: Mapping[str, Given] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", str(self.code))
        object.__setattr__(self, "params", {name: _plain(value) for name, value in self.params.items()})

    def __hash__(self) -> int:
        return hash(self.to_json())

    def to_json(self) -> str:
        """The message as compact JSON, `{"code": ..., "params": {...}}`; a nested message has the same form."""
        return json.dumps(_encoded(self), ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Message:
        """The message written by `to_json`; any other text, an older release's sentence, becomes a `legacy` message."""
        try:
            found = _decoded(json.loads(text))
        except (ValueError, RecursionError):
            found = None
        return found if isinstance(found, Message) else cls(LEGACY, {"text": text})


def _plain(value: Given) -> Value:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.isoformat(timespec="seconds")
    if isinstance(value, str):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _encoded(value: object) -> object:
    if isinstance(value, Message):
        params = {name: _encoded(one) for name, one in value.params.items()}
        return {"code": value.code, "params": params}
    return [_encoded(one) for one in value] if isinstance(value, list) else value


def _decoded(value: object) -> Value:
    match value:
        case {"code": str(code), "params": dict(params), **others} if not others:
            return Message(code, {str(name): _decoded(one) for name, one in params.items()})
        case list():
            return [_decoded(one) for one in value]
        case None | bool() | int() | float() | str():
            return value
    raise ValueError(f"no parameter of a message: {value!r}")
