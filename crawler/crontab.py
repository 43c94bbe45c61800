"""A crontab expression -> its fire times."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from apscheduler.triggers.cron import CronTrigger

from crawler.config_messages import FileMessage, InvalidEntry

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # as crontab(5) counts them; APScheduler's 0 is Monday


@cache
def crontab(expression: str) -> CronTrigger:
    """The fire times of a crontab expression, as wall-clock times labelled UTC.

    As in crontab(5), Sunday is 0 and 7. A range of weekdays may wrap around the end of the week (`sat-thu`). Day of
    month and weekday together are rejected: cron reads them as "either", APScheduler as "both".

    :raises InvalidEntry: when the expression is invalid or never fires, with the reason.
    """
    fields = expression.split()
    if len(fields) != 5:
        if len(fields) == 6:
            raise InvalidEntry(FileMessage.CRON_SECONDS, given=repr(expression))
        raise InvalidEntry(FileMessage.CRON_FIELDS, given=repr(expression), many=len(fields))
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise InvalidEntry(FileMessage.CRON_DAYS, given=repr(expression))
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
        problem = error.message if isinstance(error, InvalidEntry) else str(error)
        raise InvalidEntry(FileMessage.CRON_WRONG, given=repr(expression), problem=problem) from None
    if trigger.get_next_fire_time(None, datetime(1970, 1, 1, tzinfo=UTC)) is None:
        raise InvalidEntry(FileMessage.CRON_NEVER, given=repr(expression))
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
    raise InvalidEntry(FileMessage.NOT_WEEKDAY, given=repr(name))
