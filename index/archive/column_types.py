"""How times and messages are stored: an instant as an integer, a page's date with its UTC offset, a message as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from index.model.message import LEGACY, Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_TOLD = 1_000  # characters of one parameter of a message


def to_json(value: object) -> str:
    """The JSON of a column, in which Arabic takes no more room than it does in a text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Instant(TypeDecorator[datetime]):
    """An instant: microseconds since 1970-01-01 UTC, an integer in the database and an aware datetime outside."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else (_aware(value) - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Instants(TypeDecorator[tuple[datetime, ...]]):
    """Instants, each as in `Instant`, in a list in JSON; without any, NULL in the database and () outside."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: tuple[datetime, ...] | None, dialect: Dialect) -> list[int] | None:  # noqa: ARG002
        return [(_aware(moment) - EPOCH) // MICROSECOND for moment in value] if value else None

    def process_result_value(self, value: list[int] | None, dialect: Dialect) -> tuple[datetime, ...]:  # noqa: ARG002
        return tuple(EPOCH + one * MICROSECOND for one in value or ())


class Zoned(TypeDecorator[datetime]):
    """A date as the page stated it: ISO 8601 text with its offset, such as `2016-03-05T10:00:00+02:00`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _aware(value).isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class MessageJson(TypeDecorator[Message]):
    """A message: its JSON in the database, where what is longer than LONGEST_TOLD is cut: servers may say anything.
    A sentence stored by an older release is returned as a `legacy` message."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Message | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _short(value).to_json()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Message | None:  # noqa: ARG002
        return Message.from_json(value) if value else None


def _short(message: Message) -> Message:
    if len(message.to_json()) <= LONGEST_TOLD:
        return message
    return Message(message.code, {name: _cut(value) for name, value in message.params.items()})


def _cut(value: Any) -> Any:
    if isinstance(value, Message):
        return _short(value)
    if isinstance(value, str) and len(value) > LONGEST_TOLD:
        return f"{value[: LONGEST_TOLD - 1]}…"
    return [_cut(one) for one in value] if isinstance(value, list) else value


def split_message(message: Message) -> tuple[str, Message | None]:
    """A message as two columns: its code, by which rows are found and counted, and the whole message if it has
    parameters."""
    return message.code, message if message.params else None


def joined(code: str | None, message: Message | None) -> Message | None:
    """The inverse of `split`. For a row with a sentence of an older release, the code derived from it, as that is what
    decisions are based on; the stored sentence stays as it is."""
    if code is None:
        return None
    return message if message is not None and message.code == code else Message(code)


def join_message(code: str | None, message: Message | None) -> Message | None:
    """The message to display: like `joined`, but an older release's sentence is preferred, as it says more than its
    code."""
    return message if message is not None and message.code == LEGACY else joined(code, message)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
    return value
