"""Language detection. The text takes precedence over the declared language: lang="en" on Arabic pages is common."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_MIN_LETTERS = 40  # letters below which a text is too short, and the declared language counts
_ENOUGH_ARABIC = 12  # the same in Arabic script, whose languages are distinguished by specific letters
_SURE = 0.5  # probability below which the declared language counts, if the script agrees
_SAMPLE = 800  # characters; on 738 pages, 3,000 gave the same languages and took three times as long
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
# Letters used only, or most of the time, by one of the languages in Arabic script: detectors mistake Sorani for its
# neighbour sdh and Urdu headlines for Persian.
_ARABIC_SCRIPT = re.compile("[\u0620-\u064a\u066e-\u06d3\u06d5\u06fa-\u06ff]")
_TELLS = 0.02  # share of such letters from which they are significant; a foreign name has fewer
_TELLING = {
    "ckb": re.compile("[ڕڵێۆە]"),
    "ps": re.compile("[ټډړږښګڼې]"),
    "ur": re.compile("[ٹڈڑےں]"),
    "ug": re.compile("[ۇۈۋېەڭ]"),
    "fa": re.compile("[پچژگکی]"),
}
_ARABIC_ONLY = re.compile("[ةىيكأإ]")
_SCRIPTS = {
    "arabic": (
        _ARABIC_SCRIPT,
        frozenset(("ar", "fa", "ur", "ckb", "ku", "ps", "sd", "ug", "arz", "azb", "pnb", "sdh")),
    ),
    "cyrillic": (
        re.compile("[\u0400-\u052f]"),
        frozenset(("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt")),
    ),
    "greek": (re.compile("[\u0370-\u03ff]"), frozenset(("el",))),
    "hebrew": (re.compile("[\u05d0-\u05ea]"), frozenset(("he", "yi"))),
}


def language(text: str, declared: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """The language (BCP 47) of a text and its origin, `detected` or `declared`; None if unknown.

    `declared` are the tags from page, feed and site, the most specific source first; the region or script of a tag that
    agrees with the detected language is kept (`pt-BR`)."""
    tags = [tag for tag in map(normal, declared) if tag]
    letters = sum(map(str.isalpha, text[:_SAMPLE]))
    found, sure = _detect(text[:_SAMPLE]) if letters >= 8 else ("", False)
    enough = letters >= (_ENOUGH_ARABIC if _ARABIC_SCRIPT.search(text[:_SAMPLE]) else _MIN_LETTERS)
    if found and ((sure and enough) or not tags):
        exact = next((t for t in tags if t.split("-")[0] == found), found)
        return exact, "detected"
    fitting = next((t for t in tags if _fits(t.split("-")[0], text)), None)
    if fitting:
        return fitting, "declared"
    return (found, "detected") if found else None


def normal(tag: str | None) -> str:
    """The tag in the recommended case of BCP 47: `ar_SY` -> `ar-SY`; "" if it is not a tag."""
    if not tag or not _TAG.fullmatch(tag.strip()):
        return ""
    first, *rest = re.split("[-_]", tag.strip())
    return "-".join([first.lower(), *(p.title() if len(p) == 4 else p.upper() if len(p) == 2 else p for p in rest)])


def _detect(text: str) -> tuple[str, bool]:
    """The language according to specific letters or the model, and whether it is certain enough."""
    arabic = len(_ARABIC_SCRIPT.findall(text))
    if arabic > 0.5 * sum(map(str.isalpha, text)):
        return _arabic_script(text, arabic)
    name, probability = _identifier().classify(text)
    return str(name), probability >= _SURE


def _arabic_script(text: str, letters: int) -> tuple[str, bool]:
    shares = {name: len(found.findall(text)) / letters for name, found in _TELLING.items()}
    arabic = len(_ARABIC_ONLY.findall(text)) / letters
    name = max(("ug", "ckb", "ps", "ur"), key=lambda n: shares[n])
    if shares[name] > _TELLS:
        return name, True
    if shares["fa"] > _TELLS and shares["fa"] > arabic:
        return "fa", True
    return "ar", arabic > _TELLS


def _fits(language: str, text: str) -> bool:
    """Whether a language can be written in the text's script; languages without a known script always fit."""
    letters = sum(map(str.isalpha, text)) or 1
    for script, languages in _SCRIPTS.values():
        share = len(script.findall(text)) / letters
        if share > 0.5:
            return language in languages
        if language in languages:
            return share > 0.1
    return True


@cache
def _identifier() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
