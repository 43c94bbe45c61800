"""Statistics of sites and sources: loaded from the archive for scheduling and cleaning, saved when a site is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from crawler.boilerplate.repeated_blocks import Ground, RepeatedBlocks, holds
from crawler.scheduling import publication_rate
from crawler.scheduling.poll_interval import Bounds, PollRecord, UpdateHints
from crawler.scheduling.publication_rate import PublicationRate
from crawler.scheduling.reasons import HintSource
from crawler.scheduling.site_schedule import SiteHistory
from crawler.settings_model import ScheduleSettings
from crawler.site_config import Schedule, Site
from index.archive import documents, frontier, repeated_blocks, source_state
from index.archive.source_state import SourceState


@dataclass
class SourceRun:
    """What a run learned of a source.

    `at` is when it was polled, `new` the publication dates of its new candidates (None: not given), `said` its own
    update hints; `strikes` is the weight of its failure, if it failed, and `not_before` its host's Retry-After time.
    """

    key: str
    at: datetime
    new: list[datetime | None] = field(default_factory=list)
    shown: list[datetime] = field(default_factory=list)  # all dates in its response, for the first poll
    said: UpdateHints | None = None
    answered: bool = False
    strikes: float = 0.0
    not_before: datetime | None = None


def load_stats(conn: Connection, site: Site, settings: ScheduleSettings) -> SiteHistory:
    """The history that decides when this site is due, and which of its sources are polled then."""
    states = source_state.some(conn, site.id, [str(source.url) for source in site.sources])
    records = {state.url: record for state in states if (record := _record(site, state)) is not None}
    return SiteHistory(records, bounds(site.schedule, settings), frontier.first_due(conn, site.id))


def bounds(own: Schedule, settings: ScheduleSettings) -> Bounds:
    """The shortest and longest interval between polls of a site's sources, from its YAML file or else arshif.yaml."""
    fastest, slowest = own.fastest or settings.fastest, own.slowest or settings.slowest
    return Bounds(timedelta(minutes=fastest), timedelta(minutes=max(fastest, slowest)))


def repeated(conn: Connection, site: str) -> RepeatedBlocks:
    """The blocks that are a site's own, with the number of its articles that contain each.

    Some were found to be so because most articles had them; they are only while that is true."""
    articles = documents.count(conn, site)
    own = repeated_blocks.learned_blocks(conn, site)
    often = {o.block: o.articles for o in own if o.ground and holds(Ground(o.ground), o.text, o.articles, articles)}
    return RepeatedBlocks(often, articles)


def excluding(learned: RepeatedBlocks, own: frozenset[str]) -> RepeatedBlocks:
    """The blocks that a site's other articles repeat: `learned` without one stored article's `own` blocks."""
    return replace(learned, counts={block: n - (block in own) for block, n in learned.counts.items()})


def save_stats(conn: Connection, site: Site, asked: Iterable[SourceRun]) -> None:
    """Save what a run learned of the site's sources. One that was not reached stays due."""
    zone = ZoneInfo(site.time_zone)
    for one in asked:
        if not one.answered and not one.strikes:
            continue
        before = source_state.state(conn, site.id, one.key)
        values: dict[str, Any] = {"asked": one.at}
        if one.answered:
            values |= {"strikes": 0.0, "retry_at": None, "habit": _learn(before, one, zone).to_json()}
        else:
            values |= {"strikes": before.strikes + one.strikes, "retry_at": one.not_before}
        if one.said is not None:
            values["said"] = _hints_to_json(one.said)
        source_state.put(conn, site.id, one.key, **values)


def _record(site: Site, state: SourceState) -> PollRecord | None:
    last = max((moment for moment in (state.asked, state.polled) if moment), default=None)
    if last is None:
        return None
    local = last.astimezone(ZoneInfo(site.time_zone))
    return PollRecord(
        f"{site.id} {state.url}",
        local,
        PublicationRate.from_json(state.habit),
        _hints_from_json(state.said),
        state.failures,
        state.strikes,
        state.retry_at,
    )


def _learn(before: SourceState, one: SourceRun, zone: ZoneInfo) -> PublicationRate:
    if before.asked is None:  # its own dates cover the time before
        return publication_rate.first_look(one.shown, one.at, zone)
    dated = [moment.astimezone(zone) for moment in one.new if moment is not None]
    known, since, at = PublicationRate.from_json(before.habit), before.asked.astimezone(zone), one.at.astimezone(zone)
    return publication_rate.learn(known, since, at, dated, len(one.new) - len(dated))


def _hints_to_json(said: UpdateHints) -> dict[str, Any]:
    return {
        "every": said.every.total_seconds(),
        "by": said.by,
        "skip_hours": sorted(said.skip_hours),
        "skip_days": sorted(said.skip_days),
    }


def _hints_from_json(value: dict[str, Any] | None) -> UpdateHints:
    if not value:
        return UpdateHints()
    skipped = frozenset(value["skip_hours"]), frozenset(value["skip_days"])
    by = HintSource(value["by"]) if value["by"] else None
    return UpdateHints(timedelta(seconds=value["every"]), by, *skipped)
