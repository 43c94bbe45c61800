"""When an article's page is looked at again: on a ladder that begins anew with each change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

# Corrections come within hours, a page that vanishes does so within weeks.
LADDER = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
)
STABLE_AFTER = (
    24  # an article of a day that changed is as one of an hour: what is old is not followed by the quarter hour
)
SOONEST = 3  # a rung is passed over from which less than its third is left
PRIOR_CHANGE_SHARE = 0.05  # of revisits that find another text: the ladder is as it stands
PRIOR_REVISITS = 20.0  # revisits that a site's record takes to count more than what is usual
STRETCH = (0.5, 3.0)  # at least and at most, of every rung
FADE = 0.995  # a revisit: a site's record is of its last two hundred


def next_look(
    now: datetime, since: datetime, changed: datetime | None, ladder: Sequence[timedelta] = LADDER, stretch: float = 1.0
) -> datetime | None:
    """When a page that was read `now` is read again; None: not by itself.

    `since` is when its article was published, else found; `changed` when it was last found to say something else. The
    ladder counts from that change, so it is climbed anew, but not from the ground where the article is old.
    """
    age = max(now - since, timedelta(0))
    calm = age if changed is None else max(min(now - changed, age), age / STABLE_AFTER)
    for rung in ladder:
        left = rung * stretch - calm
        if left >= rung * stretch / SOONEST:
            return now + left
    return None


def stretched(looked: float, changed: float) -> float:
    """By how much a site's ladder is longer than usual, or shorter: so many of its revisits found a change."""
    share = (changed + PRIOR_CHANGE_SHARE * PRIOR_REVISITS) / (looked + PRIOR_REVISITS)
    return float(min(max((PRIOR_CHANGE_SHARE / share) ** 0.5, STRETCH[0]), STRETCH[1]))
