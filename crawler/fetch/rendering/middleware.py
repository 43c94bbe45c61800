"""Rendering: pages of the sites that need it, and only those, are fetched with Chromium (scrapy-playwright)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request
from scrapy.crawler import Crawler

from crawler.fetch.crawl_state import crawl_state
from crawler.fetch.rendering.facsimile import Captured, capture
from crawler.fetch.rendering.settings import CONTEXT, PAGES_A_CONTEXT, consent_buttons
from crawler.site_config import Site

if TYPE_CHECKING:
    from playwright.async_api import Page

SETTLE_SCRIPT = 5_000  # ms at most for a page to finish loading once its DOM is ready
DISMISS_CONSENT_SCRIPT = """selectors => {
  for (const selector of selectors) {
    const button = document.querySelector(selector);
    if (button && button.offsetParent !== null) { button.click(); return selector; }
  }
  return null;
}"""


class RenderingMiddleware:
    """Marks requests for the browser: those with `render` in their meta, and those of sites known to need a browser.

    Of the page of one with `facsimile`, pictures are made, too; that reads the article's first image, see `capture`.

    `crawler/session/rendering_policy.py` decides which sites do. Each site has its own browser context, replaced after
    PAGES_A_CONTEXT pages.
    """

    def __init__(self, needs_browser: Callable[[Site], Awaitable[bool]]) -> None:
        self.needs_browser = needs_browser
        self.pages: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawl_state(crawler).needs_browser)

    async def process_request(self, request: Request) -> None:
        site = request.cb_kwargs.get("site")
        if request.meta.get("render") is False and site is not None:
            request.meta["render"] = await self.needs_browser(site)
        if request.meta.get("render"):
            from scrapy_playwright.page import PageMethod

            name = site.id if site is not None else ""
            self.pages[name] = self.pages.get(name, 0) + 1
            unverified: dict[str, Any] = {"ignore_https_errors": site is not None and not site.verify_tls}
            request.meta["playwright"] = True
            request.meta["playwright_context"] = f"{name} {self.pages[name] // PAGES_A_CONTEXT}"
            request.meta["playwright_context_kwargs"] = CONTEXT | unverified
            request.meta["playwright_page_methods"] = [PageMethod(settle)]
            if "facsimile" in request.meta:
                request.meta["playwright_page_methods"].append(PageMethod(capture, request.meta["facsimile"]))


def captured(request: Request) -> Captured:
    """What was kept of the page of a request with `facsimile` in its meta, once it was answered."""
    found: Captured = request.meta["playwright_page_methods"][-1].result
    return found


async def settle(page: Page) -> None:
    """Wait until the page's own requests have finished, and dismiss consent dialogues.

    A page that never stops polling is taken as it is after SETTLE_SCRIPT.
    """
    from playwright.async_api import TimeoutError as StillLoading

    with suppress(StillLoading):
        await page.wait_for_load_state("networkidle", timeout=SETTLE_SCRIPT)
    if await page.evaluate(DISMISS_CONSENT_SCRIPT, consent_buttons()):
        with suppress(StillLoading):
            await page.wait_for_load_state("networkidle", timeout=SETTLE_SCRIPT)
