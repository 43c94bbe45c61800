"""The names of weekdays, from Unicode's CLDR."""

from __future__ import annotations

from functools import cache

from crawler.text import fold


def is_one(word: str, languages: tuple[str, ...]) -> bool:
    """Whether a word names a weekday, in full or short, in one of these languages (BCP 47)."""
    return any(fold(word).rstrip(".") in _names(tag.partition("-")[0]) for tag in languages)


@cache
def _names(language: str) -> frozenset[str]:
    from babel import Locale, UnknownLocaleError  # here, as few pages need it

    try:
        days = Locale(language).days
    except (UnknownLocaleError, ValueError):
        return frozenset()
    forms = (days[context][width] for context in ("format", "stand-alone") for width in ("wide", "abbreviated"))
    return frozenset(fold(name).rstrip(".") for form in forms for name in form.values())
