"""When a block is its site's own: by its place and its company, never by the count alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.boilerplate.repeated_blocks import Ground, Sighting, ground, holds, topic

PROSE = "The ferry to the islands has been out of order since the storm that took its ramp in the winter."
LINE = "Follow the Courier on every channel"
HEADLINES = [
    "Harbour office paints three boats", "A pilot learns to whistle", "Cranes get new ropes", "Council sells its car",
    "Seven libraries stay open", "Rain fills old wells", "Bakers count loaves", "Trams run late again",
]  # fmt: skip


def seen(n: int, *, apart: bool = False, at_end: bool = False, days: int = 4) -> list[Sighting]:
    """A block in as many articles that have nothing else in common."""
    return [Sighting(apart, at_end, topic(HEADLINES[i]), day=str(i % days)) for i in range(n)]


@pytest.mark.parametrize("articles", [3, 9, 1_000])
def test_a_line_in_an_element_of_its_own_is_the_sites_however_rare(articles: int) -> None:
    assert ground(LINE, seen(3, apart=True), 3, articles) == Ground.APART


@pytest.mark.parametrize(("holders", "articles"), [(3, 9), (8, 24), (30, 90), (8, 17)])
@pytest.mark.parametrize("at_end", [False, True])
def test_background_on_a_third_of_the_articles_stays(holders: int, articles: int, at_end: bool) -> None:
    assert ground(PROSE, seen(min(holders, 8), at_end=at_end), holders, articles) is None


@pytest.mark.parametrize(
    "text",
    [
        "Northbank looks across the estuary, and considers itself a separate town.",
        "ما زالت النواعير تدور على العاصي، ويقصدها الزوار في الربيع.",
    ],
    ids=["en", "ar"],
)
def test_a_short_sentence_of_background_is_prose(text: str) -> None:
    assert ground(text, seen(8, at_end=True), 20, 100) is None
    assert ground(text, seen(8, at_end=True), 80, 100) == Ground.END


@pytest.mark.parametrize(("holders", "articles"), [(3, 3), (4, 4), (20, 24), (80, 100)])
def test_prose_at_the_end_of_most_articles_is_the_sites(holders: int, articles: int) -> None:
    assert ground(PROSE, seen(min(holders, 8), at_end=True), holders, articles) == Ground.END


@pytest.mark.parametrize(("holders", "articles"), [(36, 80), (40, 80), (3, 4)])
def test_background_at_the_end_of_half_the_articles_stays(holders: int, articles: int) -> None:
    assert ground(PROSE, seen(min(holders, 8), at_end=True), holders, articles) is None
    assert not holds(Ground.END, PROSE, holders, articles), "though it was on most of them once"


@pytest.mark.parametrize("text", [PROSE, LINE], ids=["prose", "line"])
@pytest.mark.parametrize("at_end", [False, True])
def test_what_edits_brought_is_the_editors_on_however_many_articles(text: str, at_end: bool) -> None:
    sightings = seen(8, at_end=at_end)
    assert ground(text, sightings, 80, 80) is not None
    by_edit = [replace(sightings[0], by_edit=True), *sightings[1:]]
    assert ground(text, by_edit, 80, 80) is None
    boxes = [replace(one, apart=True) for one in by_edit]
    assert ground(text, boxes, 80, 80) == Ground.APART, "a box that its template got later"


def test_one_article_of_many_that_got_a_block_later_tells_nothing() -> None:
    many = [replace(one, headline=frozenset({f"word{n}"})) for n, one in enumerate(seen(8, at_end=True) * 3)]
    assert ground(PROSE, [replace(many[0], by_edit=True), *many[1:]], 80, 80) == Ground.END


def test_prose_among_the_paragraphs_is_the_sites_only_on_most_pages_of_several_days() -> None:
    assert ground(PROSE, seen(8), 80, 100) == Ground.OFTEN
    assert ground(PROSE, seen(8), 45, 100) is None
    assert ground(PROSE, seen(8, days=1), 80, 100) is None
    assert ground(PROSE, seen(4), 4, 4) is None, "too few to tell"


def test_a_line_needs_an_end_of_the_text_or_many_pages() -> None:
    assert ground(LINE, seen(8, at_end=True), 20, 100) == Ground.LINE
    assert ground(LINE, seen(8), 20, 100) is None
    assert ground(LINE, seen(8), 60, 100) == Ground.OFTEN
    assert ground("Background", seen(8), 60, 100) is None, "a heading of the articles"


def test_articles_on_one_topic_are_one_article() -> None:
    boxes = seen(5, apart=True)
    same_headline = [replace(one, headline=topic("The flood in the lower town")) for one in boxes]
    same_keywords = [replace(one, keywords=frozenset({"flood", "lower town"})) for one in boxes]
    same_story = [replace(one, story="flood") for one in boxes]
    for related in (same_headline, same_keywords, same_story):
        assert ground(LINE, related, 5, 5) is None
        assert ground(LINE, [*related, *seen(8, apart=True)[6:]], 7, 9) == Ground.APART


def test_what_was_learned_from_few_pages_is_forgotten_when_it_turns_out_to_be_rare() -> None:
    assert holds(Ground.END, PROSE, 4, 4)
    assert not holds(Ground.END, PROSE, 4, 40)
    assert holds(Ground.APART, PROSE, 4, 4_000)


def test_prose_that_was_learned_as_a_line_must_be_on_as_many_pages_as_prose() -> None:
    assert holds(Ground.LINE, "Follow us on Telegram.", 20, 100)
    assert not holds(Ground.LINE, "Northbank looks across the estuary, and considers itself a separate town.", 20, 100)
    assert holds(Ground.LINE, "Northbank looks across the estuary, and considers itself a separate town.", 80, 100)
