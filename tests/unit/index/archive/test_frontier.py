"""The frontier: what sources offer, what is due, and accounts that add up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, event, insert, select, update

from index.archive import Archive, articles, documents, erasure, frontier, site_state, source_state, trust
from index.archive import tables as t
from index.archive.column_types import LONGEST_TOLD
from index.archive.frontier import FETCHES, OfferResult, Room, Visit, fetches_of
from index.archive.source_state import SourceResponse
from index.archive.tables import fetches
from index.archive.trust import TrustObservation
from index.model.candidate import Candidate
from index.model.codes import FetchOutcome, FetchReason, PageReason, PageState, ParseReason, SourceReason, TrustReason
from index.model.message import Message
from tests.support.archive_samples import BODY, DAMASCUS, HOUR, NOW, article, page
from tests.support.postgresql import Server

T = TypeVar("T")
DAY = timedelta(days=1)
FEED = "https://step.example/feed"
SLOW, TIMEOUT = Message(ParseReason.TOO_SLOW, {"seconds": 30}), Message(FetchReason.TIMEOUT)
WEB_PAGE = Message(SourceReason.WEB_PAGE, {"expected": "feed"})


class Frontier:
    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def do(self, fn: Callable[[Connection], T]) -> T:
        return self.archive.write(fn).result()

    def offer(self, *offers: Candidate, now: datetime = NOW, since: datetime | None = None) -> OfferResult:
        return self.do(lambda c: frontier.offer(c, "step", FEED, offers, now, since=since))

    def due(self, now: datetime = NOW, limit: int = 100) -> list[str]:
        with self.archive.read() as conn:
            return [row.url for row in frontier.due(conn, "step", now, limit)]

    def counts(self) -> dict[str, int]:
        with self.archive.read() as conn:
            return {state: n for state, n in frontier.counts(conn, "step").items() if n}

    def row(self, url: str) -> frontier.FrontierRow:
        with self.archive.read() as conn:
            found = frontier.row(conn, "step", url)
        assert found is not None
        return found


@pytest.fixture
def front(archive: Archive) -> Frontier:
    return Frontier(archive)


def test_candidates_are_due_once_newest_first(front: Frontier) -> None:
    offers = [
        Candidate("a", published=NOW - 2 * HOUR),
        Candidate("b"),
        Candidate("c", modified=NOW - HOUR),
        Candidate("d"),
    ]
    assert front.offer(*offers) == OfferResult(new=4)
    assert front.due() == ["b", "d", "c", "a"]
    assert front.due(limit=2) == ["b", "d"]
    assert front.offer(*offers, now=NOW + HOUR) == OfferResult(known=4)
    assert front.counts() == {"pending": 4}


def test_what_the_source_said_comes_back_with_its_zone(front: Frontier) -> None:
    published = datetime(2026, 11, 23, 9, 30, tzinfo=DAMASCUS)
    front.offer(Candidate("a", "عنوان", published, published + HOUR, "ar"))
    row = front.row("a")
    assert (row.title, row.language, row.source) == ("عنوان", "ar", FEED)
    assert row.published is not None
    assert row.published.isoformat() == "2026-11-23T09:30:00+03:00"
    assert row.modified == published + HOUR


def test_a_url_offered_twice_in_one_answer_is_one_candidate(front: Frontier) -> None:
    assert front.offer(Candidate("a", "first"), Candidate("a", "second")) == OfferResult(new=1)
    assert front.row("a").title == "first"


def test_many_candidates_fit_into_one_offer(front: Frontier) -> None:
    many = [Candidate(f"https://step.example/{n}") for n in range(2_500)]
    assert front.offer(*many) == OfferResult(new=2_500)
    assert front.offer(*many) == OfferResult(known=2_500)
    assert front.due(limit=2) == ["https://step.example/0", "https://step.example/1"]


# --- how far back --------------------------------------------------------------------------------------------------


def test_a_first_visit_leaves_out_what_is_older_than_a_week(front: Frontier) -> None:
    week, older = Candidate("week", published=NOW - 7 * DAY), Candidate("older", published=NOW - 8 * DAY)
    undated, touched = Candidate("undated"), Candidate("touched", published=NOW - 8 * DAY, modified=NOW)
    assert front.offer(week, older, undated, touched) == OfferResult(new=2, old=2)
    assert sorted(front.due()) == ["undated", "week"]
    assert front.counts() == {"pending": 2, "old": 2}


@pytest.mark.parametrize("order", [("dated", "undated"), ("undated", "dated")])
def test_what_one_source_gives_without_a_date_is_fetched_whichever_is_read_first(
    front: Frontier, order: tuple[str, str]
) -> None:
    offers = {"dated": Candidate("a", published=NOW - 30 * DAY), "undated": Candidate("a")}
    for name in order:
        front.offer(offers[name])
    assert front.due() == ["a"]


def test_a_later_visit_takes_what_was_published_since_the_first_however_late(front: Frontier) -> None:
    front.offer(Candidate("a"))
    late = NOW + 30 * DAY
    offers = [Candidate("missed", published=NOW + DAY), Candidate("before", published=NOW - 8 * DAY)]
    assert front.offer(*offers, now=late) == OfferResult(new=1, old=1)


def test_since_reaches_back_for_good(front: Frontier) -> None:
    offers = [Candidate(f"{days}", published=NOW - days * DAY) for days in (1, 10, 20, 30)]
    front.offer(*offers)
    assert front.due() == ["1"]
    assert front.offer(*offers[:1], Candidate("11", published=NOW - 11 * DAY), since=NOW - 20 * DAY) == OfferResult(
        1, 0, 1, 0
    )
    assert front.due() == ["1", "10", "11", "20"]
    assert front.offer(Candidate("12", published=NOW - 12 * DAY)) == OfferResult(new=1)
    assert front.do(lambda c: frontier.extend_horizon(c, "step", NOW - 40 * DAY, NOW)) == 1
    assert front.counts() == {"pending": 6}


def test_since_that_reaches_less_far_changes_nothing(front: Frontier) -> None:
    front.offer(Candidate("a", published=NOW - 6 * DAY), since=NOW - DAY)
    assert front.due() == ["a"]


def test_an_old_page_that_its_sitemap_dates_anew_is_fetched(front: Frontier) -> None:
    front.offer(Candidate("a", modified=NOW - 30 * DAY))
    assert front.due() == []
    front.offer(Candidate("a", modified=NOW), now=NOW + HOUR)
    assert front.due(NOW + HOUR) == ["a"]


# --- due again -----------------------------------------------------------------------------------------------------


def stored(front: Frontier, modified: datetime | None, at: datetime = NOW, **fields: object) -> str:
    one = article()
    front.offer(Candidate(one.url, modified=modified))
    front.do(lambda c: articles.store(c, page(one, at, **({"revisit_at": None} | fields))))
    assert front.due(NOW + 365 * DAY) == []
    return one.url


def test_a_later_modified_date_makes_it_due_again(front: Frontier) -> None:
    url = stored(front, NOW - 2 * HOUR)
    assert front.offer(Candidate(url, modified=NOW - 2 * HOUR), now=NOW + HOUR) == OfferResult(known=1)
    assert front.due(NOW + HOUR) == []
    assert front.offer(Candidate(url, modified=NOW - HOUR), now=NOW + HOUR) == OfferResult(known=1, moved=1)
    assert front.due(NOW + HOUR) == [url]
    front.do(lambda c: articles.unchanged(c, "step", url, Visit(NOW + HOUR, status=304)))
    assert front.due(NOW + HOUR) == []
    assert front.offer(Candidate(url, modified=NOW - HOUR), now=NOW + 2 * HOUR) == OfferResult(known=1)


def test_a_date_that_comes_first_after_it_was_stored_counts_from_then(front: Frontier) -> None:
    url = stored(front, None)
    assert front.offer(Candidate(url, modified=NOW - HOUR), now=NOW + HOUR).moved == 0
    assert front.offer(Candidate(url, modified=NOW + HOUR), now=NOW + 2 * HOUR).moved == 1


def test_a_date_that_moves_while_the_page_is_on_its_way_is_not_lost(front: Frontier) -> None:
    url = stored(front, NOW - 2 * HOUR)
    front.offer(Candidate(url, modified=NOW + HOUR), now=NOW + 2 * HOUR)
    front.do(lambda c: articles.store(c, page(article(), NOW + HOUR, revisit_at=None)))
    assert front.due(NOW + 2 * HOUR) == [url]


def test_an_earlier_date_is_no_news(front: Frontier) -> None:
    url = stored(front, NOW - HOUR)
    assert front.offer(Candidate(url, modified=NOW - 5 * HOUR), now=NOW + HOUR) == OfferResult(known=1)


@pytest.mark.parametrize("ahead", [2 * DAY, 3_650 * DAY])
def test_a_date_that_has_not_come_silences_no_later_one(front: Frontier, ahead: timedelta) -> None:
    """A site whose clock was ahead, and then mended: its edits are looked at as before."""
    url = stored(front, NOW + ahead)
    assert front.offer(Candidate(url, modified=NOW + ahead), now=NOW + HOUR) == OfferResult(known=1), "nor is it one"
    assert front.offer(Candidate(url, modified=NOW + HOUR), now=NOW + 2 * HOUR).moved == 1
    assert front.due(NOW + 2 * HOUR) == [url]


def test_a_date_that_had_not_come_and_was_noted_silences_no_later_one(front: Frontier) -> None:
    """As an archive may have it that took such dates for dates."""
    url = stored(front, NOW - HOUR)
    noted = {"modified": NOW + 3_650 * DAY, "carried": NOW + 3_650 * DAY, "published": NOW + 3_650 * DAY}
    front.do(lambda c: c.execute(update(t.frontier).values(noted)))
    assert front.offer(Candidate(url, modified=NOW + HOUR), now=NOW + 2 * HOUR).moved == 1
    assert front.row(url).newest == NOW + HOUR


def test_what_is_dated_ahead_is_new_and_stays_in_its_place(front: Frontier) -> None:
    ahead = Candidate("a", published=NOW + 400 * DAY, modified=NOW + 401 * DAY)
    assert front.offer(ahead).new == 1
    before = front.row("a")
    assert (before.published, before.modified, before.newest) == (None, None, NOW)
    front.offer(Candidate("b", published=NOW + HOUR), ahead, now=NOW + 2 * HOUR)
    assert front.row("a") == before
    assert front.due(NOW + 2 * HOUR) == ["b", "a"]


# --- of what others archived -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("failed", [False, True], ids=["pending", "failed"])
def test_a_page_that_was_never_fetched_stays_due_although_others_archived_it(front: Frontier, failed: bool) -> None:
    one = article()
    front.offer(Candidate(one.url, modified=NOW - HOUR))
    if failed:
        front.do(lambda c: frontier.mark_failed(c, "step", one.url, TIMEOUT, NOW + HOUR, NOW))
    before = front.row(one.url)
    front.do(lambda c: articles.store(c, page(one, NOW - 300 * DAY, archived=True, revisit_at=None)))
    row = front.row(one.url)
    assert (row.state, row.due, row.lastmod_at_fetch, row.visits) == ("stored", before.due, None, 0)
    front.do(lambda c: articles.store(c, page(one, NOW + HOUR, revisit_at=None)))
    row = front.row(one.url)
    assert (row.due, row.lastmod_at_fetch, row.visits) == (None, NOW - HOUR, 1)


def test_what_others_archived_is_due_once_a_source_first_lists_it(front: Frontier) -> None:
    listed, old, undated = (article(f"https://step.example/{n}", body=f"{n} {BODY}") for n in range(3))
    for one in (listed, old, undated):
        front.do(lambda c, one=one: articles.store(c, page(one, NOW - 300 * DAY, archived=True, revisit_at=None)))  # type: ignore[misc]
    assert front.due() == [], "no source lists any"
    lie = TrustObservation("dates", "a", Message(TrustReason.DATE_MOVED_ALONE))
    while "dates" not in front.do(lambda c: trust.untrusted(c, "step")):
        front.do(lambda c: trust.note(c, "step", lie, NOW))
    offers = [
        Candidate(old.url, published=NOW - 30 * DAY),
        Candidate(listed.url, published=NOW),
        Candidate(undated.url),
    ]
    assert front.offer(*offers).moved == 2
    assert set(front.due()) == {listed.url, undated.url}
    assert front.row(listed.url).source == FEED
    assert front.do(lambda c: frontier.extend_horizon(c, "step", NOW - 40 * DAY, NOW)) == 1
    assert set(front.due()) == {listed.url, undated.url, old.url}
    for one in (listed, old, undated):
        front.do(lambda c, one=one: articles.store(c, page(one, NOW, revisit_at=None)))  # type: ignore[misc]
    front.offer(*offers, now=NOW + HOUR)
    assert front.due(NOW + HOUR) == []


def test_an_old_candidate_that_others_archived_is_fetched_when_the_horizon_moves(front: Frontier) -> None:
    one = article()
    front.offer(Candidate(one.url, published=NOW - 30 * DAY))
    front.do(lambda c: articles.store(c, page(one, NOW - 20 * DAY, archived=True, revisit_at=None)))
    assert front.due() == []
    front.do(lambda c: frontier.extend_horizon(c, "step", NOW - 40 * DAY, NOW))
    assert front.due() == [one.url]


def test_an_archived_page_that_was_emptied_says_nothing_of_today(front: Frontier) -> None:
    one = article(body=BODY + "\n\n" + BODY.replace("خبر", "نبأ"))
    front.do(lambda c: articles.store(c, page(one)))
    left = replace(one, body="حُذف هذا الخبر بطلب من أصحابه.", content_hash="empty")
    came = front.do(lambda c: articles.store(c, page(left, NOW + HOUR / 2, archived=True, revisit_at=None)))
    assert came.kind == "emptied"
    assert (front.row(one.url).due, front.row(one.url).reason) == (NOW + HOUR, None)


def test_a_revisit_is_due_at_its_time(front: Frontier) -> None:
    one = article()
    front.do(lambda c: articles.store(c, page(one, revisit_at=NOW + HOUR)))
    assert (front.due(NOW + HOUR - timedelta(seconds=1)), front.due(NOW + HOUR)) == ([], [one.url])


# --- what became of it ---------------------------------------------------------------------------------------------


def test_a_failure_waits_for_its_time_and_is_counted(front: Frontier) -> None:
    front.offer(Candidate("a"))
    fail = lambda c: frontier.mark_failed(c, "step", "a", SLOW, NOW + HOUR, NOW)  # noqa: E731
    assert [front.do(fail), front.do(fail)] == [1, 2]
    assert (front.due(), front.due(NOW + HOUR), front.counts()) == ([], ["a"], {"failed": 1})
    assert (front.row("a").reason, front.row("a").detail) == (ParseReason.TOO_SLOW, SLOW)


def test_a_success_ends_the_failures(front: Frontier) -> None:
    one = article()
    front.do(lambda c: frontier.mark_failed(c, "step", one.url, TIMEOUT, NOW, NOW))
    front.do(lambda c: articles.store(c, page(one)))
    row = front.row(one.url)
    assert (row.state, row.tries, row.reason, row.detail) == ("stored", 0, None, None)


def test_a_refused_page_keeps_its_reason_and_no_validators(front: Frontier) -> None:
    front.offer(Candidate("a"))
    front.do(
        lambda c: frontier.mark_refused(
            c, "step", "a", Message(PageReason.LISTING), Visit(NOW, etag='"1"', body_hash="x")
        )
    )
    row = front.row("a")
    assert (row.state, row.reason, row.detail, row.etag, row.body_hash) == ("refused", "page.listing", None, None, None)
    assert row.why == Message(PageReason.LISTING)
    assert front.due(NOW + 365 * DAY) == []


@pytest.mark.parametrize("how", ["refused", "failed"])
def test_a_wall_or_an_error_never_unmakes_an_article(front: Frontier, how: str) -> None:
    one = article()
    front.do(lambda c: articles.store(c, page(one)))
    if how == "refused":
        front.do(
            lambda c: frontier.mark_refused(c, "step", one.url, Message(PageReason.WALL), Visit(NOW + HOUR, NOW + DAY))
        )
    else:
        front.do(lambda c: frontier.mark_failed(c, "step", one.url, TIMEOUT, NOW + DAY, NOW + HOUR))
    row = front.row(one.url)
    assert (row.state, row.article, row.etag, row.due) == ("stored", one.id, '"1"', NOW + DAY)
    with front.archive.read() as conn:
        found = documents.document(conn, one.id)
    assert found is not None
    assert (found.article, found.gone) == (one, False)


def test_a_page_that_was_too_large_once_is_looked_at_again_and_its_date_followed(front: Frontier) -> None:
    url = stored(front, NOW - 2 * HOUR)
    front.offer(Candidate(url, modified=NOW - HOUR))
    cancelled = Visit(NOW + HOUR, None, None)
    front.do(lambda c: frontier.mark_refused(c, "step", url, Message(FetchReason.TOO_LARGE), cancelled))
    row = front.row(url)
    assert (row.state, row.due, row.lastmod_at_fetch) == ("stored", NOW + HOUR + frontier.GONE_LOOK, NOW - 2 * HOUR)
    assert front.do(lambda c: fetches_of(c, "step", url))[-1].status is None
    front.offer(Candidate(url, modified=NOW + HOUR), now=NOW + 2 * HOUR)
    assert front.due(NOW + 2 * HOUR) == [url]


def test_each_fetch_is_kept_with_what_came_of_it(front: Frontier) -> None:
    one = article("https://step.example/1")
    front.offer(Candidate(one.url))
    front.do(lambda c: frontier.mark_failed(c, "step", one.url, SLOW, NOW, NOW))
    front.do(lambda c: articles.store(c, page(one, NOW + HOUR)))
    front.do(lambda c: articles.unchanged(c, "step", one.url, Visit(NOW + 2 * HOUR, status=304)))
    front.do(lambda c: frontier.mark_refused(c, "step", one.url, Message(PageReason.WALL), Visit(NOW + 3 * HOUR)))
    front.do(lambda c: frontier.mark_gone(c, "step", one.url, Visit(NOW + 4 * HOUR, status=410)))
    told = [(fetch.at, fetch.status, fetch.outcome) for fetch in front.do(lambda c: fetches_of(c, "step", one.url))]
    assert told == [
        (NOW, None, SLOW),
        (NOW + HOUR, 200, Message(FetchOutcome.NEW)),
        (NOW + 2 * HOUR, 304, Message(FetchOutcome.NOT_MODIFIED)),
        (NOW + 3 * HOUR, 200, Message(PageReason.WALL)),
        (NOW + 4 * HOUR, 410, Message(FetchOutcome.GONE)),
    ]
    for minutes in range(FETCHES):
        at = NOW + DAY + timedelta(minutes=minutes)
        front.do(lambda c, at=at: articles.unchanged(c, "step", one.url, Visit(at, status=304)))  # type: ignore[misc]
    kept = front.do(lambda c: fetches_of(c, "step", one.url))
    assert len(kept) == FETCHES
    assert kept[0].at == NOW + DAY, "the oldest went"
    front.do(lambda c: erasure.forget(c, erasure.find(c, one.id), NOW))
    assert front.do(lambda c: c.execute(select(fetches)).all()) == []


def test_the_accounts_add_up(front: Frontier) -> None:
    one, copy = article(), article("https://step.example/copy")
    old = Candidate("old", published=NOW - 30 * DAY)
    offered = front.offer(*map(Candidate, (one.url, copy.url, "refused", "failed", "gone", "pending")), old)
    front.do(lambda c: articles.store(c, page(one)))
    front.do(lambda c: articles.store(c, page(copy)))
    front.do(lambda c: frontier.mark_refused(c, "step", "refused", Message(PageReason.HOME), Visit(NOW)))
    front.do(lambda c: frontier.mark_failed(c, "step", "failed", TIMEOUT, NOW, NOW))
    assert front.do(lambda c: frontier.mark_gone(c, "step", "gone", Visit(NOW, status=404))) is False
    with front.archive.read() as conn:
        counts = frontier.counts(conn, "step")
    assert counts == dict.fromkeys(map(str, PageState), 1)
    assert sum(counts.values()) == offered.new + offered.old


def test_sites_do_not_mix(front: Frontier) -> None:
    front.offer(Candidate("a"))
    front.do(lambda c: frontier.offer(c, "other", FEED, [Candidate("a"), Candidate("b")], NOW))
    assert (front.due(), front.counts()) == (["a"], {"pending": 1})


def test_a_time_without_a_zone_is_refused(front: Frontier) -> None:
    with pytest.raises(Exception, match="time without a zone"):
        front.do(lambda c: site_state.put(c, "step", last_run=datetime(2026, 11, 23)))


# --- sources and sites ---------------------------------------------------------------------------------------------


def test_a_source_is_remembered_with_its_candidates(front: Frontier) -> None:
    def poll(conn: Connection) -> None:
        frontier.offer(conn, "step", FEED, [Candidate("a")], NOW)
        source_state.polled(conn, "step", FEED, SourceResponse(kind="feed", etag='"f"', body_hash="h", found=1), NOW)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        front.do(poll)
    with front.archive.read() as conn:
        assert source_state.state(conn, "step", FEED) == source_state.SourceState("step", FEED)
    assert front.counts() == {}
    front.do(lambda c: source_state.polled(c, "step", FEED, SourceResponse(etag='"f"', body_hash="h", found=1), NOW))
    with front.archive.read() as conn:
        state = source_state.state(conn, "step", FEED)
    assert (state.etag, state.found, state.polled, state.changed, state.status) == ('"f"', 1, NOW, NOW, 200)


def test_a_source_that_answers_the_same_did_not_change(front: Frontier) -> None:
    answer = SourceResponse(etag='"f"', body_hash="h")
    front.do(lambda c: source_state.polled(c, "step", FEED, answer, NOW))
    front.do(lambda c: source_state.polled(c, "step", FEED, answer, NOW + HOUR))
    front.do(lambda c: source_state.unchanged(c, "step", FEED, NOW + 2 * HOUR))
    with front.archive.read() as conn:
        state = source_state.state(conn, "step", FEED)
    assert (state.etag, state.polled, state.changed, state.status) == ('"f"', NOW + 2 * HOUR, NOW, 304)


def test_a_source_counts_its_failures_until_it_answers(front: Frontier) -> None:
    fail = lambda c: source_state.failed(c, "step", FEED, WEB_PAGE, NOW + HOUR, 200)  # noqa: E731
    assert [front.do(fail), front.do(fail)] == [1, 2]
    with front.archive.read() as conn:
        state = source_state.state(conn, "step", FEED)
    assert (state.reason, state.problem) == (SourceReason.WEB_PAGE, WEB_PAGE)
    assert (state.retry_at, state.polled) == (NOW + HOUR, None)
    front.do(lambda c: source_state.polled(c, "step", FEED, SourceResponse(), NOW + HOUR))
    with front.archive.read() as conn:
        state = source_state.states(conn, "step")[0]
    assert (state.reason, state.problem, state.retry_at, state.failures) == (None, None, None, 0)


def test_a_site_keeps_what_is_not_said_anew(front: Frontier) -> None:
    front.do(lambda c: site_state.put(c, "step", name="Step", languages=("ar", "en"), verdict="quiet", failures=2))
    front.do(lambda c: site_state.put(c, "step", verdict=None, last_run=NOW))
    with front.archive.read() as conn:
        assert site_state.states(conn) == [
            site_state.SiteState("step", name="Step", languages=("ar", "en"), failures=2, last_run=NOW)
        ]
        assert site_state.state(conn, "nobody") == site_state.SiteState("nobody")


# --- how long it takes -----------------------------------------------------------------------------------------------


def fill(conn: Connection, due: int, later: int) -> None:
    """So many pages that are due, the newest of them an hour old, and so many that are not, half of them newer."""
    rows = [
        {"site": "step", "url": f"https://step.example/{n}", "state": "stored", "discovered": NOW, "due": moment}
        | {"newest": NOW - timedelta(minutes=60 + n if n % 2 or n < due else n)}
        for n in range(due + later)
        for moment in [NOW - timedelta(seconds=n) if n < due else NOW + DAY]
    ]
    conn.execute(insert(t.frontier), rows)


def steps(conn: Connection, work: Callable[[], object]) -> int:
    """How many instructions of its virtual machine SQLite takes, by the hundred."""
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    driver = conn.connection.driver_connection
    driver.set_progress_handler(count, 100)  # type: ignore[union-attr]
    work()
    driver.set_progress_handler(None, 0)  # type: ignore[union-attr]
    return done


@pytest.mark.parametrize("later", [0, 3_000])
def test_ten_times_as_many_due_pages_take_no_longer(tmp_path: Path, later: int) -> None:
    taken = []
    for due in (2_000, 20_000):
        with Archive(tmp_path / f"{due}.sqlite3") as archive:
            archive.write(lambda conn, due=due: fill(conn, due, later)).result()  # type: ignore[misc]
            with archive.read() as conn:
                found = frontier.due(conn, "step", NOW, 100)
                assert [row.url for row in found] == [f"https://step.example/{n}" for n in range(100)]
                taken.append(steps(conn, lambda conn=conn: frontier.due(conn, "step", NOW, 100)))  # type: ignore[misc]
    assert taken[1] <= 1.2 * taken[0], taken


def blocks(conn: Connection, work: Callable[[], object]) -> int:
    """How many pages of tables and indexes PostgreSQL reads for the statements of this work, as it tells."""
    said: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        said.append((statement, parameters))

    event.listen(conn.engine, "before_cursor_execute", note)
    work()
    event.remove(conn.engine, "before_cursor_execute", note)
    read = 0
    for statement, parameters in said:
        (told,) = conn.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters).scalar_one()
        read += told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]
    return read


def test_ten_times_as_many_due_pages_take_no_more_pages_of_postgresql(
    postgresql_server: Server, tmp_path: Path
) -> None:
    """Once it knows how many there are, as it does by itself within a minute (autovacuum)."""
    taken = []
    for due in (2_000, 20_000):
        with postgresql_server.archive(tmp_path) as database, Archive(database) as archive:
            archive.write(lambda conn, due=due: fill(conn, due, 3_000)).result()  # type: ignore[misc]
            archive.write(lambda conn: conn.exec_driver_sql("ANALYZE frontier")).result()
            with archive.read() as conn:
                taken.append(blocks(conn, lambda conn=conn: frontier.due(conn, "step", NOW, 100)))  # type: ignore[misc]
    assert 0 < taken[1] <= 1.2 * taken[0], taken


@pytest.mark.parametrize("due", [0, 1, frontier.MANY_DUE - 1, frontier.MANY_DUE, frontier.MANY_DUE + 1])
@pytest.mark.parametrize("limit", [0, 1, 50, 5_000])
def test_few_and_many_come_in_the_same_order(archive: Archive, due: int, limit: int) -> None:
    archive.write(lambda conn: fill(conn, due, 10)).result()
    with archive.read() as conn:
        found = [row.url for row in frontier.due(conn, "step", NOW, limit)]
    assert found == [f"https://step.example/{n}" for n in range(min(due, limit))]


# --- how much --------------------------------------------------------------------------------------------------------


def bytes_of(archive: Archive) -> int:
    """The size of its database, without pages that are free."""
    with archive.read() as conn:
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names)
    return int((pages - free) * size)


@pytest.mark.parametrize("kind", ["short URLs", "long URLs", "long titles", "no dates", "dates of long ago"])
def test_a_source_without_end_adds_less_than_5_mb(file: Archive, kind: str) -> None:
    before, room, left = bytes_of(file), Room(), 0
    for part in range(4):
        many = [
            Candidate(
                f"https://step.example/{part}/{n}" + ("x" * 1_800 if kind == "long URLs" else ""),
                title="خبر " * 120 if kind == "long titles" else None,
                published=None if kind == "no dates" else NOW - (400 * DAY if kind == "dates of long ago" else HOUR),
            )
            for n in range(8_000)
        ]
        offer = partial(frontier.offer, site="step", source=FEED, candidates=many, now=NOW, room=room)
        done = file.write(lambda conn, offer=offer: offer(conn)).result()  # type: ignore[misc]
        assert done.room is not None
        room, left = done.room, left + done.left
    assert bytes_of(file) - before < 5_000_000
    assert left >= 4 * 8_000 - Room().rows


def test_what_there_was_no_room_for_comes_with_later_runs_and_the_newest_first(front: Frontier) -> None:
    offers = [Candidate(f"{n}", published=NOW - n * HOUR) for n in range(10)]
    old = [Candidate(f"old {n}", published=NOW - 60 * DAY - n * HOUR) for n in range(5)]
    found = []
    for _ in range(5):
        result = front.do(lambda c: frontier.offer(c, "step", FEED, [*old, *offers], NOW, room=Room(rows=4)))
        found.append((result.new, result.old, result.left))
    assert found == [(4, 0, 11), (4, 0, 7), (2, 2, 3), (0, 3, 0), (0, 0, 0)]
    assert front.due() == [f"{n}" for n in range(10)]


def test_without_a_limit_all_is_taken(front: Frontier) -> None:
    result = front.offer(*(Candidate(f"{n}", published=NOW - n * HOUR) for n in range(50)), since=NOW - 100 * DAY)
    assert (result.new, result.left) == (50, 0)


def test_what_a_server_says_is_told_and_not_kept_whole(front: Frontier) -> None:
    front.offer(Candidate("a"))
    said = Message(PageReason.NOT_HTML, {"media_type": "image/" + "x" * 20_000})
    around = Message(SourceReason.OF_URL, {"url": "https://step.example/a", "why": said})
    for number in range(3):
        front.do(lambda c, n=number: frontier.mark_refused(c, "step", "a", said, Visit(NOW + n * HOUR)))
    front.do(lambda c: source_state.failed(c, "step", FEED, around, None))
    with front.archive.read() as conn:
        told = [fetch.outcome for fetch in fetches_of(conn, "step", "a")]
        problem = source_state.state(conn, "step", FEED).problem
    assert problem is not None
    assert problem.params["url"] == "https://step.example/a"
    for one in (*told, problem.params["why"]):
        assert isinstance(one, Message)
        assert str(one.params["media_type"]).startswith("image/xxx")
        assert len(str(one.params["media_type"])) == LONGEST_TOLD
