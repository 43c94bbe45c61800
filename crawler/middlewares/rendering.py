"""Rendering: pages of sites that say `rendering: browser` go through Chromium (scrapy-playwright), and no others."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import Any

from playwright.async_api import Page
from playwright.async_api import TimeoutError as StillLoading
from scrapy import Request
from scrapy_playwright.page import PageMethod

from crawler.config import BrowserSettings
from crawler.errors import ConfigError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # names in PATH, in this order
UNWANTED = frozenset({"image", "media", "font"})  # resource types an article's text does not need
SETTLE = 5_000  # ms at most that a page may go on loading after its DOM is there
QUIET_FLAGS = (  # what a browser does by itself: look-ups and downloads of its maker's, which no crawl asked for
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
)  # fmt: skip


class Rendering:
    """Marks a request that has `render` in its meta for the browser; its page is closed by the handler afterwards."""

    async def process_request(self, request: Request) -> None:
        if request.meta.get("render"):
            request.meta["playwright"] = True
            request.meta["playwright_page_methods"] = [PageMethod(settle)]


async def settle(page: Page) -> None:
    """Waits until the page's own requests are answered; one that polls for ever is taken as it is after SETTLE."""
    with suppress(StillLoading):
        await page.wait_for_load_state("networkidle", timeout=SETTLE)


def find_browser(path: str) -> str | None:
    """The browser's executable: `path` if it is one, else the first of BROWSERS in PATH; None if there is none."""
    return shutil.which(path) if path else next(filter(None, map(shutil.which, BROWSERS)), None)


def unwanted(request: Any) -> bool:
    """Whether the page's own request is for something that its text does not need."""
    return request.resource_type in UNWANTED


def playwright_settings(browser: BrowserSettings) -> dict[str, Any]:
    """Scrapy's settings for a crawl that renders.

    :raises ConfigError: there is no browser.
    """
    executable = find_browser(browser.path)
    if executable is None:
        raise ConfigError(
            f"browser.path: {browser.path or 'no ' + ' or '.join(BROWSERS[:3]) + ' in PATH'}: a site says `rendering: "
            "browser`, which needs Chromium: install it (Debian: apt install chromium) or name it in arshif.yaml"
        )
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Chromium refuses root otherwise
    handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler, **dict.fromkeys(("data", "file", "ftp", "s3"))},
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": executable, "args": [*QUIET_FLAGS, *root]},
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": browser.pages,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": browser.timeout * 1_000,
        "PLAYWRIGHT_CONTEXTS": {"default": {"service_workers": "block", "accept_downloads": False}},
        "PLAYWRIGHT_ABORT_REQUEST": unwanted,
    }
