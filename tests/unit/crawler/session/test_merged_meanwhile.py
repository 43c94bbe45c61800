"""Two articles are found to be one while pages and facsimiles of either are under way in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.boilerplate.repeated_blocks import OTHERS
from crawler.session.facsimiles import FacsimilePlan
from index.archive import documents, facsimiles, frontier
from index.archive.erasure import find, forget
from index.archive.frontier import FrontierRow
from index.model.codes import PartKind
from tests.support.newspaper import Archivist, Story, sentence
from tests.support.pictures import png

SHARED = "Readers of the newspaper have told us for years what they think of the harbour."


@pytest.fixture
def archivist(tmp_path: Path) -> Iterator[Archivist]:
    opened = Archivist(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def old() -> Story:
    return Story(1, "The quay is mended", [sentence(n) for n in range(8)])


@pytest.fixture
def new() -> Story:
    """Another text of the same moment, at another address."""
    return Story(1, "Ships are back at the quay", [sentence(n) for n in range(20, 28)], moves=1)


def row_of(archivist: Archivist, story: Story) -> FrontierRow:
    found = archivist.read(lambda conn: frontier.row(conn, "paper", story.url))
    assert found is not None
    return found


def merge(archivist: Archivist, old: Story, new: Story) -> str:
    """Have the address of one lead to the other; gives the id of what both are now."""
    archivist.fetch_page(old.url, new.html(), found_at=new.url)
    (kept,) = {row_of(archivist, one).article for one in (old, new)}
    assert kept is not None
    return kept


def planned(archivist: Archivist, story: Story) -> FacsimilePlan:
    """A facsimile of what a page has just been found to show, with an image to come."""
    archivist.session.facsimiles.asked.add(("paper", story.url))
    row = row_of(archivist, story)
    before = replace(row, visits=row.visits - 1)
    plan = archivist.wait(archivist.session.facsimiles.plan(archivist.site, before))
    assert plan is not None
    plan.images.append((1, f"{story.url}.png"))
    return plan


def finish(archivist: Archivist, plan: FacsimilePlan) -> None:
    made = archivist.session.facsimiles
    archivist.wait(made.take_image(archivist.site, plan, png(64, 36)))
    archivist.wait(made.end(archivist.site, plan))
    assert archivist.session.progress.sites["paper"].held == 0


def test_a_page_of_an_article_that_is_no_more_is_stored_as_of_the_other(
    archivist: Archivist, old: Story, new: Story
) -> None:
    for n in range(OTHERS):
        body = [*(sentence(100 * n + at) for at in range(100, 108)), SHARED]
        archivist.fetch(Story(n + 2, f"Bridge {n} is mended", body))
    archivist.fetch(old)
    archivist.fetch(new)
    due = row_of(archivist, new)
    kept = merge(archivist, old, new)
    assert due.article != kept
    new.body.append(SHARED)
    archivist.fetch_page(new.url, new.html(), due=due)
    row = row_of(archivist, new)
    assert (row.article, row.reason, row.tries) == (kept, None, 0)


def test_a_facsimile_of_an_article_that_is_no_more_goes_with_its_version(
    archivist: Archivist, old: Story, new: Story
) -> None:
    archivist.fetch(old)
    archivist.fetch(new)
    plan = planned(archivist, new)
    kept = merge(archivist, old, new)
    finish(archivist, plan)
    found = archivist.read(lambda conn: facsimiles.of_article(conn, kept))
    assert [(number, one.part(PartKind.IMAGE) is not None) for number, one in found.items()] == [(2, True)]


def test_a_facsimile_is_kept_with_its_version_under_whatever_number_that_has(
    archivist: Archivist, old: Story, new: Story
) -> None:
    archivist.fetch(old)
    archivist.fetch(new)
    old.body.append("The mayor has thanked everybody who helped, and the harbour master has as well.")
    archivist.fetch(old)
    plan = planned(archivist, old)
    kept = merge(archivist, old, new)
    finish(archivist, plan)
    said = archivist.read(lambda conn: documents.versions(conn, kept))
    assert [one.article.headline for one in said] == [old.headline, new.headline, old.headline, new.headline]
    assert [*archivist.read(lambda conn: facsimiles.of_article(conn, kept))] == [3]


def test_a_facsimile_of_what_was_forgotten_is_not_kept(archivist: Archivist, old: Story) -> None:
    archivist.fetch(old)
    plan = planned(archivist, old)
    article = row_of(archivist, old).article
    assert article is not None
    archivist.wait(archivist.session.store.write(lambda conn: forget(conn, find(conn, article), archivist.now)))
    finish(archivist, plan)
    assert archivist.read(lambda conn: facsimiles.of_article(conn, article)) == {}
