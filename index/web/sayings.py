"""What crawler wrote in English sentences -> the same in the page's language, by the patterns of `texts/`.

The archive keeps one sentence, for the command, the log and the API. {name} stands for what differs, which may be a
saying itself; {n} and what begins so for a number, {url} for an address. What no pattern knows stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from index.web import i18n

LONGEST, DEEPEST = 600, 8  # characters, and sayings within each other: what a page wrote may be in it
NUMBER = re.compile(r"[\d.,]+%?")
SPAN = re.compile(r"(\d+(?:\.\d+)?) (s|min|h|days?)")
UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "day": "days", "days": "days"}
ISOLATED = "\u2068{}\u2069"  # what runs another way must not turn the sentence around (UAX 9)


def said(language: str, text: str | None, within: int = 0) -> str:
    """The sentence in this language; it stands `within` so many others."""
    if not text or language == "en" or len(text) > LONGEST or NUMBER.fullmatch(text):
        return text or ""
    if span := SPAN.fullmatch(text):
        return _span(language, span[1], UNITS[span[2]])
    for key, pattern in _patterns().items() if within < DEEPEST else ():
        if match := pattern.fullmatch(text):
            values = {name: said(language, value, within + 1) for name, value in match.groupdict().items()}
            return i18n.SAYINGS[language][key].format_map(values)
    return ISOLATED.format(text)


def known(text: str) -> bool:
    """Whether there are words for this sentence."""
    return bool(SPAN.fullmatch(text)) or any(pattern.fullmatch(text) for pattern in _patterns().values())


def _span(language: str, number: str, noun: str) -> str:
    if number.isdigit():
        return i18n.count(language, noun, int(number))
    return i18n.NOUNS[language][noun]["other"].format(n=number)


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return {key: _pattern(text) for key, text in i18n.SAYINGS["en"].items()}


def _pattern(text: str) -> re.Pattern[str]:
    """Parts of the text and names take turns."""
    parts = re.split(r"\{(\w+)\}", text)
    written = (f"(?P<{part}>{_value(part)})" if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return re.compile("".join(written), re.DOTALL)


def _value(name: str) -> str:
    if name.startswith("n"):
        return NUMBER.pattern
    return r"https?://\S+?" if name == "url" else ".+?"
