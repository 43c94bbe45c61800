"""Real saved news pages: the path takes all of them, and reads the modern ones no worse than these floors.

The pages are other people's, so they are no part of this repository: `../shared/pages/open` beside it, with what each
page says (its `score.py` measures more, against other extractors)."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.extraction import arshif
from crawler.errors import PageProblem

PAGES = Path(__file__).parents[3] / "shared" / "pages" / "open"
MODERN = ("fundus", "scrapinghub", "wcxb_news", "arabic")  # with a body, made by hand or by rules per publisher
OLD = ("daniel", "zh_dataset")  # of 2011 and before, table layouts
# What was measured when this was written, less two hundredths; trafilatura 2.3.1 gives .951, .044, .72, .949, .766.
FLOORS = {"f4": 0.95, "title": 0.87, "date": 0.95, "authors": 0.86}
BAD = 0.035  # share of modern pages whose body has an F4 under 0.8

pytestmark = pytest.mark.skipif(
    not PAGES.is_dir(),
    reason="the saved pages (../shared/pages/open) are not there: they are no part of this repository",
)


@dataclass(frozen=True)
class Read:
    """What came of one page: its source and name, what it said (None where refused), what it should, or an error."""

    source: str
    name: str
    said: dict[str, Any] | None
    truth: dict[str, Any]
    problem: str = ""
    error: str = ""


def read(file: Path) -> Read:
    """One page through the path."""
    truth = json.loads(file.read_text("utf-8"))
    body = gzip.decompress(file.with_name(f"{file.stem}.html.gz").read_bytes())
    where = file.parent.name, file.stem
    try:
        return Read(*where, arshif(body, truth["url"] or ""), truth)
    except PageProblem as problem:
        return Read(*where, None, truth, problem=str(problem))
    except Exception as error:  # what the test is about: it names each of them
        return Read(*where, None, truth, error=repr(error)[:200])


@pytest.fixture(scope="module")
def pages() -> list[Read]:
    files = [f for f in sorted(PAGES.glob("*/*.json")) if f.with_name(f"{f.stem}.html.gz").exists()]
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(read, files, chunksize=16))


def test_no_page_breaks_the_path(pages: list[Read]) -> None:
    assert len(pages) > 1_200
    assert [(p.source, p.name, p.error) for p in pages if p.error] == []


def test_hardly_an_article_is_refused(pages: list[Read]) -> None:
    refused = [(p.source, p.name, p.problem) for p in pages if p.problem]
    assert [r for r in refused if r[0] in MODERN][1:] == []  # one has its text in scripts only
    assert len(refused) < 0.03 * len(pages), refused


def test_bodies_of_modern_pages(pages: list[Read]) -> None:
    scores = [f4(p) for p in pages if p.source in MODERN and p.truth.get("body")]
    assert len(scores) > 300
    assert sum(scores) / len(scores) >= FLOORS["f4"]
    assert sum(s < 0.8 for s in scores) / len(scores) <= BAD


def test_bodies_of_old_pages(pages: list[Read]) -> None:
    scores = [f4(p) for p in pages if p.source in OLD and p.truth.get("body")]
    assert sum(scores) / len(scores) >= 0.8


@pytest.mark.parametrize("field", ["title", "date", "authors"])
def test_fields_of_modern_pages(pages: list[Read], field: str) -> None:
    known = [p for p in pages if p.source in MODERN and p.truth.get(field)]
    right = sum(p.said is not None and FORMS[field](p.said[field]) == FORMS[field](p.truth[field]) for p in known)
    assert len(known) > 150
    assert right / len(known) >= FLOORS[field]


def test_languages_of_modern_pages(pages: list[Read]) -> None:
    wrong = [(p.name, p.said["lang"]) for p in pages if p.source in MODERN and p.said and not same_language(p)]
    assert len(wrong) <= 2, wrong


def same_language(page: Read) -> bool:
    return page.said is not None and str(page.said["lang"])[:2] == page.truth["lang"][:2]


def tokens(text: str | None) -> list[str]:
    """Words without marks, in lower case; of scripts without spaces the letters."""
    plain = re.sub("[\u064b-\u065f\u0670\u0640\u200b-\u200f]", "", unicodedata.normalize("NFKC", text or "")).lower()
    return re.findall(r"\w+", re.sub("([\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f])", r" \1 ", plain))


def f4(page: Read) -> float:
    """F-measure over runs of four words."""
    found = grams(tokens("\n".join(page.said["body"]))) if page.said else Counter[tuple[str, ...]]()
    wanted = grams(tokens(page.truth["body"]))
    common = sum((found & wanted).values())
    return 2 * common / (sum(found.values()) + sum(wanted.values())) if common else 0.0


def grams(words: list[str]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)))


def bag(people: Iterable[str] | str) -> set[str]:
    return {" ".join(sorted(tokens(name))) for name in ([people] if isinstance(people, str) else people)}


FORMS: dict[str, Callable[[Any], object]] = {"title": tokens, "date": lambda d: str(d)[:10], "authors": bag}


def test_the_measure_itself() -> None:
    truth = {"body": "one two three four five", "title": "T", "url": "", "lang": "en"}
    whole = Read("x", "x", {"body": ["One two three", "four five."]}, truth)
    assert f4(whole) == 1.0
    assert f4(Read("x", "x", None, truth)) == 0.0
