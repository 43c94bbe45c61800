"""What is no article is told from what merely looks alike: short news, live pages, articles about errors."""

from __future__ import annotations

from contextlib import suppress

import pytest

from crawler import stages
from crawler.errors import Refused
from crawler.extract import page_classifier, teasers
from crawler.extract.html_document import parse
from tests.support.patience import cpu_within
from tests.support.samples import a_page, a_site

FLASH = "أعلنت مديرية الري أن السد سيُفتح مساء اليوم أمام المزارعين في الريف الشرقي."
HEAD = "<title>السد سيُفتح مساء اليوم</title>"
ENTRY = "The ferry is two miles out and on its way."
LINKS = "".join(f"<li><a href='/n/{n}'>خبر آخر من أخبار الموقع رقم {n}</a></li>" for n in range(60))
CARDS = "".join(
    f"<div class=c><h3><a href='/n/{n}'>خبر آخر رقم {n}</a></h3><p>هذه مقدمة الخبر رقم {n} كما تظهر هنا.</p></div>"
    for n in range(9)
)


def article(html: str) -> str:
    return stages.article(a_page(html), a_site()).article.body


@pytest.mark.parametrize(
    "html",
    [
        f"{HEAD}<ul>{LINKS}</ul><h1>السد سيُفتح مساء اليوم</h1><div class=t><p>{FLASH}</p></div>",
        f"{HEAD}<h1>السد سيُفتح مساء اليوم</h1><article><p>{FLASH}</p><p>{FLASH * 3}</p></article>{CARDS}",
        "<title>404: how an error became a friend - The Paper</title><h1>404: how an error became a friend</h1>"
        + "<p>Everybody has met it, and nobody remembers the first time. It was a room in Geneva.</p>" * 30,
        "<title>Access denied to the harbour, say fishermen</title><script type='application/ld+json'>"
        '{"@type": "NewsArticle", "headline": "Access denied to the harbour, say fishermen"}</script>'
        "<h1>Access denied to the harbour, say fishermen</h1><p>The gate was locked on Monday, nobody had a key.</p>",
        "<title>Live: the ferry</title><meta property='og:type' content='article'><h1>Live: the ferry</h1>"
        + "".join(f"<div><h3><a href='#e{n}'>1{n}:00</a></h3><p>{ENTRY}</p></div>" for n in range(9)),
    ],
    ids=["flash among links", "article with cards", "about an error", "declared", "live page"],
)  # fmt: skip
def test_articles_are_taken(html: str) -> None:
    assert article(html)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (f"<title>اقتصاد - صدى</title><h1>اقتصاد</h1>{CARDS}", "listing"),
        ("<title>صدى</title><h2>عفواً، الصفحة غير موجودة</h2><ul>" + LINKS + "</ul>", "not found"),
        ("<title>Un instant…</title><h1>Un instant…</h1><p>Vérification.</p>", "wall"),
        ("<title>Le Soir</title><h1>Le respect de votre vie privée est notre priorité</h1><p>Cookies.</p>", "consent"),
        ("<meta property='og:type' content='video.other'><title>x y</title><h1>x y</h1><video></video>", "video"),
    ],
)
def test_what_is_none_is_refused_with_its_reason(html: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        article(html)
    assert refused.value.reason == reason


def test_what_may_be_gone_tomorrow_is_asked_for_again() -> None:
    assert set(page_classifier.TRANSIENT_REASONS) == {"wall", "consent"}


@pytest.mark.parametrize(
    "html",
    [
        "<title>" + "- | " * 100_000 + "</title><p>x</p>",
        "<title>x</title>" + "<h3><a href='/1'>a</a></h3>" * 20_000,
        "<title>x</title>" + "<div>" * 900 + "<h3><a href='/1'>a b c</a></h3>" * 500 + "</div>" * 900,
        "<title>x</title>" + "<a href='/1'>read more</a> " * 30_000,
        "<title>" + "404 " * 100_000 + "</title>" + "<a>x</a>" * 20_000,
    ],
)
def test_hostile_pages_cost_little(html: str) -> None:
    document = parse(html, "https://step.example/1")
    with cpu_within(5):  # a hundredth of it on this page's like in a browser's size
        teasers.read(document)
        with suppress(Refused):
            page_classifier.reject_document(document, [])
