"""Why a site or a source is crawled when it is: codes of the messages that the schedule gives."""

from __future__ import annotations

from enum import StrEnum


class ScheduleReason(StrEnum):
    """Durations are seconds; `why` is a message of this kind."""

    NEVER_CRAWLED = "schedule.never_crawled"
    CLOCK = "schedule.clock"  # the last crawl is in the future
    INTERRUPTED = "schedule.interrupted"
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


class HintSource(StrEnum):
    """By what a feed or its server says how often to ask."""

    TTL = "schedule.hint.ttl"
    UPDATE_PERIOD = "schedule.hint.update_period"
    CACHE_CONTROL = "schedule.hint.cache_control"
