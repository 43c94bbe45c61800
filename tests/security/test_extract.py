"""Pages made to hold an extractor: the path reads or refuses each in seconds, and the article beside a trap is read."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest

from crawler import stages
from crawler.errors import PageProblem, Refused, Unreadable
from crawler.processes.parse_pool import DEADLINE, ParsePool
from crawler.settings_model import Politeness
from tests.support.patience import PATIENCE, cpu_within
from tests.support.samples import a_page, a_site

MUCH = 500_000  # characters of the trap
SECONDS = 10.0  # of CPU; each takes under 2
PROSE = "نص طويل من المقال عن الموسم الزراعي في المحافظة. " * 10


def page(head: str = "", body: str = "") -> str:
    return f"<title>خبر</title>{head}<body><article><h1>خبر</h1><p>{PROSE}</p>{body}</article></body>"


def ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


LINKS = "<p><a href=/x>word word word word word</a></p>" * (MUCH // 50)
TRAPS = {
    "title of dashes": page(f'<meta property="og:title" content="{"a - " * (MUCH // 4)}">'),
    "title of spaces": page(f'<meta property="og:title" content="a{" " * MUCH}|">'),
    "byline of conjunctions": page(f'<meta name="author" content="{"a and " * (MUCH // 6)}">'),
    "byline of brackets": page(f'<meta name="author" content="{"(" * MUCH}">'),
    "keywords": page(f'<meta name="keywords" content="{"a , " * (MUCH // 4)}">'),
    "JSON-LD of commas": page(ld('{"@type":"NewsArticle",' + ", " * (MUCH // 2))),
    "JSON-LD nested": page(ld('{"a":' * (MUCH // 5))),
    "JSON-LD of articles": page(ld("[" + '{"@type":"NewsArticle","headline":"x"},' * (MUCH // 40) + "{}]")),
    "markup in JSON-LD": page(ld('{"@type":"NewsArticle","headline":"' + "<a" * (MUCH // 2) + '"}')),
    "date of digits": page(f'<meta property="article:published_time" content="{"1" * MUCH}">', "<time>" + "1 " * 9_999),
    "boxes in boxes": page(body="<div class=share>" * 900 + "x" * MUCH + "</div>" * 900),
    "paragraphs": page(body="<p>word word word word</p>" * (MUCH // 26)),
    "links": page('<meta property="og:type" content="article">', LINKS),
    "pictures": page(body="<div class='image'><img src=a></div>" * (MUCH // 40)),
    "comments": page(body="<!--" * (MUCH // 4)),
    "attributes": page(body=f"<p {'a=b ' * (MUCH // 4)}>x</p>"),
    "class of words": page(body=f"<p class='{'share related ' * (MUCH // 14)}'>x</p>"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_costs_seconds_at_most(trap: str) -> None:
    with cpu_within(SECONDS):
        article = stages.article(a_page(TRAPS[trap]), a_site()).article
    assert PROSE.strip() in article.body


def test_ten_thousand_links_on_a_page_that_declares_no_article_are_a_list_within_seconds() -> None:
    with cpu_within(SECONDS), pytest.raises(Refused, match="list of articles"):
        stages.article(a_page(page(body=LINKS)), a_site())


REPEATED = (
    *(" ", "\n", "\u00a0", "a ", "a. ", "1", "1 ", "1/", "1:", "2026-01-", "12:30 ", "- ", "| ", ", ", "، ", "و "),
    *("a@", "http://", "http://a.example/", "&amp;", "(", "[", "{", '"', "'", "<", "\\", "ال", "by ", "بقلم ", "© "),
)


@pytest.mark.parametrize("text", REPEATED, ids=ascii)
def test_what_is_repeated_without_end_makes_no_expression_slow(text: str) -> None:
    """In each place that expressions look at, a megabyte in all: one that takes the square of that would take hours."""
    much = text * (MUCH // 10 // len(text))
    quoted, told = much.replace('"', "&quot;").replace("<", "&lt;"), json.dumps(much).replace("<", "\\u003c")
    fields = ("headline", "description", "datePublished", "articleSection", "articleBody", "keywords", "inLanguage")
    said = ", ".join(f'"{field}": {told}' for field in fields)
    head = f"<title>خبر {quoted}</title>" + ld(f'{{"@type": "NewsArticle", "author": {{"name": {told}}}, {said}}}')
    for name in ("og:title", "article:published_time", "author", "description", "og:site_name", "article:section"):
        head += f'<meta property="{name}" name="{name}" content="{quoted}">'
    body = f"<h1>{quoted}</h1><p class='byline'>{quoted}</p><time datetime='x'>{quoted}</time><p>{quoted}</p>"
    with cpu_within(SECONDS), suppress(PageProblem):
        stages.article(a_page(page(head, body + f"<p><a href='/{quoted}'>{quoted}</a></p>")), a_site())


@pytest.mark.parametrize(
    ("tag", "times"),
    [("<div>", 100_000), ("<b>", 100_000), ("<table>", 100_000), ("<svg><g>", 100_000), ("<p><div>", 600_000)],
)
def test_what_is_open_a_hundred_thousand_times_is_not_parsed(tag: str, times: int) -> None:
    with cpu_within(SECONDS), pytest.raises(Unreadable, match="nested too deeply: more than 4,000 levels"):
        stages.article(a_page(page(body=tag * times)), a_site())


SENTENCE = "<p>A sentence of the length that sentences of the news have, and there are very many of them here.</p>"


def test_fifty_thousand_paragraphs_are_read_by_the_deadline() -> None:
    longest = Politeness().page_max_bytes
    most = page(body=SENTENCE * ((longest - 5_000) // len(SENTENCE)))
    assert most.count(SENTENCE) > 49_000
    with cpu_within(DEADLINE):  # it takes 3
        assert PROSE.strip() in stages.article(a_page(most), a_site()).article.body


def test_a_page_that_takes_longer_than_its_deadline_is_ended_with_a_word_and_the_next_one_is_read() -> None:
    pool = ParsePool(count=1, deadline=0.2)
    try:
        with pytest.raises(Unreadable, match=r"not parsed within 0\.2 seconds"):
            asyncio.run(pool.run(stages.article, a_page(page(body=SENTENCE * 45_000)), a_site()))
        pool.deadline = pool.quick = PATIENCE
        assert PROSE.strip() in asyncio.run(pool.run(stages.article, a_page(page()), a_site())).article.body
    finally:
        pool.close()
