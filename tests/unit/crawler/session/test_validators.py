"""What is kept of a page's validators."""

from __future__ import annotations

from pathlib import Path

import pytest
from scrapy.http import Response

from index.archive import frontier
from spiders.base import MAX_VALIDATOR, headers_of
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


@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
def test_one_that_is_too_long_to_be_kept_for_each_page_is_none(name: str) -> None:
    def kept(length: int) -> dict[str, str]:
        return headers_of(Response("https://step.example/", headers={name: "x" * length, "X-Other": "y" * length}))

    assert kept(MAX_VALIDATOR).keys() == {name.lower(), "x-other"}
    assert kept(MAX_VALIDATOR + 1).keys() == {"x-other"}
