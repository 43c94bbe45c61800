"""The download handler of crawls that render: scrapy-playwright's, with a browser that starts when a page needs it, and
with an end to every page.

Scrapy loads it by name (`crawler/browser.py`), so that other crawls do not import Playwright.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from playwright.async_api import Browser, Page
from playwright.async_api import Error as PlaywrightError
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.provider import PlaywrightBrowserProvider

from crawler.addresses import Reach
from crawler.downloads import Bounded
from crawler.gate import Gate

CLOSING = 5.0  # seconds that a page may take to close; its renderer is killed with the browser otherwise


class LateBrowser(PlaywrightBrowserProvider):  # type: ignore[misc]  # it has no types
    """Starts Playwright's driver, a process of its own, with the first page and not with the crawl."""

    async def start(self) -> None:
        """Nothing yet."""

    async def launch_browser(self) -> Browser:
        if self.browser_type is None:
            await super().start()
        browser: Browser = await super().launch_browser()
        return browser

    async def close(self) -> None:
        if self.playwright is not None:
            await super().close()


class Handler(Bounded, ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Gives up a page that is not there in time: Playwright waits for ever for the text of one whose script loops. The
    browser reaches the world through the gate alone."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        reach = Reach(settings.getlist("ALLOW_NETWORKS"))
        self.gate = Gate(reach, settings.get("PROXY"), settings.getint("DOWNLOAD_MAXSIZE"))

    async def _maybe_launch_browser(self) -> None:
        await self.gate.open()
        self.config.launch_options["proxy"] = self.gate.for_browser
        await super()._maybe_launch_browser()

    async def _close(self) -> None:
        await super()._close()
        await self.gate.close()

    async def download_request(self, request: Request) -> Response:
        if not request.meta.get("playwright"):
            plain: Response = await super().download_request(request)
            return plain
        opened: list[Page] = []
        limit = self.config.navigation_timeout_ms / 1_000
        try:
            async with asyncio.timeout(None) as end:

                async def begin(page: Page, _: Request) -> None:  # only now: it may have waited for others to close
                    opened.append(page)
                    end.reschedule(asyncio.get_running_loop().time() + limit)

                request.meta["playwright_page_init_callback"] = begin
                rendered: Response = await super().download_request(request)
                return rendered
        except TimeoutError:
            raise DownloadTimeoutError(f"not rendered within {limit:g} s") from None
        except PlaywrightError as error:
            raise DownloadFailedError(error.message.splitlines()[0]) from None
        finally:
            request.meta.pop("playwright_page_init_callback", None)
            await _close(opened)


async def _close(pages: list[Page]) -> None:
    """Closes those that are still open, however the request ended."""
    for page in pages:
        if not page.is_closed():
            with suppress(TimeoutError, PlaywrightError):
                async with asyncio.timeout(CLOSING):
                    await page.close()
