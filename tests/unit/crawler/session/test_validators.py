"""What is kept of a page's validators."""

from __future__ import annotations

from pathlib import Path

from index.archive import frontier
from tests.support.newspaper import HOME, Archivist, Story, sentence


def test_a_page_that_was_built_anew_has_its_new_validator_kept(tmp_path: Path) -> None:
    """A static site's build changes all validators, whatever it changes of the pages."""
    archivist, story = Archivist(tmp_path), Story(1, "The quay is mended", [sentence(n) for n in range(8)])
    url = f"{HOME}/one"
    for tag in ('"1"', '"2"'):
        archivist.fetch_page(url, story.html(), etag=tag)
        row = archivist.read(lambda conn: frontier.row(conn, "paper", url))
        assert row is not None
        assert row.etag == tag
    assert row.visits == 2
    archivist.close()
