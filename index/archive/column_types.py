"""How times and messages are kept: an instant as a whole number, a date with the zone that the page gave, a message as
its JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from index.model.message import LEGACY, Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment: microseconds since 1970 in UTC, an integer in the database and an aware datetime outside."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else (_aware(value) - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Zoned(TypeDecorator[datetime]):
    """A date as a page gave it: ISO 8601 text with its offset, such as `2016-03-05T10:00:00+02:00`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _aware(value).isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class MessageJson(TypeDecorator[Message]):
    """A message: its JSON in the database. What an older release stored as a sentence comes back as `legacy`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Message | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.to_json()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Message | None:  # noqa: ARG002
        return Message.from_json(value) if value else None


def split_message(message: Message) -> tuple[str, Message | None]:
    """A message for two columns: its code, by which rows are found and counted, and the whole of it where it has
    parameters."""
    return message.code, message if message.params else None


def joined(code: str | None, message: Message | None) -> Message | None:
    """What `split` parted. Of a row whose sentence an older release wrote, the code that was made of it, which is what
    decides; the sentence stays where it was."""
    if code is None:
        return None
    return message if message is not None and message.code == code else Message(code)


def join_message(code: str | None, message: Message | None) -> Message | None:
    """The same to be shown: an older release's sentence, where there is one, says more than its code."""
    return message if message is not None and message.code == LEGACY else joined(code, message)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
    return value
