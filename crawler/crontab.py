"""A crontab expression -> its fire times."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from apscheduler.triggers.cron import CronTrigger

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # as crontab(5) counts them; APScheduler's 0 is Monday


@cache
def crontab(expression: str) -> CronTrigger:
    """The fire times of a crontab expression, as wall-clock times labelled UTC.

    As in crontab(5), Sunday is 0 and 7. A range of weekdays may wrap around the end of the week (`sat-thu`). Day of
    month and weekday together are rejected: cron reads them as "either", APScheduler as "both".

    :raises ValueError: when the expression is invalid or never fires, with the reason.
    """
    fields = expression.split()
    if len(fields) != 5:
        hint = "; it has no field for seconds" if len(fields) == 6 else ""
        raise ValueError(
            f"{expression!r} has {len(fields)} fields, crontab has five (minute, hour, day, month, weekday){hint}"
        )
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise ValueError(f"{expression!r} has both a day of the month and a weekday: leave one of them `*`")
    try:
        trigger = CronTrigger(
            minute=minute,
            hour=hour,
            day=day,
            month=month.lower(),
            day_of_week=_weekdays(weekday.lower()),
            timezone=UTC,
        )
    except ValueError as error:
        raise ValueError(f"{expression!r} is no crontab expression: {error}") from None
    if trigger.get_next_fire_time(None, datetime(1970, 1, 1, tzinfo=UTC)) is None:
        raise ValueError(f"{expression!r} never comes, such as a 30th of February")
    return trigger


def _weekdays(field: str) -> str:
    """Crontab's weekday field in APScheduler's form: names only, ranges expanded."""
    days = [day for part in field.split(",") for day in _weekday_range(part)]
    return "*" if field == "*" else ",".join(days)


def _weekday_range(part: str) -> list[str]:
    span, _, step = part.partition("/")
    first, dash, last = ("0", "-", "6") if span == "*" else span.partition("-")
    start = _weekday(first)
    end = _weekday(last) if dash else start
    length = (end - start) % 7 + 1
    return [WEEKDAYS[(start + n) % 7] for n in range(0, length, int(step or 1))]


def _weekday(name: str) -> int:
    if name in WEEKDAYS:
        return WEEKDAYS.index(name)
    if name.isdecimal() and int(name) <= 7:
        return int(name) % 7
    raise ValueError(f"{name!r} is no weekday: sun, mon, tue, wed, thu, fri, sat or 0 to 7")
