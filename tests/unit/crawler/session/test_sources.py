"""A source that names more than any should, a trap or a mistake, is read to the cap, and what was left is told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from crawler.discover.collector import SkipReason
from crawler.models import Discovered
from crawler.session.sources import truncation
from index.model.codes import SourceReason
from index.model.message import Message


@pytest.mark.parametrize(
    ("skipped", "told"),
    [
        ({"duplicate": 3}, None),
        ({SkipReason.TOO_MANY: 1_234}, Message(SourceReason.TOO_MANY, {"most": 50_000, "n": 1_234})),
        ({SkipReason.CUT_SHORT: 1}, Message(SourceReason.CUT_SHORT)),
    ],
)
def test_what_was_left_of_a_document_is_told(skipped: Mapping[str, int], told: Message | None) -> None:
    assert truncation(Discovered("sitemap", (), skipped=dict(skipped))) == told
