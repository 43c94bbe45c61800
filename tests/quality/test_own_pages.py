"""Our own pages, in the manner of systems in real use: the path reads them no worse than these floors, and takes no
page for an article that is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bench.extraction import NOBODY, read
from crawler import stages
from crawler.boilerplate import phrases
from crawler.errors import Refused
from crawler.models import Page
from crawler.text import paragraphs
from index.model.article import Article
from tests.quality.measures import CLEAN, f4, mean, people
from tests.quality.page_templates import SYSTEMS, Other, Printed, articles, pages_that_are_none

GROUPS = {
    "ar": ("ar",),
    "other right-to-left": ("fa", "ur", "he", "ckb"),
    "Latin": ("en", "fr", "de", "es", "tr", "pl", "id", "pt"),
    "Cyrillic and Greek": ("ru", "el"),
    "East Asian": ("zh", "ja", "ko"),
}
MEASURES: dict[str, Callable[[Article, Printed], bool | float | None]] = {  # None: the page does not say it
    "f4": lambda a, p: f4(a.body, "\n".join(p.truth["body"])),
    "body": lambda a, p: paragraphs(a.body) == p.truth["body"],
    "headline": lambda a, p: a.headline == p.truth["headline"],
    "authors": lambda a, p: people(a.authors) == people(p.truth["authors"]),
    "day": lambda a, p: a.published is not None and a.published.date() == p.truth["published"].date(),
    "section": lambda a, p: a.section == p.truth["section"],
    "image": lambda a, p: bool(a.images) and a.images[0].url == p.truth["image"] if p.truth["image"] else None,
    "caption": lambda a, p: (
        bool(a.images) and a.images[0].caption == p.truth["caption"] if p.truth["caption"] else None
    ),
    "language": lambda a, p: a.language == p.language,
}
FLOORS: dict[str, dict[str, float]] = yaml.safe_load(Path(__file__).with_name("floors.yaml").read_text("utf-8"))


@dataclass(frozen=True)
class Outcome:
    printed: Printed
    article: Article


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [Outcome(printed, read(printed.html, printed.url)) for printed in articles()]


def test_there_are_enough_pages_of_enough_systems() -> None:
    printed = articles()
    assert len(printed) >= 60
    assert sum(p.language == "ar" for p in printed) >= 30
    assert len({p.language for p in printed}) >= 15
    assert {p.system for p in printed if p.language == "ar"} == set(SYSTEMS)
    assert len(SYSTEMS) >= 8
    assert len({tuple(p.truth["body"]) for p in printed}) == len(printed), "each has a text of its own"
    assert sorted(language for group in GROUPS.values() for language in group) == sorted({p.language for p in printed})


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("measure", MEASURES)
def test_a_measure_of_a_group_of_languages(outcomes: list[Outcome], measure: str, group: str) -> None:
    score = scored(outcomes, measure, GROUPS[group])
    assert score >= FLOORS[group][measure], [o.printed.name for o in outcomes if missed(o, measure, GROUPS[group])]


def scored(outcomes: list[Outcome], measure: str, languages: tuple[str, ...]) -> float:
    found = [MEASURES[measure](o.article, o.printed) for o in outcomes if o.printed.language in languages]
    return mean(float(value) for value in found if value is not None)


def missed(outcome: Outcome, measure: str, languages: tuple[str, ...]) -> bool:
    value = MEASURES[measure](outcome.article, outcome.printed)
    return outcome.printed.language in languages and value is not None and value < CLEAN


def test_nothing_that_a_site_hangs_around_an_article_is_in_its_text(outcomes: list[Outcome]) -> None:
    leaks = [(o.printed.name, p) for o in outcomes for p in paragraphs(o.article.body) if phrases.known(p) is not None]
    assert leaks == []


@pytest.fixture(scope="module")
def others() -> list[Other]:
    return pages_that_are_none()


def reason(other: Other) -> str:
    """Why the path refuses a page; "" if it takes it for an article."""
    page = Page(other.url, other.url, other.html, datetime.now(UTC), status=other.status)
    try:
        stages.article(page, NOBODY)
    except Refused as refused:
        return refused.reason
    return ""


def test_no_page_is_taken_that_is_no_article_and_each_is_counted_by_its_kind(others: list[Other]) -> None:
    assert len(others) >= 60
    found = {other.name: reason(other) for other in others}
    assert {name: kind for name, kind in found.items() if not kind} == {}, "these would be stored"
    right = sum(found[other.name] == other.reason for other in others)
    assert right / len(others) >= 0.97, [(o.name, o.reason, found[o.name]) for o in others if found[o.name] != o.reason]


def test_there_are_pages_of_each_kind_in_many_languages(others: list[Other]) -> None:
    kinds = Counter(other.reason for other in others)
    assert set(kinds) == {"page.listing", "page.home", "page.consent", "page.wall", "page.not_found", "page.video"}
    assert min(kinds.values()) >= 4
    assert len({other.language for other in others}) >= 15
    assert any(other.status == 202 for other in others)
