"""`python -m scripts.screenshots [DIR]`: the README's pictures, made-up articles in Arabic and English."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from playwright.sync_api import Browser

from crawler.fetch.rendering.settings import find_browser
from tests.browser import chromium
from tests.support.filled_archive import fill, newsroom, page

DOCS = Path(__file__).parents[1] / "docs"
SIZE = (1200, 800)  # CSS pixels
BYTES = 200_000  # more would weigh on whoever opens the README


@dataclass(frozen=True)
class Picture:
    """A file's name, the page's language, the colours, and the search that is shown."""

    name: str
    ui: str
    scheme: Literal["light", "dark"]
    search: tuple[tuple[str, str], ...]


PICTURES = (
    Picture("search-ar.png", "ar", "light", (("q", "المدينة OR البحر"), ("after", "2026-11-01"))),
    Picture("search-en.png", "en", "dark", (("q", "town OR harbour OR village"), ("after", "2026-11-01"))),
)


def take(folder: Path) -> list[tuple[str, int]]:
    """Write the pictures into this folder; gives their names and sizes in bytes."""
    path = find_browser("")
    if path is None:
        sys.exit("There is no Chromium on this machine: install it (Debian: apt install chromium-headless-shell).")
    with tempfile.TemporaryDirectory() as temporary:
        shelf = fill(Path(temporary), map(page, newsroom()))
        with chromium.served(shelf) as address, chromium.running(path) as browser:
            for picture in PICTURES:
                _take(browser, address, picture, folder / picture.name)
        shelf.close()
    return [(picture.name, (folder / picture.name).stat().st_size) for picture in PICTURES]


def _take(browser: Browser, address: str, picture: Picture, out: Path) -> None:
    size = {"width": SIZE[0], "height": SIZE[1]}
    tab = browser.new_page(locale=picture.ui, color_scheme=picture.scheme, viewport=size)  # type: ignore[arg-type]
    tab.goto(f"{address}/search?{urlencode(picture.search)}")
    tab.locator(".plot .u-over").wait_for()
    tab.screenshot(path=out)
    tab.close()


if __name__ == "__main__":
    written = take(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
    for name, size in written:
        print(f"{name}: {size:,} bytes")
    if any(size > BYTES for _, size in written):
        sys.exit(f"more than {BYTES:,} bytes")
