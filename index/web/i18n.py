"""What the page says, in Arabic and in English: a file of `texts/` each. `plural` chooses among the forms of a noun.

Arabic counts in six forms (CLDR, https://cldr.unicode.org/index/cldr-spec/plural-rules), English in two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

TEXTS = Path(__file__).parent / "locales"

# Codes whose usual script runs from right to left, and the scripts (ISO 15924) that do.
RTL_LANGUAGES = frozenset(
    (
        *("ar", "arc", "azb", "ckb", "dv", "fa", "glk", "he", "iw", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd"),
        *("syr", "ug", "ur", "yi"),
    )
)
RTL_SCRIPTS = frozenset(("adlm", "arab", "aran", "hebr", "mand", "mend", "nkoo", "rohg", "samr", "syrc", "thaa"))


def _read(language: str) -> Any:
    """A file of `texts/`. All its scalars stay text, so that `off` is a word and not False."""
    return yaml.load((TEXTS / f"{language}.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)


_TEXTS = {language: _read(language) for language in ("en", "ar")}
NAMES: Mapping[str, str] = {language: texts["name"] for language, texts in _TEXTS.items()}
DIRECTIONS: Mapping[str, str] = {language: texts["direction"] for language, texts in _TEXTS.items()}
MONTHS: Mapping[str, Sequence[str]] = {language: texts["months"] for language, texts in _TEXTS.items()}
NOUNS: Mapping[str, Mapping[str, Mapping[str, str]]] = {language: texts["nouns"] for language, texts in _TEXTS.items()}
WORDS: Mapping[str, Mapping[str, str]] = {language: texts["words"] for language, texts in _TEXTS.items()}
EXAMPLES: Mapping[str, Sequence[tuple[str, str]]] = {language: texts["examples"] for language, texts in _TEXTS.items()}
COUNTRIES: Mapping[str, Mapping[str, str]] = {language: texts["countries"] for language, texts in _TEXTS.items()}
LANGUAGES: Mapping[str, Mapping[str, str]] = {language: texts["languages"] for language, texts in _TEXTS.items()}
SYNTAX: Mapping[str, Sequence[tuple[str, str]]] = {language: texts["syntax"] for language, texts in _TEXTS.items()}
KEYS: Mapping[str, Sequence[tuple[str, str]]] = {language: texts["keys"] for language, texts in _TEXTS.items()}


def plural(language: str, n: int) -> str:
    """The form of a noun that goes with this whole number: zero, one, two, few, many or other."""
    if language != "ar":
        return "one" if n == 1 else "other"
    if n <= 2:
        return ("zero", "one", "two")[n]
    rest = n % 100
    return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"


def count(language: str, noun: str, n: int) -> str:
    """A number with its noun, such as "3 articles", "مقالان" or "11 مقالاً"."""
    return NOUNS[language][noun][plural(language, n)].format(n=f"{n:,}")


def day(language: str, moment: date) -> str:
    """The day of a moment in its own zone, such as "8 June 2018" or "8 يونيو 2018"."""
    return f"{moment.day} {MONTHS[language][moment.month - 1]} {moment.year}"


def span(language: str, first: date, last: date) -> str:
    """A time of whole days, such as "8 June 2018", "8 – 14 June 2018" or "June 2018"."""
    if first == last:
        return day(language, first)
    months = MONTHS[language]
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and first.month == last.month:
        return f"{months[first.month - 1]} {first.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {day(language, last)}"
    year = f" {first.year}" if first.year != last.year else ""
    return f"{first.day} {months[first.month - 1]}{year} – {day(language, last)}"


def clock(language: str, moment: datetime) -> str:
    """Day, time and offset of a moment in its own zone, such as "8 June 2018, 21:04 UTC+3"."""
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    offset = ("+" if minutes > 0 else "−") + str(hours) + (f":{rest:02}" if rest else "") if minutes else ""
    comma = "،" if language == "ar" else ","
    # The time and its offset are one run from left to right: in Arabic the sign would go to the other side.
    return f"{day(language, moment)}{comma} \u2066{moment:%H:%M} UTC{offset}\u2069"


def direction(language: str | None) -> str:
    """Which way a text in this language (BCP 47) runs: rtl, ltr, or auto (by its first letter) where it is unknown."""
    if not language:
        return "auto"
    first, *rest = language.lower().split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    return "rtl" if (script in RTL_SCRIPTS if script else first in RTL_LANGUAGES) else "ltr"
