"""Texts for the tests of stories: articles that are edited, and articles that are filled into one template."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parents[1] / "support" / "news_sites" / "data"
FILES = {"ar": ("arabic2", "jannah"), "en": ("english",), "fr": ("fr",), "ru": ("ru",), "fa": ("fa",), "zh": ("zh",)}
LANGUAGES = tuple(FILES)
RUN = 12  # words: the longest run that is changed at once

Texts = tuple[str, str]  # headline and body
_SENTENCE = re.compile(r"(?<=[.!?؟])\s+|(?<=[。！？])")
_FIELD = re.compile(r"^[a-z_]+:|^---|^#")


@cache
def sentences(language: str) -> tuple[str, ...]:
    """What the newsroom's articles say in this language."""
    lines = [line for name in FILES[language] for line in (DATA / f"{name}.txt").read_text("utf-8").splitlines()]
    found = [s.strip() for line in lines if not _FIELD.match(line) for s in _SENTENCE.split(line)]
    return tuple(dict.fromkeys(s for s in found if len(s) > (10 if language == "zh" else 30)))


def article(rnd: random.Random, language: str, words: int = 230) -> Texts:
    """An article of about so many words, put together from sentences."""
    chosen: list[str] = []
    for sentence in rnd.sample(sentences(language), len(sentences(language))):
        chosen.append(sentence)
        if sum(len(split(language, s)) for s in chosen) > words:
            break
    paragraphs = [chosen[n : n + 3] for n in range(1, len(chosen), 3)]
    return chosen[0], "\n\n".join(_joined(language, p, " ") for p in paragraphs)


def split(language: str, text: str) -> list[str]:
    """A text's words; of Chinese its signs."""
    return [c for c in text if not c.isspace()] if language == "zh" else text.split()


def _joined(language: str, words: list[str], by: str) -> str:
    return ("" if language == "zh" else by).join(words)


def words_edited(rnd: random.Random, language: str, body: str, share: float) -> str:
    """The body with about this share of its words changed one by one: replaced, left out, or another put behind."""
    said = [w for s in sentences(language) for w in split(language, s)]
    done: list[str] = []
    for word in split(language, body):
        if rnd.random() >= share:
            done.append(word)
        else:
            done += rnd.choice(([rnd.choice(said)], [], [word, rnd.choice(said)]))
    return _joined(language, done, " ")


def runs_edited(rnd: random.Random, language: str, body: str, share: float) -> str:
    """The body with this share of its words changed in runs of up to twelve."""
    said = [w for s in sentences(language) for w in split(language, s)]
    words = split(language, body)
    left = int(share * len(words))
    while left > 0:
        length = min(left, rnd.randint(1, RUN))
        at = rnd.randrange(len(words) - length)
        new = [rnd.choice(said) for _ in range(length)]
        where = {"replace": slice(at, at + length), "delete": slice(at, at + length), "insert": slice(at, at)}
        how = rnd.choice(list(where))
        words[where[how]] = [] if how == "delete" else new
        left -= length
    return _joined(language, words, " ")


# --- templates -------------------------------------------------------------------------------------------------------

_BOUNDS = {  # of the numbers that are filled in
    **dict.fromkeys("abce", (5_000, 9_999)),
    "d": (2_500, 4_999),
    "f": (0, 19),
    "g": (0, 45),
    "h": (0, 60),
    "i": (0, 9),
    "j": (0, 90),
    "k": (0, 60),
}


@cache
def templates() -> dict[str, dict[str, Any]]:
    """By language: `places`, `names`, `days`, and `templates` by kind."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(
        Path(__file__).with_name("near_templates.yaml").read_text("utf-8")
    )
    return found


def filled(rnd: random.Random, language: str, kind: str) -> Texts:
    """The next article of a template."""
    said = templates()[language]
    (place, place2), (name, name2) = rnd.sample(said["places"], 2), rnd.sample(said["names"], 2)
    words = {"place": place, "place2": place2, "name": name, "name2": name2, "day": rnd.choice(said["days"])}
    values = words | {letter: rnd.randint(*bounds) for letter, bounds in _BOUNDS.items()}
    template = said["templates"][kind]
    return template["headline"].format(**values), "\n\n".join(template["body"]).format(**values)


EDITS: dict[str, Callable[[random.Random, str, str, float], str]] = {"words": words_edited, "runs": runs_edited}


# --- reports that differ in one slot ---------------------------------------------------------------------------------


@cache
def _slots() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("near_slots.yaml").read_text("utf-8"))
    return found


def reports(count: int) -> list[tuple[Texts, Texts]]:
    """So many pairs of reports, of eight languages in turn, each of one template and different in one slot or two."""
    rnd, made = random.Random(2_000), []
    while len(made) < count:
        said = _slots()[[*_slots()][len(made) % len(_slots())]]
        headline, body = rnd.choice(said["texts"])
        names = [name for name in ("place", "name", "n", "m") if f"{{{name}}}" in headline + body]
        first = {name: _slot(rnd, said, name) for name in names}
        second = dict(first)
        for name in rnd.sample(names, min(len(names), rnd.choice((1, 1, 2)))):
            while second[name] == first[name]:
                second[name] = _slot(rnd, said, name)
        made.append(
            ((headline.format(**first), body.format(**first)), (headline.format(**second), body.format(**second)))
        )
    return made


def _slot(rnd: random.Random, said: dict[str, Any], name: str) -> str:
    return str(rnd.randint(*{"n": (200, 990), "m": (3, 45)}[name])) if name in "nm" else rnd.choice(said[name])
