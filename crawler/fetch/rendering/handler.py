"""The download handler of rendered pages: scrapy-playwright's, with a browser that starts on demand and a deadline for
every page.

`crawler/fetch/http_handler.py` loads it by name with the first such page, so other crawls do not import Playwright.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from weakref import WeakSet

from playwright.async_api import Browser, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Request as PageRequest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.provider import PlaywrightBrowserProvider

from crawler.fetch.bounded_agent import BoundedAgent
from crawler.fetch.rendering.settings import UNSEEN, UNWANTED
from crawler.fetch.ssrf.browser_proxy import BrowserProxy
from crawler.fetch.ssrf.policy import AddressPolicy

CONTEXTS = 4  # idle contexts that stay open, each with its own cache
STARTING = 20.0  # seconds for the browser to start and open an empty page
PICTURED_TIMES = 2  # the deadline of a page that is pictured, in those of a page that is read
CLOSING = 5.0  # seconds for a page to close; otherwise its renderer is killed with the browser


class LazyBrowser(PlaywrightBrowserProvider):  # type: ignore[misc]  # untyped
    """Starts Playwright's driver, a separate process, with the first page rather than with the crawl."""

    async def start(self) -> None:
        """Do nothing: `launch_browser` starts the driver."""

    async def launch_browser(self) -> Browser:
        if self.browser_type is None:
            await super().start()
        browser: Browser = await super().launch_browser()
        return browser

    async def close(self) -> None:
        if self.playwright is not None:
            await super().close()


class RenderingHandler(BoundedAgent, ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Renders pages, each within a deadline: Playwright waits for ever for the content of a page whose script loops.

    The browser reaches the network only through the browser proxy.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        reach = AddressPolicy(settings.getlist("ALLOW_NETWORKS"))
        self.gate = BrowserProxy(reach, settings.get("PROXY"), settings.getint("DOWNLOAD_MAXSIZE"))
        self.abort_request = self._unwanted
        self.pictured: WeakSet[Page] = WeakSet()  # pages of which pictures are made
        self.room = asyncio.Semaphore(settings.getint("PLAYWRIGHT_MAX_PAGES_PER_CONTEXT"))  # pages of all contexts

    async def begin(self) -> None:
        """Start up as scrapy-playwright does on `engine_started`, a signal that may be long past."""
        if not hasattr(self, "browser_provider"):
            await self._launch()

    async def _maybe_launch_browser(self) -> None:
        await self.gate.open()
        self.config.launch_options["proxy"] = self.gate.for_browser
        await super()._maybe_launch_browser()

    async def _close(self) -> None:
        await super()._close()
        await self.gate.close()

    async def download_request(self, request: Request) -> Response:
        async with self.room:
            try:
                return await self._render(request)
            finally:
                await self._retire()

    async def _render(self, request: Request) -> Response:
        opened: list[Page] = []
        pictured = "facsimile" in request.meta
        limit = self.config.navigation_timeout_ms / 1_000 * (PICTURED_TIMES if pictured else 1)
        try:
            async with asyncio.timeout(limit + STARTING) as end:

                async def begin(page: Page, _: Request) -> None:  # restarts the clock: the browser may just be up
                    opened.append(page)
                    if pictured:
                        self.pictured.add(page)
                    end.reschedule(asyncio.get_running_loop().time() + limit)

                request.meta["playwright_page_init_callback"] = begin
                rendered: Response = await super().download_request(request)
                return rendered
        except TimeoutError:
            if not opened:  # not even an empty page: the remains of a killed browser
                await self._give_up_browser()
            raise DownloadTimeoutError(f"not rendered within {limit:g} s") from None
        except PlaywrightError as error:
            raise DownloadFailedError(error.message.splitlines()[0]) from None
        finally:
            request.meta.pop("playwright_page_init_callback", None)
            await _close(opened)

    def _unwanted(self, request: PageRequest) -> bool:
        """Whether a page's own request is for a resource that it does without."""
        kind = request.resource_type
        return kind in UNWANTED and not (kind in UNSEEN and request.frame.page in self.pictured)

    async def _give_up_browser(self) -> None:
        """Drops the browser, so that the next page starts a new one."""
        self.context_wrappers.clear()
        browser = self.__dict__.pop("browser", None)
        if browser is not None:
            with suppress(TimeoutError, PlaywrightError):
                async with asyncio.timeout(CLOSING):
                    await browser.close()

    async def _browser_disconnected_callback(self, *_: object) -> None:
        """Replaces scrapy-playwright's, which closes the contexts of a browser that is gone, and waits for that."""
        self.context_wrappers.clear()
        self.__dict__.pop("browser", None)

    async def _retire(self) -> None:
        """Closes idle contexts: those that a newer one has replaced, and all but CONTEXTS of the others."""
        idle = [(name, wrapper.context) for name, wrapper in self.context_wrappers.items() if not wrapper.context.pages]
        for name, context in idle:
            newest = max(self._generations(name))
            if int(name.rpartition(" ")[2]) < newest or len(self.context_wrappers) > CONTEXTS:
                self.context_wrappers.pop(name, None)
                with suppress(TimeoutError, PlaywrightError):
                    async with asyncio.timeout(CLOSING):
                        await context.close()

    def _generations(self, name: str) -> list[int]:
        """The numbers of the contexts of the same site as this one."""
        site = name.rpartition(" ")[0]
        parts = (other.rpartition(" ") for other in self.context_wrappers)
        return [int(number) for owner, _, number in parts if owner == site]


async def _close(pages: list[Page]) -> None:
    """Closes the pages that are still open, however the request ended."""
    for page in pages:
        if not page.is_closed():
            with suppress(TimeoutError, PlaywrightError):
                async with asyncio.timeout(CLOSING):
                    await page.close()
