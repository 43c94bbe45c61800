"""What crawler wrote in English sentences -> the same in the page's language, by the patterns of `texts/`.

For the rows of today, until their reasons are stored as messages. {name} stands for what differs, which may be a saying
itself; {n} and what begins so for a number, {url} for an address. What no pattern knows stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from index.locale import translate
from index.model.message import LEGACY, Message

TEXTS = Path(__file__).parent / "texts"
LONGEST, DEEPEST = 600, 8  # characters, and sayings within each other: what a page wrote may be in it
NUMBER = re.compile(r"[\d.,]+%?")
SPAN = re.compile(r"(\d+(?:\.\d+)?) (s|min|h|days?)")
UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "day": "days", "days": "days"}


def said(language: str, stored: str | None, within: int = 0) -> str:
    """A stored message in this language; what an older release stored as a sentence, by its pattern. It stands `within`
    so many others."""
    if not stored:
        return ""
    message = Message.from_json(stored)
    if message.code != LEGACY or language == "en":
        return translate(message, language)
    if len(stored) > LONGEST or NUMBER.fullmatch(stored):
        return stored
    if span := SPAN.fullmatch(stored):
        return translate(f"duration.{UNITS[span[2]]}", language, n=float(span[1]))
    sayings = _sayings(language)
    for key, pattern in _patterns().items() if within < DEEPEST and sayings else ():
        if match := pattern.fullmatch(stored):
            values = {name: said(language, value, within + 1) for name, value in match.groupdict().items()}
            return sayings[key].format_map(values)
    return translate(message, language)


def known(text: str) -> bool:
    """Whether there are words for this sentence."""
    return bool(SPAN.fullmatch(text)) or any(pattern.fullmatch(text) for pattern in _patterns().values())


@cache
def _sayings(language: str) -> Mapping[str, str]:
    """All scalars stay text, so that `off` is a word and not False."""
    path = TEXTS / f"{language}.yaml"
    found: Mapping[str, str] = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader) if path.exists() else {}
    return found


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return {key: _pattern(text) for key, text in _sayings("en").items()}


def _pattern(text: str) -> re.Pattern[str]:
    """Parts of the text and names take turns."""
    parts = re.split(r"\{(\w+)\}", text)
    written = (f"(?P<{part}>{_value(part)})" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return re.compile("".join(written), re.DOTALL)


def _value(name: str) -> str:
    if name.startswith("n"):
        return NUMBER.pattern
    return r"https?://\S+?" if name == "url" else ".+?"
