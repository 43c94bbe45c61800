"""When a source is asked next: by its habit, by what it says, by how it failed; and what a simulation makes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.schedule import passed, simulate
from crawler.discover.update_hints import read_hints
from crawler.scheduling.poll_interval import (
    JITTER,
    LONGEST_WAIT,
    Bounds,
    PollRecord,
    UpdateHints,
    back_off,
    failure_weight,
    next_poll,
)
from crawler.scheduling.publication_rate import PublicationRate, expected, first_look, learn, waiting
from crawler.scheduling.reasons import HintSource, ScheduleReason
from index.model.codes import FetchReason, SourceReason
from index.model.message import LEGACY, Message

DAMASCUS = timezone(timedelta(hours=3))
NOON = datetime(2026, 6, 17, 12, 0, tzinfo=DAMASCUS)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds()


def habit_of(a_day: int, days: int = 21, first: int = 8, last: int = 22) -> PublicationRate:
    """The habit of a source with so many articles a day, evenly between two local hours, watched every hour."""
    habit, begin = PublicationRate(), NOON - days * DAY
    gap = (last - first) * HOUR / max(1, a_day)
    for day in range(days):
        opens = (begin + day * DAY).replace(hour=first)
        moments = [opens + n * gap for n in range(a_day)]
        for hour in range(24):
            since = begin + day * DAY + hour * HOUR
            habit = learn(habit, since, since + HOUR, [m for m in moments if since < m <= since + HOUR])
    return habit


def wait(habit: PublicationRate, last: datetime = NOON, bounds: Bounds = BOUNDS, **more: object) -> timedelta:
    return next_poll(replace(PollRecord("step feed", last, habit), **more), bounds).at - last  # type: ignore[arg-type]


# --- habits ----------------------------------------------------------------------------------------------------------


def test_a_busy_source_is_asked_as_often_as_allowed_and_a_quiet_one_as_seldom() -> None:
    assert 27 * MINUTE <= wait(habit_of(100)) <= 30 * MINUTE
    assert (1 - JITTER) * 12 * HOUR <= wait(habit_of(0, days=60)) <= 12 * HOUR


def test_a_source_that_sleeps_is_let_sleep() -> None:
    habit, late = habit_of(20), NOON.replace(hour=23)
    assert wait(habit, late) > 2 * HOUR > HOUR > wait(habit)
    assert late + wait(habit, late) < NOON.replace(hour=10) + DAY, "it is asked when it begins again"


def test_a_new_source_is_asked_often() -> None:
    assert wait(PublicationRate()) <= 30 * MINUTE


def test_a_habit_that_changes_is_followed_within_days() -> None:
    habit = habit_of(2)
    before = wait(habit)
    for hour in range(72):
        since = NOON + hour * HOUR
        habit = learn(habit, since, since + HOUR, [since + n * 10 * MINUTE for n in range(1, 6)])
    assert wait(habit, NOON + 3 * DAY) < before / 2


@pytest.mark.parametrize(("apart", "count"), [(6 * MINUTE, 100), (HOUR, 60), (6 * HOUR, 30), (DAY, 10)])
def test_a_first_look_tells_how_much_a_source_publishes(apart: timedelta, count: int) -> None:
    habit = first_look([NOON - n * apart for n in range(count)], NOON, DAMASCUS)
    assert habit.per_day == pytest.approx(DAY / apart, rel=0.6)
    assert expected(habit, NOON, NOON + 7 * DAY) == pytest.approx(7 * DAY / apart, rel=0.6)


def test_a_first_look_at_few_dates_or_at_dates_of_this_moment_tells_nothing() -> None:
    assert first_look([NOON - n * DAY for n in range(4)], NOON, DAMASCUS) == PublicationRate()
    assert first_look([NOON - n * 30 * DAY for n in range(9)], NOON, DAMASCUS) == PublicationRate()
    assert wait(first_look([NOON] * 9, NOON, DAMASCUS)) <= 30 * MINUTE


def test_articles_without_a_date_are_spread_over_the_time_since() -> None:
    habit = learn(PublicationRate(), NOON, NOON + 2 * HOUR, [], undated=6)
    assert habit.found[12] == pytest.approx(3)
    assert habit.found[13] == pytest.approx(3)


def test_a_habit_is_kept_as_json() -> None:
    habit = habit_of(7)
    again = PublicationRate.from_json(habit.to_json())  # type: ignore[arg-type]
    assert again.per_day == pytest.approx(habit.per_day, rel=0.01)
    assert PublicationRate.from_json(None) == PublicationRate()


counts = st.lists(st.integers(0, 12), min_size=1, max_size=72)


def habit_from(hours: list[int]) -> PublicationRate:
    habit = PublicationRate()
    for number, count in enumerate(hours):
        since = NOON + number * HOUR
        habit = learn(habit, since, since + HOUR, [since + (n + 1) * MINUTE for n in range(count)])
    return habit


@given(counts, st.floats(0.05, 3), st.floats(0.05, 3))
def test_more_are_waited_for_no_shorter(hours: list[int], one: float, other: float) -> None:
    habit, (less, more) = habit_from(hours), sorted((one, other))
    assert waiting(habit, NOON, less, DAY) <= waiting(habit, NOON, more, DAY)


def test_who_publishes_more_is_asked_no_later() -> None:
    waits = [waiting(habit_of(a_day), NOON, 0.3, DAY) for a_day in (0, 1, 3, 10, 30, 100)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > 20 * waits[-1]


@given(counts, st.floats(1, 700), st.floats(1, 700), st.integers(0, 100_000))
def test_the_wait_lies_between_the_bounds(hours: list[int], one: float, other: float, minute: int) -> None:
    fastest, slowest = sorted((one, other))
    bounds = Bounds(fastest * MINUTE, slowest * MINUTE)
    found = wait(habit_from(hours), NOON + minute * MINUTE, bounds)
    assert bounds.fastest * (1 - JITTER) - MINUTE / 60 <= found <= bounds.slowest + MINUTE / 60


@given(counts)
def test_what_is_expected_adds_up(hours: list[int]) -> None:
    habit = habit_from(hours)
    parts = sum(expected(habit, NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in range(24))
    assert expected(habit, NOON, NOON + DAY) == pytest.approx(parts)


# --- what sources say ------------------------------------------------------------------------------------------------

RSS = "<rss><channel><title>t</title>{}<item><ttl>1</ttl></item></channel></rss>"


def test_a_feed_says_how_often_and_when_not() -> None:
    head = "<ttl>90</ttl><skipHours><hour>23</hour><hour>0</hour></skipHours><skipDays><day>Friday</day></skipDays>"
    assert read_hints(RSS.format(head), {}) == UpdateHints(
        90 * MINUTE, HintSource.TTL, frozenset({23, 0}), frozenset({4})
    )


@pytest.mark.parametrize(
    ("head", "headers", "every"),
    [
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", {}, 30 * MINUTE),
        ("<sy:updatePeriod> daily </sy:updatePeriod>", {}, DAY),
        ("", {"cache-control": "public, max-age=1800"}, 30 * MINUTE),
        ("<ttl>60</ttl>", {"cache-control": "max-age=60"}, HOUR),
        ("", {"cache-control": "no-cache, max-age=900"}, None),
        ("<ttl>soon</ttl>", {}, None),
        ("", {}, None),
    ],
)
def test_the_longest_of_what_is_said_counts(head: str, headers: dict[str, str], every: timedelta | None) -> None:
    found = read_hints(RSS.format(head), headers)
    assert (found.every if found else None) == every


def test_a_feed_is_believed_while_its_record_does_not_contradict_it() -> None:
    seldom = UpdateHints(4 * HOUR, HintSource.TTL)
    calm, busy = habit_of(2), habit_of(100)
    assert wait(calm, said=seldom) >= (1 - JITTER) * 4 * HOUR > wait(calm)
    assert wait(busy, said=seldom) == wait(busy)


def test_hours_that_a_feed_says_to_skip_are_skipped_up_to_the_slowest_bound() -> None:
    nine = NOON.astimezone(UTC)
    turn = next_poll(PollRecord("f", NOON, habit_of(100), UpdateHints(skip_hours=frozenset({9, 10, 11}))), BOUNDS)
    assert turn.at == nine.replace(hour=12, minute=0)
    never = UpdateHints(skip_hours=frozenset(range(24)))
    assert next_poll(PollRecord("f", NOON, habit_of(100), never), BOUNDS).at <= nine + BOUNDS.slowest


def answered(status: int) -> Message:
    return Message(FetchReason.HTTP_STATUS, {"status": status})


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        (answered(404), 1), (answered(403), 1), (Message(SourceReason.WEB_PAGE), 1), (Message(SourceReason.NO_URLS), 1),
        (Message(FetchReason.ROBOTS_DISALLOWED), 1), (answered(500), 0.5), (answered(429), 0.5),
        (Message(FetchReason.TIMEOUT), 0.5), (Message(FetchReason.HOST_SILENT), 0.5), (Message(FetchReason.DNS), 0.25),
        (Message(LEGACY, {"text": "HTTP 503"}), 1), (Message(SourceReason.BAD_SELECTOR, {"selector": "DNS Error"}), 1),
    ],
)  # fmt: skip
def test_failures_are_graded(reason: Message, counts: float) -> None:
    assert failure_weight(reason) == counts


@given(st.floats(0.25, 1_000), st.floats(0.25, 1_000))
def test_a_wait_grows_with_failures_and_never_ends(one: float, other: float) -> None:
    fewer, more = sorted((one, other))
    assert timedelta(0) < back_off("f", fewer) <= back_off("f", more) <= LONGEST_WAIT


def test_a_source_that_fails_waits_and_says_so() -> None:
    turn = next_poll(PollRecord("f", NOON, habit_of(100), failures=5, strikes=2.5), BOUNDS)
    assert turn.at == NOON + back_off("f", 2.5)
    assert (turn.why.code, turn.why.params["why"]) == ("schedule.retry", Message("schedule.failed", {"n": 5}))


@pytest.mark.parametrize(
    ("reason", "most"),
    [(answered(404), 30), (answered(500), 30), (Message(FetchReason.TIMEOUT), 30), (Message(FetchReason.DNS), 40)],
)
@pytest.mark.parametrize("name", ["feed", "sitemap", "news"])
def test_a_source_that_is_dead_for_60_of_90_days_is_asked_seldom_and_is_back_within_7(
    name: str, reason: Message, most: int
) -> None:
    """A name that is not found may be a fault of our own network, and to look one up asks nothing of the host."""
    alive, record, tries = NOON + 60 * DAY, PollRecord(name, NOON, habit_of(20)), 0
    while record.last < alive:
        tries += 1
        record = replace(record, strikes=record.strikes + failure_weight(reason))
        record = replace(record, last=next_poll(record, BOUNDS).at)
    assert record.last - alive <= 7 * DAY
    assert 10 < tries <= most


def test_a_host_that_asks_to_be_left_alone_is() -> None:
    until = (NOON + 5 * HOUR).astimezone(UTC)
    turn = next_poll(PollRecord("f", NOON, habit_of(100), not_before=until), BOUNDS)
    assert turn.at == until
    assert turn.why == Message(ScheduleReason.RETRY_AFTER)


# --- the whole -------------------------------------------------------------------------------------------------------


def test_most_articles_are_found_soon_with_a_third_of_the_requests() -> None:
    results = simulate(days=40, seed=3)  # in the first weeks it learns, and asks more
    assert results["adaptive"].articles > 25_000
    assert passed(results), results
