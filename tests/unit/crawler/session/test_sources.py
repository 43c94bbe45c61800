"""A source that names more than any should, a trap or a mistake, is read to the cap, and what was left is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.discover.collector import SkipReason
from crawler.models import Discovered
from crawler.session.sources import read_up_to, truncation, with_dates_until
from index.archive.source_state import SourceState
from index.model.codes import SourceReason
from index.model.message import Message

NOW, HOUR = datetime(2026, 11, 23, 12, tzinfo=UTC), timedelta(hours=1)


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


def test_an_api_is_asked_from_where_it_was_read_completely() -> None:
    whole = SourceState("s", "https://s.example/wp-json/", polled=NOW - HOUR, body_hash="1f")
    assert read_up_to(whole, NOW) == NOW - HOUR
    assert read_up_to(replace(whole, body_hash=None), NOW) is None, "some of what it listed was left"
    assert read_up_to(replace(whole, polled=NOW + HOUR), NOW) is None, "by a wrong clock"
    assert read_up_to(replace(whole, polled=None), NOW) is None


def test_children_whose_dates_have_not_come_are_read_after_those_that_have_one() -> None:
    ahead = tuple((f"https://s.example/ahead-{n}.xml", NOW + timedelta(days=2 + n)) for n in range(60))
    dated = tuple((f"https://s.example/{n}.xml", NOW - n * HOUR) for n in range(3))
    undated = (("https://s.example/undated.xml", None),)
    found = with_dates_until(Discovered("sitemap", (), (*ahead, *dated, *undated)), NOW)
    assert found.further == (*dated, *((url, None) for url, _ in ahead), *undated)
