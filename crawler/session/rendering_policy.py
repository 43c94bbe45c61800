"""Which sites need a browser: measured on a few pages, remembered, and measured again later."""

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
from index.model.codes import PageReason, Reason

log = logging.getLogger("arshif.rendering")

REMEASURE_AFTER_NO_GAIN = timedelta(days=7)  # for a site whose rendered pages were not articles either
REMEASURE_AFTER_NEED = timedelta(days=30)  # then a site that needs a browser is fetched plainly again: sites change


@dataclass
class Measurement:
    """What is known of a site's need for a browser.

    `needed` is since when it needs one (None: it does not), `looked` when that was last measured. The counts are this
    run's: pages rendered on trial (`ended`), articles among them (`won`), pages fetched plainly despite the need
    (`asked`), and articles fetched plainly (`plain`).
    """

    needed: datetime | None = None
    looked: datetime | None = None
    ended: int = 0
    won: int = 0
    asked: int = 0
    plain: int = 0


class RenderingPolicy:
    """Decides for each page of a crawl whether to render it.

    A site's YAML file says `rendering: auto` (HTTP first), `none` or `browser`; the argument `browser` is whether this
    machine has one.
    """

    def __init__(self, store: SessionStore, *, browser: bool) -> None:
        self.store = store
        self.browser = browser
        self.looks: dict[str, Measurement] = {}

    async def needs_browser(self, site: Site) -> bool:
        """Whether the site's next page goes straight to the browser, without a plain request first."""
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
        """Whether to render this page, which for this reason is not an article, before giving it up."""
        if page.rendered or site.rendering != "auto" or reason not in WITHOUT_TEXT or not self.browser:
            return False
        look = await self._measurement(site)
        if look.needed is not None or (reason == PageReason.NEEDS_BROWSER and look.won >= MIN_TRIAL_ARTICLES):
            return True  # some sites have pages of both kinds
        return look.ended < TRIAL_PAGES and _older(look.looked, REMEASURE_AFTER_NO_GAIN)

    async def record_result(self, site: Site, page: Page, *, article: bool) -> None:
        """Record whether a page was an article; after a few pages, this settles whether the site needs a browser."""
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
