"""The names of months in a text: in Arabic script by region (months.yaml), in other languages from Unicode's CLDR
(cldr_months.yaml)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from crawler import data_files
from crawler.extract.dates import calendars

BETWEEN_MONTHS, BETWEEN_NAMES = "; ", "/"  # in cldr_months.yaml
# The endings of a name within a date, each in place of what: `ئازاری 2026`, azaroaren 23a, 23. новембра
_ENDINGS = {
    "ckb": (("", "ی"),),
    "ku": (("", "ê"),),
    "eu": (("a", "aren"), ("a", "ak"), ("a", "an")),
    "ky": (("ь", "ы"),),
    "mn": (("", "ын"),),
    "my": (("", "လ"),),
    "tg": (("", "и"),),
    "tt": (("ь", "е"),),
    "tk": (("", "y"), ("", "i")),
    "kk": tuple(("", ending) for ending in ("да", "де", "та", "те")),
    "lv": (("is", "ī"), ("s", "ā")),
    "ka": (("ი", "ს"), ("ი", "ის"), ("ერი", "რის")),
    **dict.fromkeys(("sr", "sr_Latn", "bs"), (("", "а"), ("бар", "бра"), ("", "a"), ("bar", "bra"))),
}
_ACCENTS = re.compile("[\u0300-\u036f]")
_ENDS = ".׳'॰"  # of abbreviations
_IN = "ב"  # Hebrew
_LETTERS = re.compile(r"[^\W\d]+")
_GOES_ON = re.compile(r"\w")


class Month(NamedTuple):
    """A month named in a text, which `begin` and `end` delimit there."""

    calendar: calendars.Calendar
    number: int
    begin: int
    end: int


def months(text: str, languages: tuple[str, ...] = ()) -> list[Month]:
    """The months that a folded text names, in order. A name of different months counts only if `languages` decide."""
    own = {tag.split("-")[0] for tag in languages}
    found: list[Month] = []
    last = 0
    for word in _LETTERS.finditer(text):
        name = _named_at(text, word) if word.start() >= last else ""
        if not name:
            continue
        meanings = _names()[name]
        spoken = [month for month, tongues in meanings.items() if tongues & own]
        chosen = list(meanings) if len(meanings) == 1 else spoken
        last = word.start() + len(name) + text.startswith(_IN + name, word.start())
        last += text[last : last + 1] in _ENDS  # which contains "", too
        if len(chosen) == 1:
            found.append(Month(*chosen[0], word.start(), last))
    return found


def _named_at(text: str, word: re.Match[str]) -> str:
    """The longest name that begins with a word of the text, in Hebrew perhaps behind the particle ב; "" if none."""
    for begin in (word.start(), word.start() + word[0].startswith(_IN)):
        for name in _by_beginning().get(text[begin : word.end()], ()):
            if text.startswith(name, begin) and not _GOES_ON.match(text, begin + len(name)):
                return name
    return ""


def fold(text: str) -> str:
    """The text in lower case, without accents, and with one form of each Arabic letter."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", calendars.folded(text)))
    return unicodedata.normalize("NFC", plain.casefold()).replace("ı", "i").replace("म्ब", "ंब")  # नवम्बर is नवंबर


@cache
def _names() -> dict[str, dict[tuple[calendars.Calendar, int], set[str]]]:
    """Folded names -> the months that they mean, each with the languages in which it does."""
    names: dict[str, dict[tuple[calendars.Calendar, int], set[str]]] = {}
    for name, month in calendars.months().items():
        names.setdefault(fold(name), {}).setdefault(month, set())
    for language, said in data_files.load("crawler.extract.dates", "cldr_months.yaml").items():
        for number, spellings in enumerate(said.split(BETWEEN_MONTHS), 1):
            for form in (form for name in spellings.split(BETWEEN_NAMES) for form in _forms(name, language)):
                if (known := fold(form).rstrip(_ENDS)) and not known.isdigit():
                    month = ("gregorian", number)
                    names.setdefault(known, {}).setdefault(month, set()).add(language.split("_")[0])
    for name, number in (("sept", 9), ("juni", 6), ("juli", 7), ("marz", 3), ("maerz", 3)):  # not in CLDR's short forms
        names.setdefault(name, {}).setdefault(("gregorian", number), set())
    return names


def _forms(name: str, language: str) -> list[str]:
    """A month's name as it may stand in a date of this language."""
    found = [name, *(name.removesuffix(end) + new for end, new in _ENDINGS.get(language, ()) if name.endswith(end))]
    return [*found, *(one.replace("н н", "нн") for one in found if language == "mn")]  # of арван нэгдүгээр


@cache
def _by_beginning() -> dict[str, list[str]]:
    """The names, the longest first, by the letters that they begin with: a pattern of all of them takes a hundred times
    as long."""
    found: dict[str, list[str]] = {}
    for name in sorted(_names(), key=len, reverse=True):
        if letters := _LETTERS.match(name):  # else a number of a month, which the reader knows: 11-р сар
            found.setdefault(letters[0], []).append(name)
    return found
