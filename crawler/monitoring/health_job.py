"""Health check: judges every site's health periodically, and records the alerts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from crawler.config import Config
from crawler.monitoring import notifications
from crawler.monitoring.site_health import HealthReason, advance, judge
from crawler.site_config import Site
from index.archive import Archive, health, site_state, source_state
from index.locale import FALLBACK, translate
from index.model.message import Message

log = logging.getLogger("arshif.health")

# Without an answer from any site: that is our network's fault, and says nothing about the sites
NETWORK_DOWN_AFTER = timedelta(hours=3)


class Checkups:
    """Checks of the sites' health, one after the other: of all sites at first, then of those that may have changed."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.since: datetime | None = None

    def next(self, config: Config, now: datetime) -> None:
        """The next check; `now` is UTC. Without a network there is none: its time will be part of a later one's."""
        if network_is_there(self.archive, now):
            checkup(self.archive, config, now, self.since)
            self.since = now


def checkup(archive: Archive, config: Config, now: datetime, since: datetime | None = None) -> list[str]:
    """Judge the health of all enabled sites, record an alert for each whose verdict changed, and return the ids of
    those sites. After a check at `since`, those are left out that are well and were not crawled since then.

    Times are UTC.
    """
    if not network_is_there(archive, now):
        return []
    with archive.read() as conn:
        if since is None:
            chosen = config.enabled
        else:
            ids = sorted(site_state.crawled_since(conn, since) | health.unsettled(conn))
            chosen = tuple(site for id_ in ids if (site := config.sites.get(id_)) is not None and site.enabled)
        seen = {site.id: _examine(conn, site, now) for site in chosen}
        known = health.some(conn, list(seen))
    changed, told = [], notifications.keys(config)
    for site in chosen:
        before = known.get(site.id, health.Health())
        found = judge(seen[site.id], site.hosts.union(site.domains), site.time_zone, now, before)
        after = advance(before, found, now)
        if after == before:
            continue
        turned = after.verdict != before.verdict
        archive.write(partial(_keep, site=site.id, found=after, alert=now if turned else None, told=told)).result()
        if turned:
            changed.append(site.id)
            said = translate(after.detail or Message(HealthReason.WELL_AGAIN), FALLBACK)
            log.warning("%s: %s", site.id, f"{after.verdict}: {said}" if after.verdict else said)
    return changed


def network_is_there(archive: Archive, now: datetime) -> bool:
    """Whether any site has answered within NETWORK_DOWN_AFTER."""
    heard = archive.ask(source_state.last_polled)
    return heard is not None and now - heard <= NETWORK_DOWN_AFTER


def _examine(conn: Connection, site: Site, now: datetime) -> health.Evidence:
    return health.evidence(conn, site.id, [str(source.url) for source in site.sources], now)


def _keep(conn: Connection, site: str, found: health.Health, alert: datetime | None, told: Sequence[str]) -> None:
    health.put(conn, site, found)
    if alert is not None:
        health.alert(conn, site, found, alert, told)
