"""Stories: which articles of two sites carry one text, by pairs that are made for it, and by real pages."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations, permutations
from pathlib import Path
from statistics import fmean
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, event, func, select, update

from crawler.fingerprint import identity
from crawler.maintenance.minhash_backfill import MinHashBackfill
from crawler.maintenance.story_rebuild import Rebuilt, StoryRebuild
from index.archive import (
    Archive,
    articles,
    clock,
    documents,
    erasure,
    near_duplicates,
    site_state,
    stories,
)
from index.archive import tables as t
from index.archive.database import Database
from index.archive.near_window import NearWindow, month_of
from index.dedup import text_similarity
from index.model.article import Article, IndexDocument
from tests.support import near_texts
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.newspaper import InlineWorkers

PAGES = Path(__file__).parents[5] / "shared" / "pages" / "open"
PAIRS = 60  # a language and a manner of editing
LEAST_OF_ONE = 0.95  # language, of which there are few pairs
RECALL = 0.98  # of pairs of which one is the other with a tenth of its words changed
SERIES = 40  # articles of one template, each held against each
KINDS = [(language, kind) for language, said in near_texts.templates().items() for kind in said["templates"]]


def of(texts: near_texts.Texts, site: str, number: int = 0, language: str = "en") -> Article:
    """An article with these texts and what follows from them."""
    known = identity(*texts)
    made = article(f"https://{site}.example/{number}", site=site, headline=texts[0], body=texts[1], language=language)
    return replace(made, content_hash=known.content_hash, signature=known.signature, template=known.template)


class StoryArchive:
    """An archive that is filled article by article, an hour apart."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.now = NOW

    def put(self, *stored: Article) -> None:
        for one in stored:
            self.now += HOUR
            dated = replace(one, published=self.now)
            self.archive.write(lambda c, d=dated: articles.store(c, page(d, self.now))).result()  # type: ignore[misc]

    def documents(self) -> dict[str, IndexDocument]:
        with self.archive.read() as conn:
            return {d.article.id: d for d in documents.documents(conn, [one for one, _ in documents.ids(conn)])}

    def stories(self) -> list[set[str]]:
        """The ids of each story's articles."""
        found: dict[str, set[str]] = {}
        for id_, document in self.documents().items():
            if document.story is not None:
                found.setdefault(document.story, set()).add(id_)
        return list(found.values())

    def leads(self) -> set[str]:
        return {id_ for id_, document in self.documents().items() if document.lead}


@pytest.fixture
def shelf(archive: Archive) -> StoryArchive:
    return StoryArchive(archive)


def pairs(language: str, manner: str, count: int) -> list[tuple[near_texts.Texts, near_texts.Texts]]:
    """Articles, each with itself a tenth of whose words was changed."""
    made = []
    for seed in range(count):
        rnd = random.Random(f"{language} {manner} {seed}")
        headline, body = near_texts.article(rnd, language)
        made.append(((headline, body), (headline, near_texts.EDITS[manner](rnd, language, body, 0.1))))
    return made


# --- what is one text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manner", near_texts.EDITS)
def test_one_whose_tenth_word_was_changed_is_found_and_taken_for_the_same(manner: str) -> None:
    shares = {
        language: fmean(joined(*pair) for pair in pairs(language, manner, PAIRS)) for language in near_texts.LANGUAGES
    }
    assert fmean(shares.values()) >= RECALL, shares
    assert min(shares.values()) >= LEAST_OF_ONE, shares


def joined(one: near_texts.Texts, other: near_texts.Texts) -> bool:
    """Whether the second is found beside the first, and then taken for the same."""
    first, second = (identity(*texts).signature for texts in (one, other))
    assert first is not None
    assert second is not None
    agree = bool(set(near_duplicates.hashes(first)) & set(near_duplicates.hashes(second)))
    found = agree and near_duplicates.resemblance(first, second) >= near_duplicates.MIN_SIGNATURE_SIMILARITY
    return found and text_similarity.is_same_text(text_similarity.comparable(*one), text_similarity.comparable(*other))


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_no_two_articles_of_a_template_are_the_same(language: str, kind: str) -> None:
    rnd = random.Random(f"{language} {kind}")
    series = [near_texts.filled(rnd, language, kind) for _ in range(SERIES)]
    if identity(*series[0]).template:
        assert all(identity(*texts).template for texts in series), "a flash is never compared at all"
        return
    read = [text_similarity.comparable(*texts) for texts in series]
    assert (
        max(text_similarity.overlap(a.words, b.words) for a, b in combinations(read, 2))
        > text_similarity.MIN_SIMILARITY
    ), "they do look alike"
    assert [
        (series[a], series[b])
        for a, b in combinations(range(SERIES), 2)
        if text_similarity.is_same_text(read[a], read[b])
    ] == []


def test_reports_that_differ_in_a_city_or_a_number_are_no_copies() -> None:
    """Two thousand pairs, in eight languages."""
    read = [[text_similarity.comparable(*texts) for texts in pair] for pair in near_texts.reports(2_000)]
    assert [pair for pair in read if text_similarity.is_same_text(*pair)] == []
    alike = sum(
        text_similarity.overlap(one.words, other.words) >= text_similarity.MIN_SIMILARITY for one, other in read
    )
    assert alike > 1_500, "they do look alike"


def test_what_is_only_spelt_otherwise_or_claimed_leaves_a_short_text_the_same() -> None:
    headline, body = near_texts.reports(1)[0][0]
    one = text_similarity.comparable(headline, body)
    spelt = text_similarity.comparable(headline, body.replace("السائقين", "السواقين"))
    corrected = text_similarity.comparable(headline, body.replace("خفيفة", "شديدة"))
    assert text_similarity.is_same_text(one, spelt)
    assert not text_similarity.is_same_text(one, corrected)
    assert text_similarity.is_same_text(one, corrected, claimed=True)


def test_a_figure_that_was_put_right_leaves_it_the_same() -> None:
    headline, body = near_texts.article(random.Random(1), "en")
    body += "\n\nThe bridge cost 412 pounds, and 19 people crossed it."
    assert text_similarity.is_same_text(
        text_similarity.comparable(headline, body), text_similarity.comparable(headline, body.replace("412", "421"))
    )


def test_a_name_that_is_written_otherwise_throughout_leaves_it_the_same() -> None:
    headline, body = near_texts.article(random.Random(1), "en")
    body += "\n\n" + "Apple opened a shop here. People like Apple for its shops, and Apple knows. " * 3
    assert text_similarity.is_same_text(
        text_similarity.comparable(headline, body), text_similarity.comparable(headline, body.replace("Apple", "AAPL"))
    )


@pytest.mark.skipif(not PAGES.is_dir(), reason="needs ../shared/pages, which is not here")
def test_real_pages_of_two_sites_are_the_same_where_they_carry_one_report() -> None:
    """Of a thousand sites' pages, two are carried twice: by a Polish agency, and by two portals in Chinese."""
    by_band: dict[int, list[tuple[str, str, str]]] = {}
    same: set[tuple[str, str]] = set()
    for path in sorted(PAGES.glob("*/*.json")):
        said = json.loads(path.read_text("utf-8"))
        body = said.get("body") or ""
        body = body if isinstance(body, str) else "\n\n".join(body)
        mine = (urlsplit(said["url"]).hostname or "", said.get("title") or "", body)
        known = identity(*mine[1:])
        if known.signature is None or known.template:
            continue
        bands = near_duplicates.hashes(known.signature)
        for other in {one for band in bands for one in by_band.get(band, ())}:
            if text_similarity.is_same_text(
                text_similarity.comparable(*mine[1:]), text_similarity.comparable(*other[1:])
            ):
                same.add((min(mine[0], other[0]), max(mine[0], other[0])))
        for band in bands:
            by_band.setdefault(band, []).append(mine)
    assert {pair for pair in same if pair[0] != pair[1]} == {
        ("digital.sina.com.hk", "news.cnyes.com"), ("fakty.interia.pl", "www.wprost.pl"),
    }  # fmt: skip


def test_bands_are_of_their_place() -> None:
    signature = bytes(512)
    assert len(set(near_duplicates.hashes(signature))) == near_duplicates.BANDS, (
        "equal rows in different bands are no agreement"
    )
    assert list(near_duplicates.hashes(signature)) == sorted(near_duplicates.hashes(signature))


# --- in the archive --------------------------------------------------------------------------------------------------


def test_an_edited_copy_on_another_site_is_of_one_story_and_the_earliest_leads(shelf: StoryArchive) -> None:
    (first, edited), *rest = pairs("ar", "words", 6)
    original, copy = of(first, "step", 1), of(edited, "copy", 2)
    others = [
        of(texts, site, n)
        for n, pair in enumerate(rest, 10)
        for site, texts in zip(("step", "copy"), pair, strict=True)
    ]
    shelf.put(original, *others[:3], copy, *others[3:])
    assert {original.id, copy.id} in shelf.stories()
    assert len(shelf.stories()) == 6
    assert {original.id, copy.id} & shelf.leads() == {original.id}
    assert len(shelf.documents()) == 12, "all copies are kept"


def test_exact_and_edited_copies_are_one_story(shelf: StoryArchive) -> None:
    first, edited = pairs("en", "runs", 1)[0]
    all_of_it = [of(first, "one"), of(edited, "two"), of(edited, "three"), of(first, "four"), of(edited, "five")]
    shelf.put(*all_of_it)
    assert shelf.stories() == [{one.id for one in all_of_it}]
    assert shelf.leads() == {all_of_it[0].id}


def test_similar_texts_of_one_site_are_no_story(shelf: StoryArchive) -> None:
    first, edited = pairs("en", "words", 1)[0]
    shelf.put(of(first, "one", 1), of(edited, "one", 2))
    assert shelf.stories() == []


def test_articles_of_a_template_on_many_sites_are_no_story(shelf: StoryArchive) -> None:
    rnd = random.Random(7)
    for kind in ("weather", "prices", "match", "flash"):
        shelf.put(*(of(near_texts.filled(rnd, "ar", kind), f"{kind}{n}") for n in range(12)))
    assert shelf.stories() == []
    assert len(shelf.leads()) == 48


def test_one_that_is_rewritten_leaves_its_story_and_may_come_back(shelf: StoryArchive) -> None:
    (first, edited), (other, _) = pairs("en", "runs", 2)
    original, copy = of(first, "one"), of(edited, "two")
    shelf.put(original, copy)
    assert shelf.stories() == [{original.id, copy.id}]
    shelf.put(of(other, "two"))
    assert shelf.stories() == []
    assert shelf.leads() == {original.id, copy.id}
    shelf.put(copy)
    assert shelf.stories() == [{original.id, copy.id}]


def test_the_name_of_a_story_is_never_given_twice(shelf: StoryArchive) -> None:
    (first, edited), (other, _) = pairs("en", "runs", 2)
    founder, second, third = of(first, "one"), of(edited, "two"), of(edited, "three")
    shelf.put(founder, second, third)
    shelf.put(of(other, "one"))  # the founder leaves; its text comes again elsewhere
    shelf.put(of(first, "four"), of(other, "five"))
    assert sorted(map(len, shelf.stories())) == [2, 3]


def test_an_article_is_found_by_its_newest_text_only(shelf: StoryArchive) -> None:
    (first, edited), (other, other_edited) = pairs("ar", "runs", 2)
    shelf.put(of(first, "one"), of(other, "one"))
    shelf.put(of(edited, "two"))
    assert shelf.stories() == [], "by then the first says something else"
    shelf.put(of(other_edited, "three"))
    assert len(shelf.stories()) == 1
    with shelf.archive.read() as conn:
        held = conn.execute(select(func.count()).select_from(t.bands)).scalar_one()
        assert held == near_duplicates.BANDS * conn.execute(select(func.count()).select_from(t.signatures)).scalar_one()


def test_a_crowd_in_a_band_is_looked_at_in_part(shelf: StoryArchive) -> None:
    rnd = random.Random(3)
    crowd = [
        of(near_texts.filled(rnd, "en", "weather"), f"site{n}") for n in range(near_duplicates.MAX_BAND_MEMBERS + 20)
    ]
    shelf.put(*crowd)
    statements: list[str] = []
    with shelf.archive.read() as conn:
        event.listen(conn, "before_cursor_execute", lambda *said: statements.append(said[2]))
        near_duplicates.find(conn, crowd[0].id, "another", crowd[0].signature or b"", month_of(NOW))
    assert sum("versions.body" in one for one in statements) <= near_duplicates.MAX_TEXTS_COMPARED + 1


# --- of about the same time ------------------------------------------------------------------------------------------


def dated(one: Article, year: int, month: int, day: int = 1) -> Article:
    """This article, as published on a day."""
    return replace(one, published=datetime(year, month, day, 9, tzinfo=UTC))


def put(archive: Archive, *them: Article, seen: datetime = NOW) -> None:
    """Store these articles, as seen at this moment."""
    for one in them:
        archive.write(lambda conn, one=one: articles.store(conn, page(one, seen))).result()  # type: ignore[misc]


def read_better(archive: Archive, one: Article) -> None:
    """Have an article say this, as one whose page is read better by now."""
    archive.write(lambda conn: articles.correct(conn, one, NOW)).result()


def together(archive: Archive, *them: Article) -> set[frozenset[str]]:
    """The sites of those of these articles that are of one story."""
    with archive.read() as conn:
        rows = conn.execute(select(t.articles).where(t.articles.c.id.in_([one.id for one in them]))).all()
        told = conn.execute(select(t.articles.c.story).where(t.articles.c.story.is_not(None))).scalars()
        assert set(told) == set(conn.execute(select(t.stories.c.id)).scalars())
    stories: dict[str, set[str]] = {}
    for row in rows:
        if row.story is not None:
            stories.setdefault(row.story, set()).add(row.site)
    assert sum(row.lead for row in rows if row.story is not None) == len(stories)
    return set(map(frozenset, stories.values()))


def bands_by_month(archive: Archive) -> dict[int, int]:
    """How many bands the archive has of each month."""
    with archive.read() as conn:
        rows = conn.execute(select(t.bands.c.month, func.count()).group_by(t.bands.c.month)).all()
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("backwards", [False, True], ids=["in-order", "backwards"])
def test_copies_are_found_within_the_months_around_their_own(archive: Archive, backwards: bool) -> None:
    days = [((2019, 10, 1), (2020, 1, 31), True), ((2019, 10, 31), (2020, 2, 1), False)]
    for number, (texts, (day, other, near)) in enumerate(zip(pairs("en", "words", 2), days, strict=True)):
        one, copy = (
            dated(of(text, site, number), *at)
            for text, site, at in zip(texts, ("one", "two"), (day, other), strict=True)
        )
        put(archive, *([copy, one] if backwards else [one, copy]))
        assert together(archive, one, copy) == ({frozenset({"one", "two"})} if near else set())


def test_the_window_is_a_setting(place: Database) -> None:
    first, edited = pairs("en", "words", 1)[0]
    one, next_month, years_later = (
        dated(of(text, site), *day)
        for text, site, day in (
            (first, "one", (2020, 1, 31)),
            (edited, "two", (2020, 2, 1)),
            (first, "three", (2026, 1, 1)),
        )
    )
    with Archive(place, NearWindow(0)) as archive:
        put(archive, one, next_month)
        assert together(archive, one, next_month) == set()
        put(archive, years_later)
        assert together(archive, one, years_later) == {frozenset({"one", "three"})}, "equal texts are, whenever"
    with Archive(place, NearWindow(1_200)) as archive:
        late = dated(of(edited, "four"), 2026, 6, 1)
        put(archive, late)
        assert together(archive, one, next_month, years_later, late) == {frozenset({"one", "two", "three", "four"})}


def test_the_order_in_which_articles_of_many_months_come_does_not_matter(archive: Archive) -> None:
    """Each is within three months of the one before; the last is not, but has the text of others."""
    days = [(2020, 3, 1), (2020, 3, 31), (2020, 6, 1), (2020, 9, 1), (2021, 1, 1)]
    orders = [order for n, order in enumerate(permutations(range(5))) if n % 5 == 0]
    for number, (order, (first, edited)) in enumerate(zip(orders, pairs("en", "runs", len(orders)), strict=True)):
        texts = [first, edited, first, edited, edited]
        them = [dated(of(text, f"s{n}", number), *day) for n, (text, day) in enumerate(zip(texts, days, strict=True))]
        put(archive, *(them[n] for n in order))
        assert together(archive, *them) == {frozenset({"s0", "s1", "s2", "s3", "s4"})}, order


def test_one_between_two_stories_makes_them_one(archive: Archive) -> None:
    first, edited = pairs("en", "words", 1)[0]
    again = (first[0], edited[1].replace(".", ". And so on.", 1))
    winter = [dated(of(first, "one"), 2020, 1), dated(of(edited, "two"), 2020, 1)]
    summer = [dated(of(again, "three"), 2020, 6), dated(of((again[0] + "!", again[1]), "four"), 2020, 6)]
    put(archive, *winter, *summer)
    assert together(archive, *winter, *summer) == {frozenset({"one", "two"}), frozenset({"three", "four"})}
    between = dated(of((first[0] + " now", first[1]), "five"), 2020, 4)
    put(archive, between)
    assert together(archive, *winter, *summer, between) == {frozenset({"one", "two", "three", "four", "five"})}


def test_one_whose_date_is_put_right_is_of_the_story_of_that_time(archive: Archive) -> None:
    first, edited = pairs("ar", "words", 1)[0]
    again = (first[0], edited[1].replace(".", ". وهكذا.", 1) + " وهكذا")
    old, new = dated(of(first, "one"), 2020, 1, 5), dated(of(again, "two"), 2026, 1, 5)
    copy = dated(of(edited, "three"), 2026, 1, 6)
    put(archive, old, new, copy)
    assert together(archive, old, new, copy) == {frozenset({"two", "three"})}
    read_better(archive, dated(copy, 2020, 1, 6))
    assert together(archive, old, new, copy) == {frozenset({"one", "three"})}
    assert bands_by_month(archive) == {
        month_of(datetime(2020, 1, 1, tzinfo=UTC)): 2 * near_duplicates.BANDS,
        month_of(datetime(2026, 1, 1, tzinfo=UTC)): near_duplicates.BANDS,
    }
    read_better(archive, dated(copy, 2020, 2, 6))
    assert together(archive, old, new, copy) == {frozenset({"one", "three"})}, "another month, and still near"
    read_better(archive, dated(copy, 2023, 1, 6))
    assert together(archive, old, new, copy) == set()
    read_better(archive, dated(copy, 2025, 12, 6))
    assert together(archive, old, new, copy) == {frozenset({"two", "three"})}


def test_one_without_a_date_is_of_the_month_in_which_it_was_first_seen(archive: Archive) -> None:
    first, edited = pairs("en", "words", 1)[0]
    one, copy = replace(of(first, "one"), published=None), dated(of(edited, "two"), 2026, 3, 31)
    put(archive, one, copy)
    assert together(archive, one, copy) == set(), f"it was seen in {NOW:%B}"
    older = page(replace(one, authors=("Someone",)), datetime(2026, 6, 1, tzinfo=UTC), archived=True)
    archive.write(lambda conn: articles.store(conn, older)).result()
    assert together(archive, one, copy) == {frozenset({"one", "two"})}, "a copy of its page is from before"


def test_a_clock_that_was_ahead_leaves_what_it_dated_where_it_belongs(archive: Archive) -> None:
    first, edited = pairs("en", "words", 1)[0]
    ahead = NOW + timedelta(days=400)
    one, copy = replace(of(first, "one"), published=None), dated(of(edited, "two"), NOW.year, NOW.month)
    put(archive, one, seen=ahead)
    put(archive, copy)
    assert together(archive, one, copy) == set()
    archive.write(lambda conn: site_state.put(conn, "one", last_run=ahead)).result()
    assert archive.write(lambda conn: clock.mend(conn, NOW, timedelta(days=7))).result() == ahead
    assert together(archive, one, copy) == {frozenset({"one", "two"})}


def test_what_is_forgotten_has_no_bands(archive: Archive) -> None:
    first, edited = pairs("en", "words", 1)[0]
    one, copy = dated(of(first, "one"), 2020, 1), dated(of(edited, "two"), 2020, 2)
    put(archive, one, copy)
    archive.write(lambda conn: erasure.forget(conn, erasure.find(conn, one.id), NOW)).result()
    assert bands_by_month(archive) == {month_of(datetime(2020, 2, 1, tzinfo=UTC)): near_duplicates.BANDS}
    assert together(archive, copy) == set()


def test_those_of_long_ago_are_dropped_and_come_back_with_the_setting(
    place: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_duplicates, "DROPPED", 1)
    this = datetime.now(UTC)
    old, older = (this.replace(day=1) - timedelta(days=days) for days in (400, 500))
    texts = pairs("en", "words", 3)
    them = [
        [replace(of(text, site, n), published=day) for text, site in zip(texts[n], ("one", "two"), strict=True)]
        for n, day in enumerate((this, old, older))
    ]
    with Archive(place) as archive:
        put(archive, *(one for one, _ in them), seen=this)
        assert not archive.write(near_duplicates.drop_some).result(), "nothing is, by default"
        assert set(bands_by_month(archive)) == set(map(month_of, (this, old, older)))
    with Archive(place, NearWindow(keep=12)) as archive:
        put(archive, *(copy for _, copy in them), seen=this)
        assert [len(together(archive, *both)) for both in them] == [1, 0, 0]
        exact = of(texts[2][0], "three", 2)
        put(archive, replace(exact, published=older), seen=this)
        assert together(archive, *them[2], exact) == {frozenset({"one", "three"})}, "equal texts are found all the same"
        drops = 0
        while archive.write(near_duplicates.drop_some).result():
            drops += 1
        assert drops == 2, "one for each month"
        assert bands_by_month(archive) == {month_of(this): 2 * near_duplicates.BANDS}
    with Archive(place) as archive:
        signing = MinHashBackfill(archive)
        assert signing.some(NOW) == 5
        assert [len(together(archive, *both)) for both in them] == [1, 1, 1]
        assert together(archive, *them[2], exact) == {frozenset({"one", "two", "three"})}


def test_all_of_them_are_found_again(place: Database) -> None:
    """Whatever an older release has made of them, and nothing that changes meanwhile is taken for what it was."""
    texts = pairs("en", "words", 2)
    one, copy, other = of(texts[0][0], "one"), of(texts[0][1], "two"), of(texts[1][0], "three")
    with Archive(place) as archive:
        put(archive, one, copy, other)
        right = together(archive, one, copy, other)
        assert right == {frozenset({"one", "two"})}

        def worsen(conn: Connection) -> None:
            story = conn.execute(select(t.stories.c.id)).scalar_one()
            for row in conn.execute(select(t.articles.c.id, t.articles.c.site)).all():
                near_duplicates.replace(conn, row.id, random.Random(row.site).randbytes(512), month_of(NOW))
            conn.execute(update(t.articles).where(t.articles.c.site == "two").values(story=None, lead=True))
            conn.execute(update(t.articles).where(t.articles.c.site == "three").values(story=story))

        def rebuilt() -> Rebuilt:
            return asyncio.run(StoryRebuild(archive, InlineWorkers(), NOW).run())  # type: ignore[arg-type]

        archive.write(worsen).result()
        report = rebuilt()
        assert (report.articles, report.changed > 0) == (3, True)
        assert together(archive, one, copy, other) == right
        assert rebuilt() == Rebuilt(3, 0)
        with archive.read() as conn:
            (row,) = (row for row in near_duplicates.compared(conn, "", 3) if row.body == one.body)
        settle = partial(stories.settle_again, article=row.id, content_hash="older", signature=None, now=NOW)
        assert not archive.write(settle).result()
        assert together(archive, one, copy, other) == right
