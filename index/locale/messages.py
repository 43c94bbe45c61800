"""Turning messages into sentences.

A placeholder is formatted by its value's type: a number with grouping, a datetime (ISO 8601 with an offset) as day and
time, a list with commas, a message as its own sentence; other text is left as it is. `{name:format}` selects one of
FORMATS. An entry with plural forms uses the one for its parameter `n`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from index.locale import formats
from index.locale.catalogues import catalogue, parts
from index.model.message import Message

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
ISOLATED = "\u2068{}\u2069"  # text of another direction must not reorder the sentence (UAX 9: FSI, PDI)
LEFT_TO_RIGHT = "\u2066{}\u2069"  # LRI, PDI


def translate(message: Message | str, language: str, /, **params: Any) -> str:
    """A message, or a key's entry with these parameters, as text in one of `languages()`.

    :raises KeyError: when the entry has a placeholder without a parameter.
    """
    if isinstance(message, str) and not params:
        return _constant(message, language)
    return "".join(map(str, segments(message, language, **params)))


def segments(message: Message | str, language: str, /, **params: Any) -> list[Any]:
    """The same in pieces, for a page: literals and formatted parameters in order; a parameter that is markup
    (`__html__`) is left as it is."""
    key, given = (message.code, {**message.params, **params}) if isinstance(message, Message) else (message, params)
    said: list[Any] = []
    for literal, name, form in parts(catalogue(language).text(key, given.get("n"))):
        if literal:
            said.append(literal)
        if name is not None:
            said.append(format_value(language, given[name], form))
    return said


def format_value(language: str, value: Any, form: str = "") -> Any:
    """A value formatted for a sentence, by one of FORMATS or by its type."""
    if hasattr(value, "__html__"):
        return value
    if form:
        return FORMATS[form](language, value)
    if isinstance(value, Message):
        return translate(value, language)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return formats.number(language, value)
    if isinstance(value, datetime) or (isinstance(value, str) and MOMENT.fullmatch(value)):
        return clock(language, _moment(value))
    if isinstance(value, list | tuple):
        return formats.listed(language, [format_value(language, one) for one in value])
    return _text(language, "" if value is None else value)


def label(family: str, stored: str) -> str:
    """The catalogue's key for the display text of a stored code: `verdict.feed_dead` for "feed dead" of `verdict`."""
    return f"{family}.{_CAMEL.sub('_', stored).replace(' ', '_').lower()}"


def clock(language: str, moment: datetime) -> str:
    """The day, time and offset of a datetime in its own time zone, such as "8 June 2018, 21:04 UTC+3"."""
    # Time and offset are one left-to-right run: in Arabic, the sign would move to the other side.
    time = LEFT_TO_RIGHT.format(f"{moment:%H:%M} {formats.offset(moment)}")
    return catalogue(language).text("date.clock").format(day=formats.day(language, moment), time=time)


def duration(language: str, seconds: float) -> str:
    """A duration in its largest unit, such as "2 minutes" or "1.5 hours"."""
    unit, amount = formats.unit(seconds)
    return translate(f"duration.{unit}", language, n=amount)


def _moment(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _day(language: str, value: str | date) -> str:
    return formats.day(language, date.fromisoformat(value[:10]) if isinstance(value, str) else value)


def _text(language: str, value: Any) -> str:
    return ISOLATED.format(value) if value != "" and catalogue(language).direction == "rtl" else str(value)


FORMATS: Mapping[str, Callable[[str, Any], str]] = {
    "country": formats.country,  # a code
    "day": _day,  # a date or a moment
    "duration": duration,  # seconds
    "language": formats.language_name,  # a code
    "lines": lambda language, several: "\n".join(format_value(language, one) for one in several),  # each on its own
    "percent": formats.percent,  # a share from 0 to 1
    "size": formats.size,  # bytes
    "plain": lambda _, value: str(value),  # a number without grouping
    "text": _text,  # unchanged, whatever it looks like
}


@cache
def _constant(key: str, language: str) -> str:
    """An entry without placeholders."""
    return "".join(map(str, segments(key, language)))
