"""An hour of the demo's newsroom, speeded up: every version and every diff is what the newsroom did, word by word.

`pytest -m long tests/evidence/test_demo_hour.py` lets as much happen as in an hour of `make demo`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from crawler.cli.demo import PUBLISH
from crawler.urls.canonical import canonical
from index.archive import documents
from index.archive.history import history
from index.dedup.version_diff import same_rules, word_diff, words
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.news_sites.autopublish import happen
from tests.support.news_sites.profiles import OUTLETS

HOUR = int(3_600 / PUBLISH)  # things that happen in it
EACH = 9  # of them between two crawls: of an article that is edited as soon as it is published, nobody sees an edit
AGAIN = HOUR // 4  # … until time has passed, so that every page is due again: 15 minutes, the first age of a revisit

Said = tuple[str, str]  # a headline and a text


@pytest.mark.parametrize(
    "turns",
    [16, pytest.param(HOUR, marks=[pytest.mark.long, pytest.mark.timeout(4 * 3_600)])],
    ids=["short", "hour"],
)
def test_every_diff_is_what_the_newsroom_did(turns: int, tmp_path: Path) -> None:
    seen: defaultdict[tuple[str, str], list[Said]] = defaultdict(list)  # by site and slug: what pages said, as fetched
    with Newsroom(via="proxy", only=[outlet.id for outlet in OUTLETS if outlet.rendering == "none"]) as room:
        house = Harness(room, tmp_path)
        for turn in range(turns):
            if turn % EACH == 0:
                _crawl(house, seen)
            if turn % AGAIN == AGAIN - 1:
                house.make_due(*room.sites)
            happen(room, turn)
        house.make_due(*room.sites)
        while _crawl(house, seen):
            pass
        assert sum(len(said) - 1 for said in seen.values()) >= turns // 16, "some of its edits were there to be seen"
        for (site, slug), said in seen.items():
            assert said[-1] == _says(room, site, slug), "the last crawls have looked at every page"
            _check(house, room.article(site, slug).url, said)
        assert len(house.documents()) == len(seen)


def _crawl(house: Harness, seen: dict[tuple[str, str], list[Said]]) -> bool:
    """Crawl while nothing happens, and note what the pages said that were fetched; return whether any was asked for."""
    room, before = house.room, len(house.room.log)
    house.crawl()
    asked = {(one.site, unquote(one.path), one.status) for one in room.log[before:]}
    pages = [(site, article) for site in room.sites for article in room.articles(site)]
    for site, article in pages:
        if (site, unquote(article.path), HTTPStatus.OK) in asked:
            said = seen[site, article.slug]
            if not said or said[-1] != (article.headline, article.text):
                said.append((article.headline, article.text))
    paths = {(site, path) for site, path, _ in asked}
    return any((site, unquote(article.path)) in paths for site, article in pages)


def _says(room: Newsroom, site: str, slug: str) -> Said:
    article = room.article(site, slug)
    return article.headline, article.text


def _check(house: Harness, url: str, said: list[Said]) -> None:
    with house.archive() as conn:
        identifier = documents.by_url(conn, canonical(url) or "")
        assert identifier is not None, url
        versions = documents.versions(conn, identifier)
        events = [event for event in history(conn, identifier) if event.what == "changed"]
    assert [(one.article.headline, one.article.body) for one in versions] == said
    for (before, after), event, (old, new) in zip(pairwise(versions), events, pairwise(said), strict=True):
        assert same_rules(before, after)
        gone, come = (Counter(words("\n\n".join(text))) for text in (old, new))
        gone, come = gone - come, come - gone
        assert (event.change.removed, event.change.added) == (gone.total(), come.total())
        for field, op, real in (("body", "removed", gone), ("body", "added", come)):
            diff = word_diff(getattr(before.article, field), getattr(after.article, field))
            assert Counter(word for span in diff if span.op == op for word in words(span.text)) == real
