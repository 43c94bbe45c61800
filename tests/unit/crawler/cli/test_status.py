"""How `arshif status` tells when a site was crawled and is crawled next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.cli.status import _ahead

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3_600, "due now"), (0, "due now"), (0.9, "due now"), (1, "in 1 s"), (7_200, "in 2 h")],
)
def test_a_site_whose_turn_has_come_is_due_now(seconds: float, told: str) -> None:
    assert _ahead(NOW + timedelta(seconds=seconds), NOW) == told


def test_a_site_that_is_being_crawled_has_no_turn() -> None:
    assert _ahead(None, NOW) == ""
