"""A URL that follows its headline: what stays the same joins it to its article, and what does not joins nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from crawler.fingerprint import identity
from index.archive import Archive, articles, documents, frontier
from index.archive.articles import Outcome
from index.model.article import Article
from index.model.candidate import Candidate
from tests.support.archive_samples import BODY, DAMASCUS, HOUR, NOW, article, page

OLD, NEW = "https://step.example/g/309176/old-headline", "https://step.example/g/309176/new-headline"
OTHER = "\n\n".join(f"كتب المراسل في الفقرة {n} ما لم يكتبه أحد قبله عن السوق والميناء والسفن" for n in range(6))
LATER = datetime(2026, 11, 23, 18, 30, tzinfo=DAMASCUS)


def stored(archive: Archive, one: Article, at: datetime, guid: str | None = None) -> Outcome:
    """What becomes of a page that a feed lists with this guid."""
    offer = Candidate(one.url, one.headline, one.published, guid=guid)
    archive.write(lambda c: frontier.offer(c, one.site, "feed", [offer], at)).result()
    return archive.write(lambda c: articles.store(c, page(one, at, guid=guid))).result()


def renamed(archive: Archive, old: dict[str, Any], new: dict[str, Any], guid: str | None = None) -> Outcome:
    """What becomes of the page at a second URL; both have the fields given."""
    first, second = ({"url": OLD, "headline": "معارك البوكمال تتجدد"} | old, {"url": NEW, "headline": "هدنة"} | new)
    assert stored(archive, article(**first), NOW, guid).kind == "new"
    return stored(archive, article(**second), NOW + HOUR, guid)


ELSEWHERE = {"url": "https://step.example/old-headline"}, {"url": "https://step.example/new-headline"}
CANONICAL = {"canonical_url": "https://step.example/g/309176"}
SIGNED = {"signature": identity("معارك", BODY).signature}


@pytest.mark.parametrize(
    ("old", "new", "guid"),
    [
        (*ELSEWHERE, "tag:step.example,2026:309176"),
        (ELSEWHERE[0], ELSEWHERE[1] | {"body": OTHER}, "309176"),  # rewritten, and published at the same moment
        (ELSEWHERE[0], ELSEWHERE[1] | {"published": LATER}, "309176"),  # dated anew, with the same text
        (ELSEWHERE[0] | {"published": None}, ELSEWHERE[1] | {"body": OTHER}, "309176"),
        (ELSEWHERE[0] | CANONICAL, ELSEWHERE[1] | CANONICAL, None),
        (ELSEWHERE[0] | CANONICAL, ELSEWHERE[1] | CANONICAL | {"body": OTHER}, None),
        ({}, {}, None),  # the number in the URL
        ({}, {"body": OTHER}, None),
        (
            {"url": "https://step.example/news?id=309176&title=old"},
            {"url": "https://step.example/news?id=309176&title=new", "body": OTHER},
            None,
        ),
        ({}, {"body": BODY + "\n\nتحديث", "published": LATER}, None),
        (ELSEWHERE[0] | SIGNED, ELSEWHERE[1] | SIGNED | {"body": BODY + "\n\nتحديث"}, None),
        (ELSEWHERE[0] | SIGNED | {"published": None}, ELSEWHERE[1] | SIGNED | {"published": None}, None),
    ],
)
def test_what_stays_the_same_joins_a_new_url(
    archive: Archive, old: dict[str, Any], new: dict[str, Any], guid: str | None
) -> None:
    outcome = renamed(archive, old, new, guid)
    assert (outcome.kind, outcome.version) == ("changed", 2)
    with archive.read() as conn:
        assert [alias.reason for alias in documents.aliases(conn, outcome.id)] == ["moved"]
        assert [one.article.headline for one in documents.versions(conn, outcome.id)] == [
            "معارك البوكمال تتجدد",
            "هدنة",
        ]
        assert documents.count(conn) == 1


@pytest.mark.parametrize(
    ("old", "new", "guid"),
    [
        (ELSEWHERE[0], ELSEWHERE[1] | {"body": OTHER, "published": LATER}, "309176"),  # a guid used again
        (ELSEWHERE[0] | CANONICAL, ELSEWHERE[1] | CANONICAL | {"body": OTHER, "published": LATER}, None),
        ({}, {"body": OTHER, "published": LATER}, None),
        ({}, {"url": "https://step.example/g/3091767/new-headline", "body": OTHER}, None),  # another number
        (
            {"url": "https://step.example/2026/11/23/old"},
            {"url": "https://step.example/2026/11/23/new", "body": OTHER},
            None,
        ),
        (ELSEWHERE[0] | SIGNED, ELSEWHERE[1] | SIGNED | {"published": LATER}, None),  # the bulletin of every week
        (
            ELSEWHERE[0] | SIGNED | {"published": None},
            ELSEWHERE[1] | SIGNED | {"published": None, "body": BODY + "\n\nتحديث جديد"},
            None,
        ),
        (*(one | {"body": text} for one, text in zip(ELSEWHERE, (BODY, OTHER), strict=True)), None),
    ],
)
def test_what_may_be_another_article_is_one(
    archive: Archive, old: dict[str, Any], new: dict[str, Any], guid: str | None
) -> None:
    assert renamed(archive, old, new, guid).kind == "new"


@pytest.mark.parametrize("published", [None, datetime(2026, 11, 23, tzinfo=DAMASCUS)])
def test_a_day_alone_is_no_evidence_for_a_number(archive: Archive, published: datetime | None) -> None:
    dated = {"published": published}
    assert renamed(archive, dated, dated | {"body": OTHER}).kind == "new"


def test_a_redirect_that_comes_later_leads_to_the_same_article(archive: Archive) -> None:
    outcome = renamed(archive, {}, {})
    moved = article(url=NEW, headline="هدنة")
    again = replace(page(moved, NOW + 2 * HOUR, url=OLD), final_url=NEW)
    assert archive.write(lambda c: articles.store(c, again)).result() == Outcome("copy", outcome.id, 2)


def test_of_articles_with_one_moment_the_one_whose_text_was_edited_is_found_whatever_its_signature(
    archive: Archive,
) -> None:
    """Two signatures without a band in common, as those of texts that share half of their words may be."""
    others = [identity("", OTHER.replace("السوق", f"السوق{n}")).signature for n in range(4)]
    for n, signature in enumerate(others[:3]):
        url = f"https://step.example/other-{n}"
        stored(archive, article(url=url, headline=f"خبر {n}", body=f"{OTHER}\n\n{n}", signature=signature), NOW)
    old, new = ELSEWHERE[0] | SIGNED, ELSEWHERE[1] | {"body": BODY + "\n\nتحديث", "signature": others[3]}
    outcome = renamed(archive, old, new)
    assert (outcome.kind, outcome.version) == ("changed", 2)
