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

    def next(self, config: Config, now: datetime) -> list[str]:
        """Judge the health of these sites, record an alert for each whose verdict changed, and return the ids of those
        sites. Without a network none is judged: its time will be part of a later check's.

        `now` is UTC.
        """
        if not network_is_there(self.archive, now):
            return []
        with self.archive.read() as conn:
            chosen = self._chosen(conn, config)
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
            keep = partial(_keep, site=site.id, found=after, alert=now if turned else None, told=told)
            self.archive.write(keep).result()
            if turned:
                changed.append(site.id)
                said = translate(after.detail or Message(HealthReason.WELL_AGAIN), FALLBACK)
                log.warning("%s: %s", site.id, f"{after.verdict}: {said}" if after.verdict else said)
        self.since = now
        return changed

    def _chosen(self, conn: Connection, config: Config) -> tuple[Site, ...]:
        """The enabled sites, after a first check without those that are well and were not crawled since the last."""
        if self.since is None:
            return config.enabled
        ids = sorted(site_state.crawled_since(conn, self.since) | health.unsettled(conn))
        return tuple(site for id_ in ids if (site := config.sites.get(id_)) is not None and site.enabled)


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
