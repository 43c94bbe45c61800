"""Rendering: pages of sites that say `rendering: browser` go through Chromium (scrapy-playwright), and no others."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from scrapy import Request

from crawler.browser import CONTEXT

if TYPE_CHECKING:
    from playwright.async_api import Page

SETTLE = 5_000  # ms at most that a page may go on loading after its DOM is there


class Rendering:
    """Marks a request that has `render` in its meta for the browser; its page is closed by the handler afterwards."""

    async def process_request(self, request: Request) -> None:
        if request.meta.get("render"):
            from scrapy_playwright.page import PageMethod

            request.meta["playwright"] = True
            request.meta["playwright_context_kwargs"] = CONTEXT
            request.meta["playwright_page_methods"] = [PageMethod(settle)]


async def settle(page: Page) -> None:
    """Waits until the page's own requests are answered; one that polls for ever is taken as it is after SETTLE."""
    from playwright.async_api import TimeoutError as StillLoading

    with suppress(StillLoading):
        await page.wait_for_load_state("networkidle", timeout=SETTLE)
