"""`python -m tests.browser.screenshot OUT.png`: the README's picture, Arabic results in made-up articles."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from tests.browser import chromium
from tests.browser.shelf import fill, newsroom, page

QUERY = "المدينة OR البحر"
SIZE = (1200, 766)  # CSS pixels
BYTES = 200_000  # more would weigh on whoever opens the README


def take(out: Path, query: str = QUERY, size: tuple[int, int] = SIZE) -> int:
    """Write the picture; gives its size in bytes."""
    path = chromium.find()
    if path is None:
        sys.exit("There is no Chromium on this machine: install it (Debian: apt install chromium).")
    with tempfile.TemporaryDirectory() as folder:
        shelf = fill(Path(folder), map(page, newsroom()))
        with chromium.served(shelf) as address, chromium.running(path) as browser:
            tab = browser.new_page(locale="ar", viewport={"width": size[0], "height": size[1]})
            tab.goto(f"{address}/search?q={quote(query)}")
            tab.screenshot(path=out)
        shelf.close()
    return out.stat().st_size


if __name__ == "__main__":
    written = take(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: {written:,} bytes")
    if written > BYTES:
        sys.exit(f"more than {BYTES:,} bytes")
