"""The pause between two requests to a host."""

from __future__ import annotations

import pytest

from crawler.fetch.politeness import MAX_DELAY_SECONDS, pause


@pytest.mark.parametrize(
    ("promised", "took", "walls", "seconds"),
    [
        (2.0, 0.1, 0, 2.0),
        (2.0, 7.0, 0, 7.0),
        (2.0, 500.0, 0, MAX_DELAY_SECONDS),
        (2.0, 0.1, 3, 16.0),
        (0.0, 0.1, 1, 2.0),
        (2.0, 0.1, 30, MAX_DELAY_SECONDS),
        (90.0, 0.1, 1, 90.0),
    ],
)
def test_the_pause_is_as_promised_or_longer(promised: float, took: float, walls: int, seconds: float) -> None:
    assert pause(promised, took, walls) == seconds
