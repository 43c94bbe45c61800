"""Which sites need a browser: found out on a few pages, remembered, and looked at again later."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.fetch.rendering.settings import MIN_TRIAL_ARTICLES, TRIAL_PAGES, WITHOUT_TEXT
from crawler.models import Page
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import site_state
from index.model.codes import Reason

log = logging.getLogger("arshif.rendering")

REMEASURE_AFTER_NO_GAIN = timedelta(
    days=7
)  # until a site is measured again whose rendered pages were no articles either
REMEASURE_AFTER_NEED = timedelta(days=30)  # until a site that needs a browser is asked plainly again: sites are rebuilt


@dataclass
class Measurement:
    """What is known of a site: since when it needs a browser, and when that was last `looked` at; and what this run has
    seen: pages rendered on trial, those of them that were articles, plain pages asked in spite of a need, and plain
    articles."""

    needed: datetime | None = None
    looked: datetime | None = None
    ended: int = 0
    won: int = 0
    asked: int = 0
    plain: int = 0


class RenderingPolicy:
    """Decides for each page of a crawl. Sites say `rendering: auto` (HTTP first), `none` or `browser`; `browser` is
    whether this machine has one."""

    def __init__(self, store: SessionStore, *, browser: bool) -> None:
        self.store = store
        self.browser = browser
        self.looks: dict[str, Measurement] = {}

    async def needs_browser(self, site: Site) -> bool:
        """Whether the site's next page is rendered without being asked for plainly first."""
        if site.rendering != "auto" or not self.browser:
            return site.rendering == "browser"
        look = await self._measurement(site)
        if look.needed is None:
            return False
        if look.asked < TRIAL_PAGES and _older(look.looked, REMEASURE_AFTER_NEED):
            look.asked += 1
            return False
        return True

    async def should_render(self, site: Site, page: Page, reason: Reason) -> bool:
        """Whether this page, which is no article for this reason, is to be rendered before it is given up."""
        if page.rendered or site.rendering != "auto" or reason not in WITHOUT_TEXT or not self.browser:
            return False
        look = await self._measurement(site)
        return look.needed is not None or (look.ended < TRIAL_PAGES and _older(look.looked, REMEASURE_AFTER_NO_GAIN))

    async def record_result(self, site: Site, page: Page, *, article: bool) -> None:
        """Notes what a page was; with the last of a few it is known whether the site needs a browser."""
        if site.rendering != "auto" or not self.browser:
            return
        look, now = await self._measurement(site), datetime.now(UTC)
        look.plain += article and not page.rendered
        if page.rendered and look.needed is None:
            look.ended, look.won = look.ended + 1, look.won + article
            if look.ended == TRIAL_PAGES:
                needs = look.won >= MIN_TRIAL_ARTICLES and not look.plain
                await self._learn(site, look, {"rendered": now if needs else None, "plain": now})
        elif look.needed is not None and look.plain >= MIN_TRIAL_ARTICLES:
            await self._learn(site, look, {"rendered": None, "plain": now})
        elif look.needed is not None and page.rendered and look.asked == TRIAL_PAGES:
            look.asked += 1  # once a run
            await self._learn(site, look, {"rendered": look.needed, "plain": now})

    async def _learn(self, site: Site, look: Measurement, found: Mapping[str, Any]) -> None:
        if (look.needed is None) != (found["rendered"] is None):
            log.warning("%s: its pages %s a browser", site.id, "need" if found["rendered"] else "no longer need")
        look.needed, look.looked = found["rendered"], found["plain"]
        await self.store.write(lambda conn: site_state.put(conn, site.id, **found), site.id)

    async def _measurement(self, site: Site) -> Measurement:
        if site.id not in self.looks:
            state = await self.store.read(lambda conn: site_state.state(conn, site.id))
            self.looks.setdefault(site.id, Measurement(state.rendered, state.plain))
        return self.looks[site.id]


def _older(moment: datetime | None, span: timedelta) -> bool:
    return moment is None or datetime.now(UTC) - moment > span
