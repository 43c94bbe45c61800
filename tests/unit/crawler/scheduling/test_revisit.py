"""When an article is looked at again: the ladder, its steps anew after a change, and how a site's record moves it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawler.scheduling.revisit import LADDER, SOONEST, STRETCH, next_look, stretched

NOW = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ages = st.timedeltas(timedelta(0), 400 * DAY)
stretches = st.floats(*STRETCH)


def climb(stretch: float = 1.0, changed_at: timedelta | None = None) -> list[timedelta]:
    """The ages at which a new article is looked at; it is found changed at the first look after `changed_at`."""
    looks: list[timedelta] = []
    now, changed = NOW, None
    while (then := next_look(now, NOW, changed, stretch=stretch)) is not None:
        now = then
        looks.append(now - NOW)
        if changed is None and changed_at is not None and now - NOW > changed_at:
            changed = now
    return looks


def test_a_new_article_is_looked_at_at_each_rung_and_then_left_alone() -> None:
    assert climb() == [15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY]


def test_an_old_article_is_not_hurried() -> None:
    assert next_look(NOW, NOW - 3 * DAY, None) == NOW + 4 * DAY
    assert next_look(NOW, NOW - 31 * DAY, None) is None


def test_after_a_change_the_ladder_is_climbed_anew() -> None:
    calm, moved = climb(), climb(changed_at=DAY / 2)
    assert moved[:4] == calm[:4]  # found changed at the age of a day
    assert moved[4] - DAY == 5 * HOUR  # as one of an hour is, for it is not followed by the quarter hour any more
    assert len(moved) > len(calm)


def test_a_ladder_of_the_sites_own_is_used() -> None:
    assert next_look(NOW, NOW, None, (2 * HOUR,)) == NOW + 2 * HOUR
    assert next_look(NOW, NOW, None, ()) is None


def test_a_date_in_the_future_counts_as_now() -> None:
    assert next_look(NOW, NOW + DAY, None) == NOW + 15 * MINUTE


@given(ages, ages, stretches)
def test_the_wait_is_bounded(age: timedelta, since: timedelta, stretch: float) -> None:
    then = next_look(NOW, NOW - age, NOW - since, stretch=stretch)
    if then is not None:
        assert LADDER[0] * stretch / SOONEST <= then - NOW + MINUTE / 60
        assert then - NOW <= LADDER[-1] * stretch


@given(ages, ages, ages)
def test_what_changed_later_is_looked_at_no_later(age: timedelta, one: timedelta, other: timedelta) -> None:
    """Within a rung the wait grows shorter as its end comes nearer, so looks are compared by the rung they aim at."""
    later, earlier = sorted((one, other))

    def rung(calm: timedelta) -> timedelta:
        then = next_look(NOW, NOW - age, NOW - calm)
        return 1_000 * DAY if then is None else then - NOW + max(min(calm, age), age / 24)

    assert rung(later) <= rung(earlier) + MINUTE


@given(st.floats(0, 200), st.floats(0, 1))
def test_a_site_that_changes_more_is_looked_at_more(looked: float, share: float) -> None:
    less, more = stretched(looked, looked * share / 2), stretched(looked, looked * share)
    assert STRETCH[0] <= more <= less <= STRETCH[1]


def test_a_site_of_which_nothing_is_known_has_the_ladder_as_it_stands() -> None:
    assert stretched(0, 0) == 1
    assert stretched(200, 0) == STRETCH[1]
    assert stretched(200, 100) == STRETCH[0]
