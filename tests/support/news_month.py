"""A month of CC-NEWS as Common Crawl publishes it, small and made up: its list, and the WARC files that it names, with
articles of three papers in two languages that follow what happens."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

from tests.support.warcs import Archived, warc

LIST = "crawl-data/CC-NEWS/2024/01/warc.paths.gz"
FILES = [f"crawl-data/CC-NEWS/2024/01/CC-NEWS-202401{day:02}020000-00001.warc.gz" for day in (1, 8)]
DAYS = range(1, 15)

_PAPERS = {"harbour-gazette.example": "en", "valley-post.example": "en", "jaridat-almina.example": "ar"}
_TOPICS = {
    "wheat": ("wheat", "قمح"),
    "elections": ("elections", "انتخابات"),
    "floods": ("floods", "فيضانات"),
}
_WORDS = {
    "en": "council harbour bridge farmers market minister road price village school water report budget plan team",
    "ar": "المجلس الميناء الجسر المزارعون السوق الوزير الطريق السعر القرية المدرسة الماء التقرير الموازنة الخطة",
}


def write(folder: Path) -> None:
    """Write the list and its files below this folder, which is the root of their server."""
    pages = list(_pages())
    half = next(n for n, page in enumerate(pages) if page.date >= "2024-01-08")
    for name, some in zip(FILES, (pages[:half], pages[half:]), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(warc(some))
    (folder / LIST).write_bytes(gzip.compress("".join(f"{name}\n" for name in FILES).encode(), mtime=0))


def _pages() -> Iterator[Archived]:
    """A page for each article, by its time: wheat is spoken of every day, the elections until they are held on the 7th,
    the floods from the 9th on."""
    number = 0
    for day in DAYS:
        before_vote, after_storm = max(0, 5 - abs(7 - day)) if day <= 8 else 0, max(0, 13 - day) if day > 8 else 0
        much = {"wheat": 1, "elections": before_vote, "floods": after_storm}
        for topic, articles in much.items():
            for one in range(articles):
                number += 1
                paper, language = list(_PAPERS.items())[(number + one) % len(_PAPERS)]
                date = f"2024-01-{day:02}T{8 + one:02}:{number % 60:02}:00Z"
                url = f"https://{paper}/2024/01/{day:02}/{topic}-story-number-{number}"
                yield Archived(url, date, _page(number, date, language, _TOPICS[topic][language == "ar"]))


def _page(number: int, date: str, language: str, topic: str) -> bytes:
    dealt = random.Random(number)
    paragraphs = "".join(f"<p>{_sentence(dealt, language, topic)}</p>" for _ in range(6))
    title = " ".join((topic, *dealt.sample(_WORDS[language].split(), 5), str(number)))
    meta = f'<meta property="article:published_time" content="{date}"><meta name="keywords" content="{topic}">'
    head = f"<html lang={language}><head><meta charset=utf-8><title>{title}</title>{meta}</head>"
    return f"{head}<body><article><h1>{title}</h1>{paragraphs}</article></body></html>".encode()


def _sentence(dealt: random.Random, language: str, topic: str) -> str:
    words = [*dealt.choices(_WORDS[language].split(), k=16), topic, str(dealt.randrange(1_000_000))]
    return " ".join(words) + "."
