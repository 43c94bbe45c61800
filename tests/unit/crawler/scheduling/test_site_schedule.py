"""When a site is crawled next and why: intervals, cron over changes of the clock, back-off, clocks that jump."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.crontab import crontab
from crawler.scheduling.poll_interval import LONGEST_WAIT, Bounds, PollRecord, back_off, retry_after
from crawler.scheduling.reasons import ScheduleReason
from crawler.scheduling.site_schedule import Due, LastRun, SiteHistory, due
from crawler.site_config import Site, Source
from index.model.message import Message

NOW = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def site(id: str = "step", time_zone: str = "UTC", **schedule: Any) -> Site:
    return Site.model_validate(
        {
            "id": id,
            "name": "ستيب",
            "homepage": "https://step.example",
            "country": "SY",
            "languages": ["ar"],
            "time_zone": time_zone,
            "sources": [{"kind": "feed", "url": "https://step.example/feed"}],
            "schedule": schedule,
        }
    )


def ran(started: datetime, took: timedelta = MINUTE, failures: int = 0) -> dict[str, LastRun]:
    return {"step": LastRun(started, started + took, failures)}


def turns(of: Site, begin: datetime, end: datetime, took: timedelta = MINUTE) -> list[datetime]:
    """Every turn of a site whose crawls start at the moment they are due."""
    found = []
    run = LastRun(begin - took, begin)
    while (at := due(of, {of.id: run}, run.started + took, 30).at) < end:
        found.append(at)
        run = LastRun(at, at + took)
    return found


def gaps(found: list[datetime]) -> set[timedelta]:
    return {later - earlier for earlier, later in pairwise(found)}


# --- intervals -----------------------------------------------------------------------------------------------------


def test_a_site_never_crawled_is_due_now() -> None:
    turn = due(site(), {}, NOW, 30)
    assert (turn.site, turn.at, turn.why) == ("step", NOW, Message(ScheduleReason.NEVER_CRAWLED))


def test_after_its_first_turn_a_site_comes_exactly_every_so_many_minutes() -> None:
    found = turns(site(every=45), NOW, NOW + DAY)
    assert gaps(found) == {45 * MINUTE}


def test_a_site_without_a_schedule_takes_the_default() -> None:
    assert gaps(turns(site(), NOW, NOW + DAY)) == {30 * MINUTE}
    assert due(site(), ran(NOW), NOW, 30).why == Message(ScheduleReason.EVERY, {"interval": 1_800})
    assert due(site(every=720), ran(NOW), NOW, 30).why == Message(ScheduleReason.EVERY, {"interval": 43_200})


def test_a_schedule_of_seconds_is_kept() -> None:
    found = turns(site(every=0.05), NOW, NOW + MINUTE, took=timedelta(milliseconds=10))
    assert gaps(found) == {timedelta(seconds=3)}


def test_turns_missed_while_nothing_ran_are_made_up_once() -> None:
    last = ran(NOW - 3 * DAY)
    assert due(site(), last, NOW, 30).at < NOW
    assert due(site(), ran(NOW), NOW, 30).at > NOW


def test_two_starts_are_half_an_interval_apart_at_least() -> None:
    starts = [NOW + n * MINUTE for n in range(60)]
    waits = [due(site(), ran(start), start, 30).at - start for start in starts]
    assert min(waits) >= 15 * MINUTE
    assert max(waits) <= 45 * MINUTE


def test_a_crawl_longer_than_its_interval_is_followed_by_the_next_turn_after_its_end() -> None:
    last = ran(NOW, took=70 * MINUTE)
    at = due(site(), last, NOW + 70 * MINUTE, 30).at
    assert NOW + 70 * MINUTE < at <= NOW + 100 * MINUTE


def test_sites_of_one_interval_are_spread_over_it() -> None:
    ids = [f"site-{n}" for n in range(300)]
    last = {id: LastRun(NOW - DAY, NOW) for id in ids}
    minutes = Counter(int((due(site(id), last, NOW, 30).at - NOW) / (5 * MINUTE)) for id in ids)
    assert len(minutes) == 6  # each five minutes of the thirty
    assert max(minutes.values()) < 100  # a third; an even spread is 50


def test_the_same_question_has_the_same_answer() -> None:
    assert {due(site(), ran(NOW), NOW, 30) for _ in range(20)} == {due(site(), ran(NOW), NOW + MINUTE, 30)}


# --- failures and clocks -------------------------------------------------------------------------------------------


def test_failures_wait_an_hour_and_twice_as_long_each_time_up_to_seven_days() -> None:
    hours = [round(back_off("step", n) / back_off("step", 1), 6) for n in range(1, 9)]
    assert hours == [1, 2, 4, 8, 16, 32, 64, 128]
    assert HOUR <= back_off("step", 1) <= 1.1 * HOUR
    assert LONGEST_WAIT / 1.1 <= back_off("step", 9) == back_off("step", 100_000) <= LONGEST_WAIT


def test_a_failing_site_is_due_when_its_wait_is_over_and_says_so() -> None:
    last = ran(NOW - 3 * HOUR, failures=3)
    turn = due(site(), last, NOW, 30)
    assert turn.at == NOW - 3 * HOUR + MINUTE + back_off("step", 3)
    assert turn.at > NOW
    assert turn.why.params["why"] == Message(ScheduleReason.FAILED, {"n": 3})
    assert 4 * 3_600 <= turn.why.params["wait"] < 5 * 3_600


def test_sites_that_fail_together_do_not_come_back_together() -> None:
    assert len({back_off(f"site-{n}", 4) for n in range(50)}) == 50


@pytest.mark.parametrize("ahead", [2 * HOUR, 366 * DAY])
def test_a_last_crawl_in_the_future_counts_as_unknown(ahead: timedelta) -> None:
    turn = due(site(), ran(NOW + ahead), NOW, 30)
    assert turn.at == NOW
    assert turn.why == Message(ScheduleReason.CLOCK)


def test_a_crawl_that_began_while_we_looked_is_not_in_the_future() -> None:
    assert due(site(), ran(NOW + timedelta(seconds=2), took=timedelta(0)), NOW, 30).at > NOW


def test_a_crawl_without_an_end_is_taken_up_again_after_a_minute() -> None:
    turn = due(site(every=720), {"step": LastRun(NOW)}, NOW, 30)
    assert turn.at == NOW + MINUTE
    assert turn.why == Message(ScheduleReason.INTERRUPTED)


def test_a_crawl_without_an_end_of_a_site_that_is_crawled_more_often_waits_for_its_turn_only() -> None:
    assert due(site(), {"step": LastRun(NOW)}, NOW, 0.5).at == NOW + timedelta(seconds=30)


def test_a_crawl_without_an_end_costs_a_failing_site_nothing_further() -> None:
    assert due(site(), {"step": LastRun(NOW, None, 2)}, NOW, 30).at == NOW + MINUTE


@pytest.mark.parametrize("strikes", [0, 3])
def test_a_site_that_is_why_its_crawl_was_cut_short_waits_whatever_its_sources_do(strikes: int) -> None:
    url = str(site().sources[0].url)
    learned = SiteHistory({url: PollRecord(url, NOW - DAY, strikes=strikes)}, Bounds())
    turn = due(site(), {"step": LastRun(NOW - MINUTE, NOW, 2, blamed=True)}, NOW, None, learned)
    assert turn.at == NOW + back_off("step", 2)


def test_only_a_run_with_an_end_and_without_failures_is_ok() -> None:
    assert LastRun(NOW, NOW).ok
    assert not LastRun(NOW).ok
    assert not LastRun(NOW, NOW, failures=1).ok


@given(
    st.timedeltas(-400 * DAY, 400 * DAY),
    st.timedeltas(timedelta(0), DAY),
    st.integers(0, 50),
    st.sampled_from([{}, {"every": 1}, {"every": 43_200}, {"cron": "30 1 * * *"}, {"cron": "*/7 * * * *"}]),
    st.sampled_from(["UTC", "Asia/Beirut", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_a_crawl_now_always_moves_the_turn_into_the_future(
    ago: timedelta, took: timedelta, failures: int, schedule: dict[str, Any], zone: str
) -> None:
    now = NOW + ago
    turn = due(site(time_zone=zone, **schedule), {"step": LastRun(now - took, now, failures)}, now, 30)
    assert turn.at > now
    assert turn.at.tzinfo is UTC


# --- cron ----------------------------------------------------------------------------------------------------------

# zone, the day on which clocks go forward, the one on which they go back, all of 2026: zdump -v -c 2026,2027 ZONE
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29), datetime(2026, 10, 25)),  # 02:00 -> 03:00, 03:00 -> 02:00
    ("Asia/Beirut", datetime(2026, 3, 29), datetime(2026, 10, 25)),  # 00:00 -> 01:00, 00:00 -> 23:00 the day before
    ("America/New_York", datetime(2026, 3, 8), datetime(2026, 11, 1)),  # 02:00 -> 03:00, 02:00 -> 01:00
]


@pytest.mark.parametrize(("zone", "forward", "back"), CHANGES)
@pytest.mark.parametrize("clock", ["30 0", "30 1", "30 2", "30 23"])
def test_a_daily_turn_comes_once_a_day_when_clocks_change(
    zone: str, forward: datetime, back: datetime, clock: str
) -> None:
    for change in (forward, back):
        begin = (change - 3 * DAY).replace(hour=12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        found = turns(site(time_zone=zone, cron=f"{clock} * * *"), begin, begin + 6 * DAY)
        assert len(found) == 6
        assert gaps(found) <= {23 * HOUR, 24 * HOUR, 25 * HOUR}


@pytest.mark.parametrize(("zone", "forward", "back"), CHANGES)
def test_hourly_turns_go_on_when_clocks_change(zone: str, forward: datetime, back: datetime) -> None:
    for change, longest in ((forward, HOUR), (back, 2 * HOUR)):
        begin = (change - DAY).replace(hour=12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        found = turns(site(time_zone=zone, cron="30 * * * *"), begin, begin + 2 * DAY)
        assert gaps(found) == {HOUR, longest}


def test_a_turn_that_the_clock_leaves_out_comes_an_hour_later() -> None:
    begin = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = turns(site(time_zone="Europe/Berlin", cron="30 2 * * *"), begin, begin + 2 * DAY)
    assert [f"{at.astimezone(ZoneInfo('Europe/Berlin')):%d %H:%M}" for at in found] == ["29 03:30", "30 02:30"]


def test_a_crawl_in_the_second_of_two_equal_hours_is_followed_by_a_later_turn() -> None:
    second = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    at = due(site(time_zone="Europe/Berlin", cron="30 * * * *"), ran(second), second, 30).at
    assert at == second + 80 * MINUTE


def test_cron_is_read_in_the_zone_of_the_site() -> None:
    at = due(site(time_zone="Asia/Damascus", cron="0 6 * * *"), ran(NOW), NOW, 30).at
    assert at == datetime(2026, 6, 18, 3, 0, tzinfo=UTC)


def test_cron_says_why() -> None:
    why = due(site(time_zone="Asia/Damascus", cron="0 6 * * *"), ran(NOW), NOW, 30).why
    assert why == Message(ScheduleReason.CRON, {"expression": "0 6 * * *", "zone": "Asia/Damascus"})


@pytest.mark.parametrize(
    ("weekdays", "names"),
    [
        ("0", "Sun"),
        ("7", "Sun"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("sun-thu", "Sun Mon Tue Wed Thu"),
        ("SAT-THU", "Sat Sun Mon Tue Wed Thu"),
        ("5,6", "Fri Sat"),
        ("mon-sun/2", "Mon Wed Fri Sun"),
        ("*/3", "Sun Wed Sat"),
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_weekdays_are_those_of_crontab(weekdays: str, names: str) -> None:
    found = turns(site(cron=f"0 6 * * {weekdays}"), NOW, NOW + 7 * DAY)
    assert sorted(f"{at:%a}" for at in found) == sorted(names.split())


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "0 0 6 * * *",
            "has 6 fields, crontab has five (minute, hour, day, month, weekday); it has no field for seconds",
        ),
        ("@daily", "has 1 fields"),
        ("61 * * * *", "is not a crontab expression"),
        ("*/0 * * * *", "is not a crontab expression"),
        ("0 6 * * 8", "'8' is not a weekday"),
        ("0 6 * * mon/0", "is not a crontab expression"),
        ("0 6 1 * fri", "both a day of the month and a weekday"),
        ("0 6 30 2 *", "never comes"),
    ],
)
def test_a_wrong_expression_is_told(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        crontab(expression)
    assert expression in str(caught.value)


# --- being asked to wait ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("90.5", timedelta(seconds=90.5)),
        ("120, 240", timedelta(minutes=4)),
        ("2026-10-21T08:28:00Z", timedelta(minutes=28)),
        ("2026", timedelta(seconds=2026)),
        ("-5", None),
        ("Wed, 21 Oct 2026 08:28:00 GMT", timedelta(minutes=28)),
        *((said, timedelta(days=7)) for said in ("864000", "9" * 20, "9" * 400, "1, " + "9" * 30)),
        *((said, timedelta(days=7)) for said in ("Fri, 31 Dec 9999 23:59:59 -0100", "9999-12-31T23:59:59-14:00")),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_host_that_asks_to_be_left_alone_is_heard(said: str, wait: timedelta | None) -> None:
    now = datetime(2026, 10, 21, 8, 0, tzinfo=UTC)
    assert retry_after({"retry-after": said}, now) == (None if wait is None else now + wait)


@pytest.mark.parametrize(
    ("sent", "said", "wait"),
    [
        ("Wed, 21 Oct 2026 08:00:00 GMT", "Wed, 21 Oct 2026 08:02:00 GMT", timedelta(minutes=2)),
        ("Sat, 24 Oct 2026 08:00:00 GMT", "Sat, 24 Oct 2026 08:02:00 GMT", timedelta(minutes=2)),  # it is ahead
        ("Tue, 20 Oct 2026 08:00:00 GMT", "Tue, 20 Oct 2026 08:02:00 GMT", timedelta(minutes=2)),  # behind
        ("Mon, 21 Oct 2569 08:00:00 GMT", "Mon, 21 Oct 2569 08:02:00 GMT", timedelta(minutes=2)),  # a Buddhist year
        ("Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 21 Oct 2026 08:02:00 GMT", timedelta(minutes=2)),  # it has no clock
        ("Wed, 21 Oct 2026 08:00:00 GMT", "Mon, 21 Oct 2569 08:02:00 GMT", timedelta(days=7)),
        ("Wed, 21 Oct 2026 08:00:00 GMT", "Wed, 21 Oct 2026 07:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -0100", "Wed, 21 Oct 2026 08:02:00 GMT", timedelta(minutes=2)),
        ("9 Rabi II 1448", "10 Rabi II 1448", None),
    ],
)
def test_a_host_whose_clock_is_another_is_heard_by_its_own(sent: str, said: str, wait: timedelta | None) -> None:
    now = datetime(2026, 10, 21, 8, 0, tzinfo=UTC)
    assert retry_after({"retry-after": said, "date": sent}, now) == (None if wait is None else now + wait)


def test_a_site_waits_as_long_as_all_hosts_of_its_sources_asked_to_be_left_alone() -> None:
    urls = ("https://step.example/feed", "https://feeds.example/step")
    sources = [Source.model_validate({"kind": "feed", "url": url}) for url in urls]
    asked = site().model_copy(update={"sources": tuple(sources)})
    hour, two = NOW + HOUR, NOW + 2 * HOUR
    one = {"https://step.example": hour}
    both = {**one, "https://feeds.example": two, "https://other.example": NOW + 9 * HOUR}
    assert due(asked, {}, NOW, 30).at == NOW
    assert due(asked, {}, NOW, 30, waits=one).at == NOW, "the other host may be asked"
    assert due(asked, {}, NOW, 30, waits=both) == Due("step", hour, Message(ScheduleReason.RETRY_AFTER))
