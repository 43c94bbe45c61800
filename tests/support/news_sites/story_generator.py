"""Stock: an endless row of small news stories, the same for the same seed, made from `data/stock.*.txt`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from .article import Draft
from .drafts import DATA, listed, paragraphs

EDITS = {  # sentences that an edit adds to a stock story
    "ar": (
        "تحديث: أفاد مراسلنا بأن العمل مستمر، وأن تفاصيل إضافية ستُعلن خلال ساعات.",
        "تحديث: أوضحت الجهة المعنية أن الأرقام الأولية ارتفعت قليلاً بعد المراجعة.",
        "تحديث: وصلت تعليقات من السكان تؤكد ما ورد أعلاه وتطالب بمتابعة الموضوع.",
    ),
    "en": (
        "Update: officials later confirmed the account and promised a fuller statement.",
        "Update: an earlier version of this report gave a slightly lower figure.",
        "Update: readers have since sent photographs that support the description above.",
    ),
}


@dataclass(frozen=True, slots=True)
class Story:
    """A story with places for `{place}`, `{n}` (11 to 99) and `{h}` (hundreds): numbers with one form of the noun."""

    key: str
    sections: tuple[str, ...]
    keywords: tuple[str, ...]
    headline: str
    body: tuple[str, ...]


def story(language: str, number: int, seed: int = 0) -> Draft:
    """The draft with that number, counted from 0: `ar` has 240 different ones, `en` 140, then they come again with
    other figures."""
    stories, places = _stock(language)
    chance = random.Random(f"{seed}/{language}/{number}")
    order = random.Random(f"{seed}/{language}")
    kinds = order.sample(range(len(stories)), len(stories))
    told = stories[kinds[number % len(kinds)]]
    lap = number // len(kinds)
    place, about = places[(number % len(kinds) + lap) % len(places)]
    values = {"place": place, "n": chance.randint(11, 99), "h": chance.randint(1, 9) * 100}
    *body, end = (paragraph.format(**values) for paragraph in told.body)
    return Draft(
        slug=f"{told.key}-{number}",
        headline=told.headline.format(**values),
        body=(*body, about, end),
        sections=told.sections,
        authors=_byline(language, place),
        keywords=(place, *told.keywords),
        caption=None if number % 3 else _caption(language, place),
        figure="none" if number % 3 else "top",
    )


def _byline(language: str, place: str) -> tuple[str, ...]:
    return (f"مراسل في {place}" if language == "ar" else f"Our {place} correspondent",)


def _caption(language: str, place: str) -> str:
    return f"مشهد من {place} صباح اليوم" if language == "ar" else f"{place} this morning"


@cache
def _stock(language: str) -> tuple[list[Story], list[tuple[str, str]]]:
    places, *topics = (DATA / f"stock.{language}.txt").read_text("utf-8").split("\n---\n")
    pairs = [line.partition(" | ") for line in places.strip().splitlines()]
    return [told for topic in topics for told in _topic(topic)], [(name, about) for name, _, about in pairs]


def _topic(text: str) -> list[Story]:
    """The stories of a topic: the first lines of its blocks tell the first, the second lines the second."""
    head, *blocks = paragraphs(text)
    fields = [line.split(": ", 1) for line in head.splitlines()]
    given = dict(fields)
    headlines = [value for key, value in fields if key == "headline"]
    bodies = zip(*(block.splitlines() for block in blocks), strict=True)
    return [
        Story(f"{given['key']}-{letter}", listed(given["section"]), listed(given["keywords"]), headline, body)
        for letter, headline, body in zip("ab", headlines, bodies, strict=True)
    ]
