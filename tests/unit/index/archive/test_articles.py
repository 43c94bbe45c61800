"""New | Changed | Same | CopyOf: what the archive makes of a page."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, func, select

from index.archive import Archive, articles, documents, frontier, outbox, warc_records
from index.archive import tables as t
from index.archive.articles import Fetched, Outcome, Redirect
from index.archive.frontier import Visit
from index.archive.history import history
from index.dedup import text_similarity, version_diff
from index.model.article import Article, IndexDocument
from index.model.candidate import Candidate
from index.model.codes import PageReason
from index.model.message import Message
from index.warc.record import WarcRef
from tests.support.archive_samples import BODY, DAMASCUS, HOUR, NOW, article, digest, page


class Store:
    """The archive with one target, and what came to its outbox since the last look."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        archive.write(lambda c: outbox.start_target(c, "embedded", "t", NOW)).result()

    def __call__(self, it: Fetched) -> Outcome:
        return self.archive.write(lambda c: articles.store(c, it)).result()

    def document(self, of: Article) -> IndexDocument:
        with self.archive.read() as conn:
            found = documents.document(conn, of.id)
        assert found is not None
        return found

    def shipped(self) -> set[str]:
        def take(conn: Connection) -> set[str]:
            rows = outbox.batch(conn, "t", 1000)
            found = {one.article.id: one.version for one in documents.documents(conn, [row.article for row in rows])}
            assert {row.article: row.version for row in rows if row.op == "upsert"} == found
            outbox.acknowledge(conn, "t", [(row.article, row.version) for row in rows])
            return {row.article for row in rows}

        return self.archive.write(take).result()

    def counts(self, site: str = "step") -> dict[str, int]:
        with self.archive.read() as conn:
            return {state: n for state, n in frontier.counts(conn, site).items() if n}


@pytest.fixture
def store(archive: Archive) -> Store:
    return Store(archive)


# --- new, same, changed --------------------------------------------------------------------------------------------


def test_a_new_article_is_stored_whole(store: Store) -> None:
    one = article(alternative_headline="x", description="y", paywalled=False, signature=bytes(512), template=False)
    assert store(page(one)) == Outcome("new", one.id, 1)
    found = store.document(one)
    assert found.article == one
    assert found.article.published is not None
    assert found.article.published.isoformat() == "2026-11-23T12:00:00+03:00"
    assert (found.version, found.first_seen, found.sort_date) == (1, NOW, one.published)
    assert (found.lead, found.story, found.gone) == (True, None, False)
    assert store.shipped() == {one.id}


def test_an_article_without_anything_optional_is_stored(store: Store) -> None:
    bare = Article("id", "step", "https://step.example/b", "عاجل", "", "hash", "1")
    store(page(bare))
    assert store.document(bare).article == bare
    assert store.document(bare).sort_date == NOW


def test_a_date_in_the_future_is_kept_but_not_sorted_by(store: Store) -> None:
    one = article(published=NOW + HOUR)
    store(page(one))
    assert (store.document(one).article.published, store.document(one).sort_date) == (NOW + HOUR, NOW)


def test_the_same_page_again_moves_only_its_fetch_state(store: Store) -> None:
    one = article()
    store(page(one))
    store.shipped()
    again = page(one, NOW + HOUR, etag='"2"', body_hash="other ads", revisit_at=NOW + 5 * HOUR)
    assert store(again) == Outcome("same", one.id, 1)
    assert store.shipped() == set()
    with store.archive.read() as conn:
        row = frontier.row(conn, "step", one.url)
        assert row is not None
        assert (row.etag, row.body_hash, row.visits, row.due) == ('"2"', "other ads", 2, NOW + 5 * HOUR)
        assert len(documents.versions(conn, one.id)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "معارك البوكمال تنتهي"},
        {"body": BODY + "\n\nتحديث"},
        {"authors": ("سامر", "ليلى")},
        {"section": "تقارير"},
        {"published": article().published + HOUR},  # type: ignore[operator]
        {"modified": NOW},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_makes_a_version(store: Store, change: dict[str, Any]) -> None:
    old, new = article(), article(**change)
    store(page(old))
    store.shipped()
    assert store(page(new, NOW + HOUR)) == Outcome("changed", old.id, 2)
    assert store.document(old).article == new
    assert store.document(old).version == 2
    assert store.document(old).first_seen == NOW
    assert store.shipped() == {old.id}
    with store.archive.read() as conn:
        kept = documents.versions(conn, old.id)
    assert [(v.number, v.seen, v.article) for v in kept] == [(1, NOW, old), (2, NOW + HOUR, new)]


@pytest.mark.parametrize("change", [{"keywords": ("x",)}, {"description": "ads"}, {"images": ()}])
def test_what_is_no_text_makes_no_version(store: Store, change: dict[str, Any]) -> None:
    store(page(article()))
    assert store(page(article(**change), NOW + HOUR, body_hash="other")).kind == "same"


def test_the_same_moment_in_another_zone_is_no_change(store: Store) -> None:
    one = article()
    assert one.published is not None
    store(page(one))
    assert store(page(replace(one, published=one.published.astimezone(NOW.tzinfo)), NOW + HOUR)).kind == "same"


def test_hours_ago_are_other_hours_at_each_visit_and_no_change(store: Store) -> None:
    origins = {"published": "page, relative"}
    store(page(article(origins=origins)))
    later = article(origins=origins, published=NOW + 2 * HOUR)
    assert store(page(later, NOW + HOUR, body_hash="other")).kind == "same"
    assert store(page(replace(later, origins={}), NOW + HOUR, body_hash="another")).kind == "changed"


def test_the_same_bytes_read_better_are_a_correction_in_place(store: Store) -> None:
    old = article()
    store(page(old, raw=lambda: WarcRef("a.warc.gz", 0, 9)))
    store.shipped()
    better = article(body=BODY.replace("الفقرة 4", "الفقرة الخامسة"), extractor="2")
    same_bytes = page(better, NOW + HOUR, body_hash=page(old).body_hash)
    assert store(same_bytes) == Outcome("same", old.id, 1, corrected=True)
    assert store.document(old).article == better
    assert store.document(old).version == 2
    assert store.shipped() == {old.id}
    with store.archive.read() as conn:
        assert len(documents.versions(conn, old.id)) == 1
        assert documents.raw_of(conn, old.id) == (WarcRef("a.warc.gz", 0, 9), old.url)


def test_unchanged_moves_only_the_fetch_state(store: Store) -> None:
    one = article()
    store(page(one))
    store.shipped()
    visit = Visit(NOW + HOUR, due=NOW + 2 * HOUR, status=304)
    store.archive.write(lambda c: articles.unchanged(c, "step", one.url, visit)).result()
    with store.archive.read() as conn:
        row = frontier.row(conn, "step", one.url)
    assert row is not None
    assert (row.etag, row.body_hash, row.visits, row.due) == ('"1"', page(one).body_hash, 2, NOW + 2 * HOUR)
    assert (store.shipped(), store.counts()) == (set(), {"stored": 1})


def test_an_error_leaves_nothing(store: Store) -> None:
    def fail(conn: Connection) -> None:
        articles.store(conn, page(article(), raw=lambda: WarcRef("a.warc.gz", 0, 9)))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.archive.write(fail).result()
    with store.archive.read() as conn:
        tables = (t.articles, t.versions, t.frontier, t.outbox, t.raws)
        assert [conn.scalar(select(func.count()).select_from(table)) for table in tables] == [0] * 5


# --- one article under several URLs --------------------------------------------------------------------------------


def test_the_same_text_at_another_url_is_an_alias(store: Store) -> None:
    one, other = article(), article("https://step.example/en/1")
    store(page(one))
    store.shipped()
    assert store(page(other, NOW + HOUR)) == Outcome("copy", one.id, 1)
    with store.archive.read() as conn:
        assert [(a.url, a.reason) for a in documents.aliases(conn, one.id)] == [(other.url, "same text")]
        assert documents.by_url(conn, other.url) == one.id
        assert documents.count(conn) == 1
        row = frontier.row(conn, "step", other.url)
    assert row is not None
    assert row.due is None  # looked at again when its source says so, not by itself
    assert (store.shipped(), store.counts()) == (set(), {"stored": 1, "duplicate": 1})
    assert store(page(other, NOW + 2 * HOUR)).kind == "same"


SHORT = {"body": " ".join(["كلمة"] * 39)}
LONG = {"body": " ".join(["كلمة"] * 40)}


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        (LONG, LONG, True),
        (SHORT, SHORT, False),
        ({"template": True}, {"template": True}, False),
        ({}, {"published": NOW - timedelta(days=1)}, False),
        ({}, {"published": None}, True),
        ({"published": None, "modified": NOW}, {"published": None, "modified": NOW - HOUR}, False),
        ({"published": None}, {"published": None}, True),
        ({}, {"headline": "عنوان آخر"}, False),
    ],
    ids=["40 words", "39 words", "template", "other day", "one undated", "other edit", "undated", "other headline"],
)
def test_when_equal_text_is_one_article(store: Store, one: dict[str, Any], other: dict[str, Any], merged: bool) -> None:
    store(page(article(**one)))
    assert (store(page(article("https://step.example/2", **other))).kind == "copy") is merged


def test_chinese_has_a_word_a_sign(store: Store) -> None:
    store(page(article(body="新" * 40)))
    assert store(page(article("https://step.example/2", body="新" * 40))).kind == "copy"


def test_a_canonical_link_to_the_same_text_is_an_alias_even_of_a_flash(store: Store) -> None:
    flash = article(body="خبر قصير")
    store(page(flash))
    amp = article("https://step.example/amp/1", body="خبر قصير", canonical_url=flash.url)
    assert store(page(amp)) == Outcome("copy", flash.id, 1)
    with store.archive.read() as conn:
        assert [a.reason for a in documents.aliases(conn, flash.id)] == ["canonical"]


def test_the_canonical_page_that_comes_second_is_an_alias_too(store: Store) -> None:
    amp = article("https://step.example/amp/1", body="خبر قصير", canonical_url="https://step.example/1")
    store(page(amp))
    assert store(page(article(body="خبر قصير"))) == Outcome("copy", amp.id, 1)


@pytest.mark.parametrize("own", ["https://step.example/1", "https://step.example/news.php?id=1"])
def test_a_listings_address_that_came_first_is_the_article_although_it_was_edited_meanwhile(
    store: Store, own: str
) -> None:
    listed = article(f"{own}{'&' if '?' in own else '?'}ref=front", canonical_url=own)
    assert store(page(listed)).kind == "new"
    edited = article(own, canonical_url=own, body=f"{BODY} وأضاف المصدر أن العمل مستمر.")
    assert store(page(edited, NOW + HOUR)) == Outcome("changed", listed.id, 2)
    with store.archive.read() as conn:
        assert [(a.url, a.reason) for a in documents.aliases(conn, listed.id)] == [(own, "canonical")]
    assert store(page(replace(edited, id=listed.id, url=listed.url), NOW + 2 * HOUR)).kind == "same"
    other = article(f"{own}0", canonical_url=f"{own}0", headline="خبر آخر")
    assert store(page(other)).kind == "new", "an address that only begins so is another page"


def test_an_address_with_a_query_that_claims_another_text_stays_by_itself(store: Store) -> None:
    own = "https://step.example/1"
    told = "كلام عن شيء آخر لا يشبه ما سبق في شيء ولا يعرفه أحد. " * 6
    store(page(article(f"{own}?p=7", canonical_url=own, headline="خبر آخر", body=told)))
    assert store(page(article(own))).kind == "new"


def test_a_canonical_link_to_another_text_or_site_merges_nothing(store: Store) -> None:
    one = article()
    store(page(one))
    told = "كلام عن شيء آخر لا يشبه ما سبق في شيء ولا يعرفه أحد. " * 6
    wrong = article("https://step.example/2", headline="خبر آخر", body=told, canonical_url=one.url)
    assert store(page(wrong)).kind == "new"
    thief = article("https://copy.example/1", site="copy", canonical_url=one.url)
    assert store(page(thief)).kind == "new"


def test_a_redirect_makes_an_alias_of_the_url_that_is_not_the_articles(store: Store) -> None:
    one = article()
    assert store(page(one, url="https://step.example/?p=1")).kind == "new"
    with store.archive.read() as conn:
        assert [(a.url, a.reason) for a in documents.aliases(conn, one.id)] == [
            ("https://step.example/?p=1", "redirect")
        ]


def test_an_article_that_has_another_address_at_each_visit_gets_no_end_of_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(articles, "MOST_ALIASES", 5)
    monkeypatch.setattr(warc_records, "MOST_REDIRECTS", 5)
    one, places = article(), count()
    store(page(one))
    for number in range(12):
        hop = Redirect(f"https://step.example/hop/{number}", NOW, lambda: WarcRef("a.warc.gz", next(places), 1))
        asked = page(one, NOW + number * HOUR, url=f"https://step.example/ask/{number}", redirects=(hop,))
        assert store(asked).id == one.id
        store(page(one, NOW + number * HOUR, final_url=f"https://step.example/now/{number}"))
    with store.archive.read() as conn:
        assert len(documents.aliases(conn, one.id)) == 5
        assert len(conn.execute(select(t.redirects)).all()) == 5


def test_a_redirect_to_a_known_article_is_a_copy(store: Store) -> None:
    one = article(body="خبر قصير")
    store(page(one))
    asked = page(replace(one, id=digest("step", "old"), url="https://step.example/old"), NOW + HOUR)
    assert store(replace(asked, url="https://step.example/old", final_url=one.url)) == Outcome("copy", one.id, 1)
    assert store.counts() == {"stored": 1, "duplicate": 1}


def test_a_moved_article_keeps_its_identity(store: Store) -> None:
    old, new = article(), article("https://step.example/moved")
    store(page(old))
    revisit = page(new, NOW + HOUR, url=old.url, final_url=new.url)
    assert store(revisit) == Outcome("same", old.id, 1)
    with store.archive.read() as conn:
        assert [(a.url, a.reason) for a in documents.aliases(conn, old.id)] == [(new.url, "moved")]
    assert store(page(new, NOW + 2 * HOUR)) == Outcome("same", old.id, 1)
    edited = article(new.url, body=BODY + "\n\nتحديث")
    assert store(page(edited, NOW + 3 * HOUR)) == Outcome("changed", old.id, 2)
    assert store.document(old).article == replace(edited, id=old.id, url=old.url)


def test_an_article_that_moved_is_edited_there_as_before(store: Store) -> None:
    old, new = article(), article("https://step.example/moved")
    edited = article(new.url, body=BODY + "\n\nتحديث")
    dated = replace(new, modified=NOW)
    store(page(old))
    store(page(new, NOW + HOUR, url=old.url, final_url=new.url))
    for visit, said in enumerate((edited, new, edited, new, dated, replace(dated, authors=())), 2):
        asked = {"url": old.url, "final_url": new.url} if visit % 2 else {}
        assert store(page(said, NOW + visit * HOUR, **asked)) == Outcome("changed", old.id, visit)
    with store.archive.read() as conn:
        kinds = [event.change.kinds for event in history(conn, old.id) if event.what == "changed"]
    assert kinds == [*[("correction",)] * 4, ("dates",), ("authors",)]


def test_an_article_that_changes_its_date_while_it_moves_has_a_version_of_it(store: Store) -> None:
    old, new = article(), article("https://step.example/moved", modified=NOW)
    store(page(old))
    assert store(page(new, NOW + HOUR, url=old.url, final_url=new.url)) == Outcome("changed", old.id, 2)


@pytest.mark.parametrize("host", ["step.example", "parked.example"])
def test_an_address_that_leads_to_a_stranger_overwrites_nothing(store: Store, host: str) -> None:
    one, two = article(), article("https://step.example/2", headline="خبر ثان", body="نص آخر لا يشبهه " * 20)
    promo = article(f"https://{host}/offer", headline="Buy", body="this domain is for sale " * 20, published=None)
    store(page(one))
    store(page(two))
    assert store(page(promo, NOW + HOUR, url=one.url, final_url=promo.url)) == Outcome("new", promo.id, 1)
    assert store(page(promo, NOW + HOUR, url=two.url, final_url=promo.url)).id == promo.id
    for old in (one, two):
        assert (store.document(old).article, store.document(old).gone) == (old, True)
        assert store(page(old, NOW + 2 * HOUR)) == Outcome("same", old.id, 1)
        assert not store.document(old).gone


def test_an_article_that_is_rewritten_while_it_moves_is_one_by_its_date(store: Store) -> None:
    old, new = article(), article("https://step.example/moved", headline="عنوان جديد", body="نص جديد تماماً " * 20)
    store(page(old))
    assert store(page(new, NOW + HOUR, url=old.url, final_url=new.url)) == Outcome("changed", old.id, 2)


def test_a_page_that_redirects_to_another_article_now_leaves_its_own_gone(store: Store) -> None:
    later = datetime(2026, 11, 23, 15, 30, tzinfo=DAMASCUS)
    one = article()
    other = article("https://step.example/2", headline="خبر آخر", body=BODY[::-1], published=later)
    store(page(one))
    store(page(other))
    store.shipped()
    revisit = page(other, NOW + HOUR, url=one.url, final_url=other.url)
    assert store(revisit).id == other.id
    assert (store.document(one).gone, store.document(other).gone) == (True, False)
    assert store.document(one).article == one
    assert store.shipped() == {one.id}


def test_an_edit_seen_at_an_alias_is_one_version(store: Store) -> None:
    one, alias = article(), article("https://step.example/en/1")
    store(page(one))
    store(page(alias))
    text = BODY + "\n\nتحديث"
    assert store(page(article(alias.url, body=text), NOW + HOUR)) == Outcome("changed", one.id, 2)
    assert store(page(article(body=text), NOW + 2 * HOUR)) == Outcome("same", one.id, 2)


def test_an_edit_at_an_alias_that_is_taken_back_there_is_two_versions(store: Store) -> None:
    one, alias = article(), article("https://step.example/en/1")
    store(page(one))
    store(page(alias))
    for visit, text in enumerate((BODY + "\n\nتحديث", BODY, BODY + "\n\nتحديث"), 2):
        assert store(page(article(alias.url, body=text), NOW + visit * HOUR)) == Outcome("changed", one.id, visit)


def test_an_old_copy_at_an_alias_is_no_version(store: Store) -> None:
    one, alias = article(), article("https://step.example/amp/1")
    store(page(one))
    store(page(alias))
    store(page(article(body=BODY + "\n\nتحديث"), NOW + HOUR))
    assert store(page(alias, NOW + 2 * HOUR)) == Outcome("same", one.id, 2)


def test_an_alias_that_goes_its_own_way_becomes_an_article(store: Store) -> None:
    one, alias = article(), article("https://step.example/live")
    store(page(one))
    store(page(alias))
    apart = article(alias.url, body=BODY + "\n\nتحديث")
    assert store(page(apart, NOW + HOUR)).kind == "changed"
    assert store(page(one, NOW + 2 * HOUR)) == Outcome("changed", one.id, 3)
    with store.archive.read() as conn:
        assert documents.aliases(conn, one.id) == []
        assert [row.url for row in frontier.due(conn, "step", NOW + 2 * HOUR, 10)] == [alias.url]
    assert store(page(apart, NOW + 3 * HOUR)) == Outcome("new", apart.id, 1)
    assert store(page(one, NOW + 4 * HOUR)) == Outcome("same", one.id, 3)


# --- stories -------------------------------------------------------------------------------------------------------


def wire(site: str, hours: int = 0, **fields: Any) -> Article:
    at = NOW.astimezone(DAMASCUS) - timedelta(days=1) + hours * HOUR
    return article(f"https://{site}.example/1", site=site, **({"published": at} | fields))


def test_equal_texts_of_two_sites_are_a_story_led_by_the_earliest(store: Store) -> None:
    later, earlier, latest = wire("step", 2), wire("reuters", 1), wire("copy", 3)
    store(page(later))
    store.shipped()
    assert store(page(earlier)).kind == "new"
    assert [store.document(one).lead for one in (later, earlier)] == [False, True]
    story = store.document(later).story
    assert story is not None
    assert store.document(earlier).story == story
    assert store.shipped() == {later.id, earlier.id}
    store(page(latest))
    assert store.shipped() == {latest.id}
    with store.archive.read() as conn:
        assert documents.others(conn, [story]) == {story: 2}
        assert conn.execute(select(t.stories)).one() == (story, earlier.id)


@pytest.mark.parametrize("kind", [SHORT, {"template": True}])
def test_flashes_and_templates_are_no_story(store: Store, kind: dict[str, Any]) -> None:
    one, other = wire("step", **kind), wire("copy", **kind)
    store(page(one))
    store(page(other))
    assert [(store.document(x).story, store.document(x).lead) for x in (one, other)] == [(None, True)] * 2


def test_one_that_is_edited_leaves_the_story_and_the_last_one_is_none(store: Store) -> None:
    first, second = wire("step", 1), wire("copy", 2)
    store(page(first))
    store(page(second))
    store.shipped()
    edited = replace(first, body=BODY + "\n\nتحديث", content_hash="edited")
    assert store(page(edited, NOW + HOUR)).kind == "changed"
    for one in (first, second):
        assert (store.document(one).story, store.document(one).lead) == (None, True)
    assert store.shipped() == {first.id, second.id}
    with store.archive.read() as conn:
        assert conn.execute(select(t.stories)).all() == []


def test_a_corrected_date_changes_the_lead(store: Store) -> None:
    first, second = wire("step", 1), wire("copy", 2)
    store(page(first))
    store(page(second))
    store(page(replace(second, published=NOW - timedelta(days=3)), NOW + HOUR))
    assert [store.document(one).lead for one in (first, second)] == [False, True]


# --- gone ----------------------------------------------------------------------------------------------------------


def test_a_page_that_vanished_is_marked_kept_and_welcome_back(store: Store) -> None:
    one = article()
    store(page(one))
    store.shipped()

    def go(at: int) -> bool:
        visit = Visit(NOW + at * HOUR, due=NOW + 9 * HOUR, status=404)
        return store.archive.write(lambda c: frontier.mark_gone(c, "step", one.url, visit)).result()

    assert [go(1), go(2)] == [True, False]
    assert (store.document(one).gone, store.document(one).article) == (True, one)
    assert (store.shipped(), store.counts()) == ({one.id}, {"gone": 1})
    assert store(page(one, NOW + 3 * HOUR)) == Outcome("same", one.id, 1)
    assert store.document(one).gone is False
    assert (store.shipped(), store.counts()) == ({one.id}, {"stored": 1})
    go(5)
    with store.archive.read() as conn:
        told = [(event.what, event.at, event.until) for event in history(conn, one.id)]
    assert told == [
        ("new", NOW, None), ("gone", NOW + HOUR, NOW + 2 * HOUR), ("back", NOW + 3 * HOUR, None),
        ("gone", NOW + 5 * HOUR, NOW + 5 * HOUR),
    ]  # fmt: skip


def test_a_copy_from_before_it_was_last_found_gone_does_not_bring_it_back(store: Store) -> None:
    one = article()
    store(page(one))
    for at in (NOW + HOUR, NOW + 9 * HOUR):
        store.archive.write(lambda c, at=at: frontier.mark_gone(c, "step", one.url, Visit(at, status=404))).result()  # type: ignore[misc]
    store(page(one, NOW + 5 * HOUR, archived=True))
    assert gone(store, one) == (NOW + HOUR, NOW + 9 * HOUR)
    store(page(one, NOW + 10 * HOUR, archived=True))
    assert gone(store, one) == (None, None)


def test_a_copy_from_between_is_followed_by_no_version_of_when_the_page_was_not_there(store: Store) -> None:
    one, other = article(), article(body=BODY + "\n\nتحديث")
    store(page(one))
    looked_at(store, one, NOW + 5 * HOUR)
    store.archive.write(lambda c: frontier.mark_gone(c, "step", one.url, Visit(NOW + 9 * HOUR, status=404))).result()
    assert store(page(other, NOW + 3 * HOUR, archived=True)) == Outcome("changed", one.id, 2)
    with store.archive.read() as conn:
        seen = [(version.seen, version.article.body) for version in documents.versions(conn, one.id)]
    assert seen == [(NOW, one.body), (NOW + 3 * HOUR, other.body)]


def test_an_article_is_not_gone_while_another_page_has_it(store: Store) -> None:
    one, alias = article(), article("https://step.example/moved")
    store(page(one))
    store(page(alias))
    gone = store.archive.write(lambda c: frontier.mark_gone(c, "step", one.url, Visit(NOW + HOUR, status=410))).result()
    assert (gone, store.document(one).gone) == (False, False)
    assert store.counts() == {"stored": 1, "gone": 1}
    with store.archive.read() as conn:
        assert [row.url for row in frontier.due(conn, "step", NOW + HOUR, 5)] == [alias.url]


def test_a_page_that_only_others_archived_is_looked_at_once_the_articles_own_is_gone(store: Store) -> None:
    one, alias = article(), article("https://step.example/moved")
    store(page(one))
    store(page(alias, NOW + 2 * HOUR, archived=True))
    with store.archive.read() as conn:
        assert frontier.row(conn, "step", alias.url).due is None  # type: ignore[union-attr]
    for at in (3, 5):
        looked_at(store, one, NOW + at * HOUR)
    with store.archive.read() as conn:
        assert alias.url in [row.url for row in frontier.due(conn, "step", NOW + 5 * HOUR, 5)]
    looked_at(store, alias, NOW + 6 * HOUR)
    looked_at(store, alias, NOW + 7 * HOUR)
    assert gone(store, one) == (NOW + 6 * HOUR, NOW + 7 * HOUR)


def test_a_page_that_others_archived_after_the_removal_is_looked_at(store: Store) -> None:
    one, alias = article(), article("https://step.example/moved")
    store(page(one))
    for at in (1, 3):
        looked_at(store, one, NOW + at * HOUR)
    store(page(alias, NOW + 4 * HOUR, archived=True))
    assert gone(store, one) == (None, None)
    looked_at(store, one, NOW + 5 * HOUR)
    with store.archive.read() as conn:
        assert [row.url for row in frontier.due(conn, "step", NOW + 5 * HOUR, 5)] == [alias.url]


# --- whatever comes ------------------------------------------------------------------------------------------------

URLS = st.sampled_from([f"https://step.example/{n}" for n in range(4)])
BODIES = st.sampled_from([BODY, BODY + "\n\nتحديث", "خبر قصير"])


@settings(max_examples=40)
@given(
    visits=st.lists(
        st.tuples(st.sampled_from(["step", "copy"]), URLS, URLS, BODIES, st.booleans()), min_size=1, max_size=12
    )
)
def test_whatever_comes_each_page_has_one_article_and_the_accounts_add_up(
    tmp_path_factory: pytest.TempPathFactory, visits: list[tuple[str, str, str, str, bool]]
) -> None:
    with Archive(tmp_path_factory.mktemp("any") / "archive.sqlite3") as archive:
        store = Store(archive)
        for n, (site, url, final, body, gone) in enumerate(visits):
            at = NOW + n * HOUR
            if gone:
                archive.write(lambda c: frontier.mark_gone(c, site, url, Visit(at, status=404))).result()  # noqa: B023
                continue
            read = article(final, site=site, body=body)
            outcome = store(page(read, at, url=url, final_url=final))
            if outcome.kind == "emptied":  # nothing was stored
                continue
            with archive.read() as conn:
                assert documents.by_url(conn, url, site) is not None
                assert documents.by_url(conn, final, site) == outcome.id
        for site in ("step", "copy"):
            with archive.read() as conn:
                seen = {url for where, url, *_ in visits if where == site}
                counts = frontier.counts(conn, site)
                assert sum(counts.values()) == len(seen)
                assert counts["stored"] <= documents.count(conn, site)
                held = conn.execute(
                    select(t.frontier.c.article, func.count())
                    .where(t.frontier.c.state == "stored")
                    .group_by(t.frontier.c.article)
                )
                assert all(n == 1 for _, n in held)
        store.shipped()


def test_no_statement_reads_a_whole_table(file: Archive) -> None:
    """Without statistics SQLite plans by the indices alone: an archive of two shows what one of millions does."""
    store = Store(file)
    asked: dict[str, Any] = {}

    def note(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked[statement] = parameters[0] if isinstance(parameters, list) else parameters

    event.listen(store.archive._writer, "before_cursor_execute", note)
    first, second = wire("step", 1), wire("copy", 2)
    copy = article("https://step.example/2", published=first.published, canonical_url="https://step.example/3")
    store(page(first, raw=lambda: WarcRef("a.warc.gz", 0, 9)))
    for one in (first, second, copy, replace(second, body="x", content_hash="x"), replace(first, section="y")):
        store(page(one, NOW + HOUR, url=one.url + "?p=1"))
    candidates = [Candidate(first.url), Candidate("https://step.example/4")]
    store.archive.write(lambda c: frontier.offer(c, "step", "feed", candidates, NOW)).result()
    store.archive.write(lambda c: frontier.due(c, "step", NOW, 10)).result()
    store.archive.write(lambda c: frontier.mark_gone(c, "step", first.url, Visit(NOW, status=404))).result()
    store.archive.write(lambda c: documents.others(c, [first.content_hash])).result()
    store.shipped()
    event.remove(store.archive._writer, "before_cursor_execute", note)
    with store.archive.read() as conn:
        plans = {
            statement: [row.detail for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in asked.items()
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT INTO outbox"))
        }
    scans = [(statement, step) for statement, plan in plans.items() for step in plan if step.startswith("SCAN")]
    tables = t.metadata.tables.keys() - {"targets"}
    assert [(statement, step) for statement, step in scans if step.split()[1] in tables] == []
    assert len(plans) > 20


def test_a_raw_copy_is_written_only_of_what_becomes_a_version(store: Store) -> None:
    written: list[str] = []

    def keep(name: str) -> WarcRef:
        written.append(name)
        return WarcRef("a.warc.gz", len(written), 1)

    first = article()
    store(page(first, raw=lambda: keep("new")))
    store(page(first, NOW + HOUR, body_hash="counters", raw=lambda: keep("same")))
    other = article("https://step.example/amp/1")
    store(page(other, NOW + HOUR, raw=lambda: keep("copy")))
    store(
        page(replace(first, body=f"{BODY} وأكثر", content_hash="another"), NOW + 2 * HOUR, raw=lambda: keep("changed"))
    )
    assert written == ["new", "changed"]
    with store.archive.read() as conn:
        assert len(conn.execute(select(t.raws)).all()) == 2


# --- an article that is not there any more -------------------------------------------------------------------------


def looked_at(store: Store, one: Article, at: Any, reason: str = PageReason.NOT_FOUND) -> None:
    visit = Visit(at)
    store.archive.write(lambda c: frontier.mark_refused(c, "step", one.url, Message(reason), visit)).result()


def gone(store: Store, one: Article) -> tuple[Any, Any]:
    with store.archive.read() as conn:
        row = conn.execute(select(t.articles).where(t.articles.c.id == one.id)).one()
        return row.gone_since, row.gone_until


def test_what_is_missing_at_a_second_look_is_gone_since_the_first(store: Store) -> None:
    one = article()
    store(page(one))
    store.shipped()
    looked_at(store, one, NOW + HOUR)
    assert not store.document(one).gone, "one look says little"
    with store.archive.read() as conn:
        row = frontier.row(conn, "step", one.url)
    assert row is not None
    assert row.due == NOW + HOUR + frontier.SECOND_LOOK
    looked_at(store, one, NOW + 3 * HOUR)
    assert gone(store, one) == (NOW + HOUR, NOW + 3 * HOUR)
    looked_at(store, one, NOW + 9 * HOUR)
    assert gone(store, one) == (NOW + HOUR, NOW + 9 * HOUR)
    assert store.document(one).gone
    assert store.shipped() == {one.id}
    store(page(one, NOW + 10 * HOUR))
    assert gone(store, one) == (None, None)
    looked_at(store, one, NOW + 11 * HOUR)
    assert not store.document(one).gone, "it begins anew"


@pytest.mark.parametrize("reason", sorted(frontier.INCONCLUSIVE_REASONS))
def test_a_refusal_that_tells_nothing_never_marks_one_gone(store: Store, reason: str) -> None:
    one = article()
    store(page(one))
    for hours in range(1, 5):
        looked_at(store, one, NOW + hours * HOUR, reason)
    assert not store.document(one).gone
    with store.archive.read() as conn:
        row = frontier.row(conn, "step", one.url)
    assert row is not None
    assert row.due == NOW + 4 * HOUR + frontier.GONE_LOOK, "it is looked at again"


@pytest.mark.parametrize("left", ["", "حُذف هذا الخبر بطلب من أصحابه."])
def test_a_page_that_was_emptied_overwrites_nothing(store: Store, left: str) -> None:
    one = article(body=BODY + "\n\n" + BODY.replace("خبر", "نبأ"))
    store(page(one))
    emptied = replace(one, body=left, content_hash="empty")
    assert store(page(emptied, NOW + HOUR)) == Outcome("emptied", one.id, 1)
    assert (store.document(one).article.body, store.document(one).gone) == (one.body, False)
    assert store(page(emptied, NOW + 3 * HOUR)).kind == "emptied"
    assert (store.document(one).article.body, store.document(one).gone) == (one.body, True)
    assert store(page(one, NOW + 5 * HOUR)) == Outcome("same", one.id, 1)
    assert not store.document(one).gone


def test_a_paywall_that_comes_later_overwrites_nothing(store: Store) -> None:
    one = article()
    store(page(one))
    teaser = replace(one, body=BODY.split("\n\n")[0], paywalled=True, content_hash="teaser")
    assert store(page(teaser, NOW + HOUR)) == Outcome("same", one.id, 1)
    assert store.document(one).article.body == BODY


def test_typography_makes_no_version_and_a_vowel_sign_does(store: Store) -> None:
    one = article(body=BODY + " «نعم».")
    store(page(one))
    assert store(page(replace(one, body=BODY + " ”نعم“."), NOW + HOUR)).kind == "same"
    assert store(page(replace(one, body=BODY + " «نَعَم»."), NOW + HOUR)).kind == "changed"


# --- one article under many addresses --------------------------------------------------------------------------------


def test_another_spelling_with_the_same_text_is_an_alias_even_of_a_flash(store: Store) -> None:
    flash = article("https://step.example/خبر", body="انفجار في المدينة", template=True)
    amp = replace(flash, url="https://step.example/خبر/amp", id="amp")
    store(page(flash))
    assert store(page(amp, NOW + HOUR, spellings=(flash.url,))) == Outcome("copy", flash.id, 1)
    with store.archive.read() as conn:
        assert [(a.url, a.reason) for a in documents.aliases(conn, flash.id)] == [(amp.url, "spelling")]


def test_replaced_versions_are_read_all_or_those_asked_for(store: Store) -> None:
    one, other = (article(f"https://step.example/{n}", headline=f"H{n}") for n in (1, 2))
    for each in (one, other):
        for edit in range(4):
            store(page(replace(each, body=f"{BODY}\n\n{each.headline} {edit}"), NOW + edit * HOUR))

    def found(only: list[tuple[str, int]] | None) -> list[tuple[str, int]]:
        with store.archive.read() as conn:
            earlier = documents.version_documents(conn, [other.id, one.id], only)
        return [(one.article.id, one.number) for one in earlier]

    assert found(None) == [(each.id, number) for each in (other, one) for number in (1, 2, 3)]
    assert found([(one.id, 2), (other.id, 3), (other.id, 1)]) == [(other.id, 1), (other.id, 3), (one.id, 2)]
    assert found([(one.id, 4)]) == []
    assert found([]) == []


def test_another_edition_of_a_text_is_an_alias_and_no_version(store: Store) -> None:
    one = article()
    amp = replace(one, url=one.url + "/amp", id="amp", body=BODY + "\n\nاشترك في قناتنا", content_hash="amp")
    canonical = replace(amp, url="https://m.step.example/1", id="m", canonical_url=one.url)
    store(page(one))
    assert store(page(amp, NOW + HOUR, spellings=(one.url,))) == Outcome("copy", one.id, 1)
    assert store(page(canonical, NOW + HOUR)) == Outcome("copy", one.id, 1)
    with store.archive.read() as conn:
        assert {a.reason for a in documents.aliases(conn, one.id)} == {"spelling", "canonical"}
    for visit, other in enumerate((amp, canonical, one, amp), 2):
        again = page(other, NOW + visit * HOUR, spellings=(one.url,) if other is amp else ())
        assert store(again) == Outcome("same", one.id, 1)
    assert store.document(one).article.body == BODY


def test_another_edition_that_was_archived_elsewhere_is_no_version(store: Store) -> None:
    one, later = article(), article(body=BODY + "\n\nتحديث")
    amp = replace(one, url=one.url + "/amp", id="amp", body=BODY + "\n\nاشترك في قناتنا", content_hash="amp")
    store(page(one))
    store(page(later, NOW + 9 * HOUR))
    for at in (-1, 3, 12):
        archived = page(amp, NOW + at * HOUR, spellings=(one.url,), archived=True)
        assert store(archived).version == 2
    with store.archive.read() as conn:
        assert [version.seen for version in documents.versions(conn, one.id)] == [NOW, NOW + 9 * HOUR]


def test_an_edition_is_the_article_once_the_article_leads_there(store: Store) -> None:
    one = article()
    other = article(one.url + "/", canonical_url=one.url)
    store(page(one))
    store(page(other, NOW + HOUR, spellings=(one.url,)))
    edited = article(other.url, body=BODY + "\n\nتحديث")
    assert store(page(edited, NOW + 2 * HOUR, url=one.url, final_url=other.url)) == Outcome("changed", one.id, 2)


def test_a_claim_that_the_text_does_not_bear_out_joins_nothing(store: Store) -> None:
    one = article()
    other = article(
        "https://step.example/2", body=BODY.replace("المدينة", "القرية والحقول حولها"), canonical_url=one.url
    )
    flash = article("https://step.example/1/", body="نص آخر تماماً", template=True)
    store(page(one))
    for different in (replace(other, body="كلام آخر لا يشبه الأول في شيء " * 12, content_hash="other"), flash):
        assert store(page(different, NOW + HOUR, spellings=(one.url,))).kind == "new"


def test_teasers_of_others_in_place_of_the_text_overwrite_nothing(store: Store) -> None:
    one = article()
    store(page(one))
    teasers = "\n\n".join(f"بداية خبر آخر عن موضوع {n} لا علاقة له بما كان هنا من قبل ولا بعد ذلك…" for n in range(6))
    assert store(page(replace(one, body=teasers, content_hash="t"), NOW + HOUR)).kind == "emptied"
    full = "\n\n".join(f"نص كامل كتبه محرر آخر عن موضوع {n} مختلف كل الاختلاف عما كان هنا من قبل." for n in range(6))
    assert store(page(replace(one, body=full, content_hash="f"), NOW + 2 * HOUR)).kind == "changed"


# --- how long a transaction takes ------------------------------------------------------------------------------------


def lines(chance: random.Random, many: int) -> list[str]:
    """Paragraphs of words of their own."""
    return [" ".join("".join(chance.choices("abcdefghijkl", k=6)) for _ in range(12)) for _ in range(many)]


EDITS: dict[str, Callable[[list[str]], list[str]]] = {
    "each second paragraph": lambda old: [line[::-1] if n % 2 else line for n, line in enumerate(old)],
    "each second word": lambda old: [" ".join(f"{word} x" for word in line.split()) for line in old],
    "another order": lambda old: old[::-1],
    "half of it": lambda old: old[: len(old) // 2],
    "nothing left": lambda old: lines(random.Random(2), len(old)),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_long_text_holds_no_transaction_up(store: Store, monkeypatch: pytest.MonkeyPatch, edit: str) -> None:
    """Twice the text, not twice the comparison: whatever is not linear stays outside the transaction, or is bounded."""
    pairs = folded = 0
    aligning, fold = text_similarity.opcodes, text_similarity.fold

    def count_pairs(one: Sequence[Any], other: Sequence[Any]) -> Any:
        nonlocal pairs
        pairs += len(one) * len(other)
        return aligning(one, other)

    def count_letters(text: str) -> str:
        nonlocal folded
        folded += len(text)
        return fold(text)

    monkeypatch.setattr(text_similarity, "opcodes", count_pairs)
    monkeypatch.setattr(version_diff, "opcodes", count_pairs)
    monkeypatch.setattr(text_similarity, "fold", count_letters)
    monkeypatch.setattr(version_diff, "fold", count_letters)
    done = []
    for many in (3_000, 6_000):
        old = lines(random.Random(many), many)
        one = article(f"https://step.example/{many}", body="\n\n".join(old))
        store(page(one))
        pairs = folded = 0
        changed = article(one.url, body="\n\n".join(EDITS[edit](old)))
        store(page(changed, NOW + HOUR))
        done.append((pairs, folded))
    assert done[1][0] <= done[0][0] + text_similarity.MAX_COMPARED_WORDS**2
    assert done[1][1] <= 1.1 * done[0][1] + 1_000
