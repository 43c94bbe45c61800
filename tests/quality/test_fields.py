"""Every field that readers find on the newsroom's pages is read: with what the pages tell machines, and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bench.extraction import NOBODY
from crawler import stages
from crawler.models import Page
from index.model.article import Article
from tests.support import loopback
from tests.support.news_sites import Article as Truth
from tests.support.news_sites import Newsroom

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SITES = ("jannah", "arabic2", "english", "old", "fa", "fr", "ru", "zh")
NOBODYS = {  # bylines that name no person
    "فريق التحرير", "وكالات", "La rédaction", "Редакция", "Отдел городских новостей", "Отдел науки", "Courier staff",
    "Courier sport desk",
}  # fmt: skip
_LD = re.compile(rb'(?s)<script type="application/ld\+json">.*?</script>')
_META = re.compile(rb'<meta (?:property|name)="(?!viewport)[^>]*>')


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with Newsroom(now=NOW) as room:
        yield room


@pytest.mark.parametrize("hidden", ["nothing", "json-ld", "json-ld and meta"])
@pytest.mark.parametrize("site", SITES)
def test_what_readers_see_is_read(room: Newsroom, site: str, hidden: str) -> None:
    with loopback.Client() as web:
        for truth in room.articles(site):
            answer = web.get(truth.url)
            page = answer.content if hidden == "nothing" else _LD.sub(b"", answer.content)
            page = _META.sub(b"", page) if hidden == "json-ld and meta" else page
            headers = {name.lower(): value for name, value in answer.headers.items()}
            read = stages.article(Page(truth.url, truth.url, page, NOW, headers=headers), NOBODY).article
            assert said(read) == wanted(truth), truth.slug


def wanted(truth: Truth) -> dict[str, object]:
    image = truth.image
    return {
        "headline": truth.headline,
        "section": truth.section,
        "authors": tuple(name for name in truth.authors if name not in NOBODYS),
        "image": image and image.url,
        "caption": image and image.caption,
        "published": truth.published.replace(tzinfo=None, second=0, microsecond=0),
        "language": truth.language,
    }


def said(read: Article) -> dict[str, object]:
    image = read.images[0] if read.images else None
    return {
        "headline": read.headline,
        "section": read.section,
        "authors": tuple(name for name in read.authors if name not in NOBODYS),
        "image": image and image.url,
        "caption": image and image.caption,
        "published": read.published and read.published.replace(tzinfo=None, second=0, microsecond=0),
        "language": (read.language or "")[:2],
    }
