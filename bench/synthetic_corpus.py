"""Made-up articles in any number, whose words are as frequent as those of real texts: some often, most hardly ever."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path

from index.model.article import Article, IndexDocument
from index.text.analysis import words

SEEDS = Path(__file__).parents[1] / "tests" / "support" / "news_sites" / "data"
TEXTS = {"ar": ("stock.ar.txt", "jannah.txt", "arabic2.txt", "old.txt"), "en": ("stock.en.txt", "english.txt")}
VOCABULARY = 60_000  # words of a language: about what 100,000 news articles have more than once
SYLLABLES = {
    "ar": "با تو سي مر كل نو دا عي فر هم زو قا لي رس طا جد",
    "en": "ba to si mer kal no da lin for ham zo ka ri ste ul ong",
}
BODY_WORDS = (120, 600)  # of an article: 3.9 KB of text in the mean, as in a news archive of 5,000 pages
PARAGRAPH = 55  # words
NEWEST = datetime(2026, 11, 1, tzinfo=UTC)
SITES = {"ar": tuple(f"site-ar-{n}" for n in range(12)), "en": tuple(f"site-en-{n}" for n in range(8))}


@cache
def vocabulary(language: str) -> tuple[list[str], list[float]]:
    """The words of a language from the most frequent on, those of the newsroom's texts first, and their cumulative
    weights after Zipf and Mandelbrot: 1 / (rank + 2.7)."""
    text = " ".join((SEEDS / name).read_text("utf-8") for name in TEXTS[language])
    counted: dict[str, int] = {}
    for word in words(text):
        counted[word] = counted.get(word, 0) + 1
    found = sorted(counted, key=lambda word: (-counted[word], word))
    chance, syllables = random.Random(language), SYLLABLES[language].split()
    known = set(found)
    while len(found) < VOCABULARY:
        word = "".join(chance.choices(syllables, k=chance.randrange(2, 5)))
        if language == "ar" and chance.random() < 0.3:
            word = "ال" + word
        if word not in known:
            known.add(word)
            found.append(word)
    return found, list(accumulate(1 / (rank + 2.7) for rank in range(len(found))))


def article(number: int) -> IndexDocument:
    """The article of that number, always the same: two of three in Arabic, over three years, on 20 sites."""
    chance = random.Random(number)
    language = "en" if number % 3 == 0 else "ar"
    names, weights = vocabulary(language)
    body = chance.choices(names, cum_weights=weights, k=chance.randrange(*BODY_WORDS))
    paragraphs = [" ".join(body[at : at + PARAGRAPH]) + "." for at in range(0, len(body), PARAGRAPH)]
    headline = " ".join(chance.choices(names, cum_weights=weights, k=8))
    moment = NEWEST - timedelta(minutes=chance.randrange(3 * 365 * 24 * 60))
    site = chance.choice(SITES[language])
    written = Article(
        id=hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest(),
        site=site,
        url=f"https://{site}.example/{number}",
        headline=headline,
        body="\n\n".join(paragraphs),
        content_hash=str(number),
        extractor="bench",
        country=("SY", "LB", "EG", "GB")[number % 4],
        section=("politics", "sport", "culture")[number % 3],
        authors=(f"Author {number % 500}",),
        published=moment,
        language=language,
    )
    return IndexDocument(written, 1, first_seen=moment, sort_date=moment)


def articles(first: int, count: int) -> Iterator[IndexDocument]:
    """So many of them."""
    return map(article, range(first, first + count))
