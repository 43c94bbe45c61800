"""A source that names more than any should, a trap or a mistake, is read to the cap, and what was left is told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from crawler.discover.collector import CUT_SHORT, OVER_THE_LIMIT
from crawler.models import Discovered
from crawler.session.sources import truncation


@pytest.mark.parametrize(
    ("skipped", "told"),
    [
        ({"duplicate": 3}, None),
        ({OVER_THE_LIMIT: 1_234}, "it names more than 50,000 addresses: 1,234 further ones are left"),
        ({CUT_SHORT: 1}, "it is longer than what is read of a source: the rest of it is left"),
    ],
)
def test_what_was_left_of_a_document_is_told(skipped: Mapping[str, int], told: str | None) -> None:
    assert truncation(Discovered("sitemap", (), skipped=dict(skipped))) == told
