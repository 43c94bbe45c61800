"""The catalogues: one gettext PO file per language, with entries named by key, such as `search.placeholder`.

A file's name is the language's code (BCP 47) in URLs; its header `Language` is the CLDR locale for dates and numbers,
`Plural-Forms` its plurals. Another language takes one more file. https://www.gnu.org/software/gettext/manual/
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

log = logging.getLogger("arshif.locale")

FALLBACK = "en"  # language of entries that a catalogue lacks
HUNDRED = 100  # has the plural form that nearly all languages use for fractions: CLDR's "other"

folder = Path(__file__).parent
strict = False  # raise KeyError for a key that no catalogue has instead of showing it; on in tests

Part = tuple[str, str | None, str]  # a literal, the placeholder after it or None, and its format


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language, the keys of its own entries, and its CLDR locale."""

    language: str
    locale: Locale
    keys: frozenset[str]
    texts: GNUTranslations

    @property
    def direction(self) -> str:
        """rtl or ltr."""
        return str(self.locale.text_direction)

    def has(self, key: str) -> bool:
        """Whether this catalogue or the fallback's has an entry for this key."""
        return self.texts.gettext(key) != key

    def text(self, key: str, n: object = None) -> str:
        """The entry for this key with its placeholders, in the plural form for the number n; the key if there is none.

        :raises KeyError: when neither this catalogue nor the fallback's has the key, and `strict` is set.
        """
        found = key
        if isinstance(n, int | float):
            found = self.texts.ngettext(key, key, int(n) if n == int(n) else HUNDRED)
        if found == key:
            found = self.texts.gettext(key)
        if found == key:
            _missing(key)
        return found


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, the fallback first."""
    return tuple(sorted((path.stem for path in folder.glob("*.po")), key=lambda name: (name != FALLBACK, name)))


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of one of `languages()`, read once."""
    with (folder / f"{language}.po").open("rb") as file:
        entries = read_po(file, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, entries)
    compiled.seek(0)
    texts = GNUTranslations(compiled)
    if language != FALLBACK:
        texts.add_fallback(catalogue(FALLBACK).texts)
    keys = frozenset(entry.id if isinstance(entry.id, str) else entry.id[0] for entry in entries if entry.id)
    return Catalogue(language, entries.locale or Locale.parse(language, sep="-"), keys, texts)


@cache
def parts(text: str) -> tuple[Part, ...]:
    """The literals and placeholders ({name} or {name:format}) of an entry; {{ and }} are literal braces."""
    return tuple((literal, name, spec or "") for literal, name, spec, _ in Formatter().parse(text))


@cache
def _missing(key: str) -> None:
    if strict:
        raise KeyError(key)
    log.error("no catalogue has an entry %r", key)
