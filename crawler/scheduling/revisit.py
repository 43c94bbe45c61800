"""When an article's page is revisited: on a ladder of ages that restarts with each change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

# Corrections come within hours; pages that disappear do so within weeks.
LADDER = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
)
# A day-old article that changed is treated like an hour-old one, so that old articles are not revisited every quarter
# of an hour.
STABLE_AFTER = 24
SOONEST = 3  # a rung is skipped if less than a third of it is left
PRIOR_CHANGE_SHARE = 0.05  # share of revisits that find a change at which the ladder is used unchanged
PRIOR_REVISITS = 20.0  # revisits at which a site's own record outweighs that share
STRETCH = (0.5, 3.0)  # minimum and maximum factor for all rungs
FADE = 0.995  # per revisit: a site's record covers its last two hundred


def next_look(
    now: datetime, since: datetime, changed: datetime | None, ladder: Sequence[timedelta] = LADDER, stretch: float = 1.0
) -> datetime | None:
    """When a page that was fetched `now` is to be revisited; None: not automatically.

    `since` is when its article was published, else discovered; `changed` when a change was last detected. The ladder
    restarts at that change, but not at its lowest rungs if the article is old.
    """
    age = max(now - since, timedelta(0))
    calm = age if changed is None else max(min(now - changed, age), age / STABLE_AFTER)
    for rung in ladder:
        left = rung * stretch - calm
        if left >= rung * stretch / SOONEST:
            return now + left
    return None


def stretched(looked: float, changed: float) -> float:
    """The factor for a site's ladder, from the number of its revisits and of those that found a change."""
    share = (changed + PRIOR_CHANGE_SHARE * PRIOR_REVISITS) / (looked + PRIOR_REVISITS)
    return float(min(max((PRIOR_CHANGE_SHARE / share) ** 0.5, STRETCH[0]), STRETCH[1]))
