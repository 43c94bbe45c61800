"""The browser for sites that need one: where it is, and how Scrapy is to use it.

Nothing of Playwright is imported here: most crawls render nothing, and its import takes as long as a whole command.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from crawler.errors import ConfigError
from crawler.settings_model import Settings

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # names in PATH, in this order
UNWANTED = frozenset({"image", "media", "font"})  # resource types an article's text does not need
QUIET_FLAGS = (  # what a browser does by itself: look-ups and downloads of its maker's, which no crawl asked for
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-gpu", "--disable-dev-shm-usage",
)  # fmt: skip
GATED_FLAGS = (  # nothing goes past the gate: no UDP, and no name is resolved by the browser itself
    "--disable-quic", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--dns-prefetch-disable",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
PAGES_A_CONTEXT = 50  # then a site's next page gets a new one, and what the old one kept is thrown away
TRIAL_PAGES = 3  # pages on which it is measured whether a site needs a browser: plain and without text, then rendered
MIN_TRIAL_ARTICLES = 2  # of them that must be articles
WITHOUT_TEXT = "empty"  # the reason for which a plain page is refused that a script would fill
CONTEXT = {"service_workers": "block", "accept_downloads": False}  # of the pages of a crawl


def find_browser(path: str) -> str | None:
    """The browser's executable: `path` if it is one, else the first of BROWSERS in PATH; None if there is none."""
    return shutil.which(path) if path else next(filter(None, map(shutil.which, BROWSERS)), None)


def unwanted(request: Any) -> bool:
    """Whether the page's own request is for something that its text does not need."""
    return request.resource_type in UNWANTED


def handlers(http: str) -> dict[str, str | None]:
    """Scrapy's DOWNLOAD_HANDLERS: this one for http and https, and none for what else Scrapy would take."""
    return {"http": http, "https": http, **dict.fromkeys(("data", "file", "ftp", "s3"))}


def launch_options(executable: str) -> dict[str, Any]:
    """How a crawl starts its browser; the gate's address is added when there is one."""
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Chromium refuses root otherwise
    return {"executable_path": executable, "args": [*QUIET_FLAGS, *GATED_FLAGS, *root]}


@cache
def consent_buttons() -> tuple[str, ...]:
    """CSS selectors of the buttons that dismiss a consent dialogue, those that refuse first."""
    said = yaml.safe_load(Path(__file__).with_name("consent.yaml").read_text("utf-8"))
    return (*said["refuse"], *said["accept"])


def scrapy_settings(settings: Settings, *, needed: bool) -> dict[str, Any]:
    """Scrapy's settings for a crawl that may render, none where there is no browser. It starts with the first page that
    is rendered.

    :raises ConfigError: there is no browser, and it is `needed`.
    """
    browser = settings.browser
    executable = find_browser(browser.path)
    if executable is None and needed:
        raise ConfigError(
            f"browser.path: {browser.path or 'no ' + ' or '.join(BROWSERS[:3]) + ' in PATH'}: a site says `rendering: "
            "browser`, which needs Chromium: install it (Debian: apt install chromium) or name it in arshif.yaml"
        )
    if executable is None:
        return {}
    return {
        "PLAYWRIGHT_BROWSER_PROVIDER": "crawler.fetch.rendering.handler.LazyBrowser",
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch_options(executable),
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": browser.pages,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": browser.timeout * 1_000,
        "PLAYWRIGHT_ABORT_REQUEST": unwanted,
    }
