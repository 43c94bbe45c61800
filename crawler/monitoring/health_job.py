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
from index.archive import Archive, health
from index.locale import FALLBACK, translate
from index.model.message import Message

log = logging.getLogger("arshif.health")

# Without an answer from any site: that is our network's fault, and says nothing about the sites
NETWORK_DOWN_AFTER = timedelta(hours=3)


def checkup(archive: Archive, config: Config, now: datetime) -> list[str]:
    """Judge all enabled sites, record an alert for each whose verdict changed, and return the ids of those sites.

    `now` is UTC.
    """
    with archive.read() as conn:
        seen = {site.id: _examine(conn, site, now) for site in config.enabled}
        known = health.states(conn)
    heard = [source.polled for evidence in seen.values() for source in evidence.sources if source.polled]
    if not heard or now - max(heard) > NETWORK_DOWN_AFTER:
        return []
    changed, told = [], notifications.keys(config)
    for site in config.enabled:
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


def _examine(conn: Connection, site: Site, now: datetime) -> health.Evidence:
    return health.evidence(conn, site.id, [str(source.url) for source in site.sources], now)


def _keep(conn: Connection, site: str, found: health.Health, alert: datetime | None, told: Sequence[str]) -> None:
    health.put(conn, site, found)
    if alert is not None:
        health.alert(conn, site, found, alert, told)
