"""Why a site or a source is due at a given time: the codes of the schedule's messages."""

from __future__ import annotations

from enum import StrEnum


class ScheduleReason(StrEnum):
    """Codes of the schedule's messages. Durations are in seconds; `why` is another such message."""

    NEVER_CRAWLED = "schedule.never_crawled"
    CLOCK = "schedule.clock"  # the last crawl lies in the future
    INTERRUPTED = "schedule.interrupted"
    HOST_BUSY = "schedule.host_busy"  # another machine was asking its host
    FAILED = "schedule.failed"  # n: times in a row
    RETRY = "schedule.retry"  # why, wait
    RETRY_AFTER = "schedule.retry_after"
    BY_SOURCE = "schedule.by_source"  # kind: a message, why
    NEVER_POLLED = "schedule.never_polled"
    REVISITS = "schedule.revisits"
    ARTICLES_A_DAY = "schedule.articles_a_day"  # n
    UNKNOWN_RATE = "schedule.unknown_rate"
    EXPECTED = "schedule.expected"  # why, n: articles
    FASTEST = "schedule.fastest"  # why, interval
    SLOWEST = "schedule.slowest"  # why, interval
    PUBLISHER_INTERVAL = "schedule.publisher_interval"  # why, hint: a message, interval
    SKIP_HOURS = "schedule.skip_hours"  # why
    EVERY = "schedule.every"  # interval
    CRON = "schedule.cron"  # expression, zone
    RUNNING = "schedule.running"
    OFF = "schedule.off"


class HintSource(StrEnum):
    """The origin of a feed's or server's polling interval."""

    TTL = "schedule.hint.ttl"
    UPDATE_PERIOD = "schedule.hint.update_period"
    CACHE_CONTROL = "schedule.hint.cache_control"
