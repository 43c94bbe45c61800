"""For any order of publishing, learning, fetching and reading again, an article's versions and diffs are those that its
site published, and no hash that could have been cited ever changes.

`pytest -m long tests/evidence/test_histories.py` tries 500 histories on each database.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple
from itertools import combinations, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from index.archive import documents, edits
from index.archive.history import history as events_of
from index.dedup.version_diff import same_rules, word_diff, words
from tests.support.newspaper import Archivist, Box, Story, sentence
from tests.support.postgresql import Server, on_both

STORIES = 6
BOXES = [
    Box(sentence(900)),
    Box(sentence(901, words=7), place="between"),
    Box(sentence(902, words=25), place="between"),
    Box(sentence(903), apart=False),
]
Op = tuple[str, int, int]
Fetched = tuple[str, tuple[str, ...], tuple[str, ...]]  # a headline, a text, and that with boxes

ops = st.lists(
    st.one_of(
        st.tuples(st.just("fetch"), st.integers(0, STORIES - 1), st.just(0)),
        st.tuples(
            st.sampled_from(("replace", "add", "cut", "headline")), st.integers(0, STORIES - 1), st.integers(0, 9)
        ),
        st.tuples(st.just("box"), st.integers(0, len(BOXES) - 1), st.integers(1, 2**STORIES - 1)),
        st.tuples(
            st.sampled_from(("amp", "background", "move", "old", "revert")),
            st.integers(0, STORIES - 1),
            st.integers(0, 9),
        ),
        st.tuples(st.just("retract"), st.integers(0, STORIES - 1), st.integers(0, 2)),
        st.tuples(st.just("damage"), st.just(0), st.integers(1, 7)),
        st.tuples(st.sampled_from(("round", "round", "reextract", "again")), st.just(0), st.just(0)),
    ),
    min_size=8,
    max_size=24,
)


class Site:
    """The newspaper with its archive, and every hash that the archive ever showed."""

    def __init__(self, folder: Path, server: Server | None) -> None:
        self.archivist = Archivist(folder, server)
        self.stories = [
            Story(n, sentence(100 + n, 8)[:-1], [sentence(1_000 * (n + 1) + at) for at in range(5)])
            for n in range(STORIES)
        ]
        self.edits = 0
        self.damaged = False
        self.cited: dict[str, str] = {}

    def do(self, op: Op) -> None:
        name, which, value = op
        story = self.stories[which % STORIES]
        match name:
            case "box":
                for number, one in enumerate(self.stories):
                    one.boxes = [box for box in one.boxes if box != BOXES[which]]
                    if value >> number & 1:
                        one.boxes.append(BOXES[which])
            case "background":
                text = sentence(800 + value % 2)
                if text not in story.body and sum(text in one.body for one in self.stories) < STORIES // 3:
                    story.body.insert(2, text)
            case "move":
                story.moves += 1
            case "revert":
                if story.fetched:
                    story.headline, body, _ = story.fetched[value % len(story.fetched)]
                    story.body = [*body]
            case "replace" | "add" | "cut" | "headline":
                self._edit(name, story, value)
            case _:
                self._look(name, story, value)
        self._cite()

    def _look(self, name: str, story: Story, value: int) -> None:
        match name:
            case "fetch":
                self.archivist.fetch(story)
            case "old":
                self.archivist.follow(story, value % (story.moves + 1))
            case "round":
                for one in self.stories:
                    self.archivist.fetch(one)
            case "amp":
                self._amp(story)
            case "retract":
                # Else a former address is looked at before it is gone, or the notice has a new headline
                pages = {story.url, story.amp}
                if story.asked <= pages and story.fetched and story.fetched[-1][0] == story.headline:
                    self.archivist.retract(story, sentence(80_000 + value, words=14))
            case "reextract":
                self.archivist.reextract()
            case "again":
                self.archivist.begin_again()
            case "damage":
                self.archivist.damage_raw_copies(value)
                self.damaged = True
            case _:
                raise ValueError(name)

    def _edit(self, name: str, story: Story, value: int) -> None:
        self.edits += 1
        at = value % len(story.body)
        if name == "headline":
            story.headline = sentence(50_000 + self.edits, 8)[:-1]
        elif name == "replace":
            story.body[at] = sentence(60_000 + self.edits)
        elif name == "add":
            story.body.insert(at, sentence(70_000 + self.edits))
        elif len(story.body) > 4:
            del story.body[at]

    def _amp(self, story: Story) -> None:
        if story.fetched and story.fetched[-1][:2] == (story.headline, tuple(story.body)):
            self.archivist.fetch(story, url=story.amp, html=story.html(amp=True))

    def _cite(self) -> None:
        for story in self.stories:
            for reading in self.archivist.readings(story):
                known = self.cited.setdefault(reading.article.content_hash, reading.article.body)
                assert known == reading.article.body


def published(story: Story) -> list[tuple[str, tuple[str, ...]]]:
    """The headlines and texts that were fetched, one after another, as far as they differ."""
    said: list[tuple[str, tuple[str, ...]]] = []
    for headline, body, _ in story.fetched:
        if not said or said[-1] != (headline, body):
            said.append((headline, body))
    return said


def archived(archivist: Archivist, story: Story) -> list[tuple[str, tuple[str, ...]]]:
    """The headlines and texts that the archive shows, without boxes that it has not learned yet."""
    boxes = {box.text for box in BOXES}
    said: list[tuple[str, tuple[str, ...]]] = []
    for version in archivist.versions(story):
        article = version.article
        text = (article.headline, tuple(part for part in article.body.split("\n\n") if part not in boxes))
        if not said or said[-1] != text:
            said.append(text)
    return said


def changed_words(old: str, new: str) -> Counter[str]:
    return Counter(word for span in word_diff(old, new) if span.op != "same" for word in words(span.text))


def diffs(site: Site, story: Story) -> list[Counter[str]]:
    """The words that each version's diff to the one before removes and adds, without diffs that show nothing, and those
    that say that they may be ours, since a raw copy was damaged."""
    said = site.archivist.versions(story)
    found = []
    for before, after in pairwise(said):
        if not same_rules(before, after):
            assert site.damaged
            continue
        found.append(
            changed_words(before.article.headline, after.article.headline)
            + changed_words(before.article.body, after.article.body)
        )
    return [one for one in found if one]


def is_of_the_site(shown: Counter[str], story: Story) -> bool:
    """Whether the words that a diff removes and adds are words that the pages removed or added from one fetch to a
    later one, without the boxes that were learned by then, whichever those are: a box that is not the site's own any
    more, since other pages lost it, may have come some fetches ago; and where a paragraph and a box change places, the
    shorter of the two is the one that moved, as far as it is shown."""
    left_out = [set(some) for n in range(len(BOXES) + 1) for some in combinations([box.text for box in BOXES], n)]
    return any(
        not shown - changed_on_pages(before, after, boxes)
        for boxes in left_out
        for before, after in combinations(story.fetched, 2)
    )


def changed_on_pages(before: Fetched, after: Fetched, left_out: set[str]) -> Counter[str]:
    """The words that a page removed and added, without these boxes. Where a box comes in the place of a paragraph, a
    word that both have would count as left where it was, so the texts without any box are compared, too."""
    old, new = ("\n\n".join(part for part in one[2] if part not in left_out) for one in (before, after))
    texts = changed_words("\n\n".join(before[1]), "\n\n".join(after[1]))
    return changed_words(before[0], after[0]) + (texts | changed_words(old, new))


def check(history: list[Op], server: Server | None = None) -> None:
    with TemporaryDirectory() as folder:
        site = Site(Path(folder), server)
        try:
            for op in history:
                site.do(op)
            _agrees(site)
            site.archivist.reextract()
            _agrees(site)
        finally:
            site.archivist.close()


def _agrees(site: Site) -> None:
    for story in site.stories:
        if story.fetched:
            assert archived(site.archivist, story) == published(story)
            for shown in diffs(site, story):
                assert is_of_the_site(shown, story), "words that no page removed or added"
            told = [event.text for event in site.archivist.history(story) if event.what == "notice"]
            assert told == [notice for _, notice in story.notices], (
                "a notice in place of an article is not as the site had it"
            )
    assert listed(site) == noticed(site), "the list of edits is not that of the articles' histories"
    site._cite()
    for content_hash in site.cited:
        assert site.archivist.cited(content_hash)


def listed(site: Site) -> set[tuple[object, ...]]:
    """The changes and removals that the list has, once all are compared."""
    page = site.archivist.edits()
    return {(one.article, one.version, one.at, one.kinds, one.removed, one.added, one.maybe_ours) for one in page}


def noticed(site: Site) -> set[tuple[object, ...]]:
    """Those that a reader would notice, as the articles' own pages tell them."""
    every = site.archivist.read(
        lambda conn: [(id_, event) for id_, _ in documents.ids(conn) for event in events_of(conn, id_)]
    )
    changes = {
        (id_, event.number, event.at, *astuple(event.change), event.maybe_ours is True)
        for id_, event in every
        if event.what == "changed" and event.change
    }
    removals = {(id_, None, event.at, (edits.GONE,), 0, 0, False) for id_, event in every if event.what == "gone"}
    return changes | removals


@pytest.mark.parametrize(
    ("histories", "in_postgresql"),  # where one takes twice the time, and the rules are the same
    [(12, 4), pytest.param(500, 500, marks=[pytest.mark.long, pytest.mark.timeout(8 * 3_600)])],
    ids=["short", "long"],
)
@on_both
def test_versions_and_diffs_are_those_that_the_site_published(
    histories: int, in_postgresql: int, database_server: Server | None
) -> None:
    tries = in_postgresql if database_server else histories

    @settings(max_examples=tries, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # they are short already
    @given(ops)
    def agrees(history: list[Op]) -> None:
        check(history, database_server)

    agrees()


@pytest.mark.parametrize(
    "history",
    [
        [("box", 0, 7), ("fetch", 0, 0), ("fetch", 1, 0), ("add", 0, 3), ("fetch", 2, 0), ("fetch", 0, 0)],
        [("box", 0, 63), ("round", 0, 0), ("replace", 0, 1), ("fetch", 0, 0), ("box", 1, 62), ("round", 0, 0)],
        [("fetch", 0, 0), ("box", 0, 63), ("fetch", 0, 0), ("round", 0, 0), ("cut", 0, 2), ("round", 0, 0)],
        [("round", 0, 0), ("cut", 3, 4), ("box", 0, 61), *([("round", 0, 0)] * 3)],
        [("box", 1, 10), ("box", 2, 11), ("round", 0, 0), ("round", 0, 0), ("cut", 1, 5), ("round", 0, 0)],
    ],
    ids=[
        "learned between two versions",
        "learned after an edit",
        "appears later",
        "in the place of a paragraph",
        "changes places with a paragraph",
    ],
)
@on_both
def test_a_box_that_is_learned_is_no_edit(history: list[Op], database_server: Server | None) -> None:
    check(history, database_server)


@pytest.mark.parametrize(
    "history",
    [
        [("fetch", 0, 0), ("replace", 0, 1), ("fetch", 0, 0), ("revert", 0, 0), ("fetch", 0, 0)],
        [("fetch", 0, 0), ("move", 0, 0), ("old", 0, 0), ("cut", 0, 1), ("old", 0, 0), ("revert", 0, 0), ("old", 0, 0)],
        [("fetch", 0, 0), ("move", 0, 0), *[("fetch", 0, 0), ("add", 0, 1)] * 2, ("revert", 0, 0), ("fetch", 0, 0)],
        [("fetch", 0, 0), ("move", 0, 0), ("amp", 0, 0), *[("fetch", 0, 0), ("add", 0, 1)] * 2, ("fetch", 0, 0)],
        [("fetch", 3, 0), ("box", 2, 28), ("move", 3, 1), ("cut", 3, 6), ("box", 3, 12), ("fetch", 3, 0)],
    ],
    ids=[
        "where it was",
        "at another address that the first leads to",
        "at another address",
        "at another address whose AMP page was met first",
        "at another address with much that is not its text",
    ],
)
@on_both
def test_an_edit_is_found_wherever_the_article_has_moved(history: list[Op], database_server: Server | None) -> None:
    check(history, database_server)
