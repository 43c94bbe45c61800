"""The browser for sites that need one: where to find it, and Scrapy's settings for it.

Playwright is not imported here: most crawls render nothing, and importing it takes as long as a whole command.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from typing import Any

from crawler import data_files
from crawler.config_messages import FileMessage, mistake
from crawler.errors import InvalidFiles
from crawler.settings_model import Settings
from index.model.codes import PageReason
from index.model.message import Message

# Names in PATH, in this order. The first two, of Debian and of Chrome for Testing, are Chromium without the windows of
# a browser: the same pages for half the processor time (`make bench-rendering`)
BROWSERS = (
    "chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser",
    "google-chrome", "google-chrome-stable",
)  # fmt: skip
UNSEEN = frozenset({"image", "font"})  # resource types that an article's text does not need, but a picture of it
UNWANTED = UNSEEN | {"media"}
QUIET_FLAGS = (  # disable what the browser does on its own: its vendor's look-ups and downloads, which no crawl needs
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-gpu", "--disable-dev-shm-usage",
)  # fmt: skip
GATED_FLAGS = (  # nothing bypasses the browser proxy: no UDP, and no name resolution by the browser itself
    "--disable-quic", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--dns-prefetch-disable",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
PAGES_A_CONTEXT = 50  # then the site's next page gets a new context, and what the old one stored is discarded
TRIAL_PAGES = 3  # pages that show whether a site needs a browser: without text when fetched plainly, then rendered
MIN_TRIAL_ARTICLES = 2  # rendered trial pages that must be articles
# Reasons for refusing a plain page whose text a script may still fill in
WITHOUT_TEXT = (PageReason.EMPTY, PageReason.NO_TEXT, PageReason.NO_HEADLINE, PageReason.NEEDS_BROWSER)
CONTEXT = {"service_workers": "block", "accept_downloads": False}  # for a crawl's pages


def find_browser(path: str) -> str | None:
    """The browser's executable: `path` if it is one, else the first of BROWSERS in PATH; None if there is none."""
    return shutil.which(path) if path else next(filter(None, map(shutil.which, BROWSERS)), None)


def handlers(http: str) -> dict[str, str | None]:
    """Scrapy's DOWNLOAD_HANDLERS: this one for http and https, none for the other schemes that Scrapy supports."""
    return {"http": http, "https": http, **dict.fromkeys(("data", "file", "ftp", "s3"))}


def launch_options(executable: str) -> dict[str, Any]:
    """Launch options of a crawl's browser; the browser proxy's address is added once it listens."""
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Chromium refuses root otherwise
    return {"executable_path": executable, "args": [*QUIET_FLAGS, *GATED_FLAGS, *root]}


@cache
def consent_buttons() -> tuple[str, ...]:
    """CSS selectors of the buttons that dismiss a consent dialogue, refusals first."""
    said = data_files.load("crawler.fetch.rendering", "consent.yaml")
    return (*said["refuse"], *said["accept"])


def scrapy_settings(settings: Settings, *, needed: bool) -> dict[str, Any]:
    """Scrapy's settings for a crawl that may render pages; empty if there is no browser.

    The browser starts with the first rendered page.

    :raises ConfigError: when a browser is `needed` and there is none.
    """
    browser = settings.browser
    executable = find_browser(browser.path)
    if executable is None and needed:
        named = Message(FileMessage.NO_SUCH_BROWSER, {"given": browser.path})
        why = named if browser.path else Message(FileMessage.NO_BROWSER, {"names": ", ".join(BROWSERS)})
        raise InvalidFiles([mistake("", why, "browser.path")])
    if executable is None:
        return {}
    return {
        "PLAYWRIGHT_BROWSER_PROVIDER": "crawler.fetch.rendering.handler.LazyBrowser",
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch_options(executable),
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": browser.pages,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": browser.timeout * 1_000,
    }
