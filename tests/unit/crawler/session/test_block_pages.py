"""Block pages are in a row only if the host gave no other answer between them, at whatever address it was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.fetch.block_detection import BLOCKED_PAGES
from tests.support.newspaper import HOME, Archivist, Story, sentence

WWW = HOME.replace("://", "://www.")


@pytest.mark.parametrize("between", ["article", "same bytes", "not modified", "gone"])
def test_any_other_answer_begins_the_count_anew(tmp_path: Path, between: str) -> None:
    archivist = Archivist(tmp_path)
    blocks, host = archivist.session.pages.rejections.blocks, WWW.partition("://")[2]
    story = Story(1, "The quay is mended", [sentence(n) for n in range(8)])
    archivist.fetch_page(f"{HOME}/one", story.html(), found_at=f"{WWW}/one")
    for n in range(BLOCKED_PAGES):
        archivist.fetch_page(f"{HOME}/for-subscribers-{n}", b"", found_at=f"{WWW}/for-subscribers-{n}", status=403)
        assert blocks.walls["paper", host] == 1
        if between == "article":
            other = Story(n + 2, f"Bridge {n} is mended", [sentence(number) for number in range(8 * n + 8, 8 * n + 16)])
            archivist.fetch_page(f"{HOME}/{n}", other.html(), found_at=f"{WWW}/{n}")
        else:
            status = {"same bytes": 200, "not modified": 304, "gone": 404}[between]
            body = story.html() if status == 200 else b""
            archivist.fetch_page(f"{HOME}/one", body, found_at=f"{WWW}/one", status=status)
    archivist.close()
