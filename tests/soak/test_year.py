"""The year at speed in its short form: some hundred runs over three years, in which half a year is over and over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.clock import can_jump
from tests.soak import year
from tests.support.requirements import missing

RUNS, DAYS = 300, 3 * 365


@pytest.mark.long
@pytest.mark.timeout(0)
def test_nothing_is_lost_and_nothing_grows_but_with_the_articles(tmp_path: Path) -> None:
    if not can_jump():
        missing("no C compiler here, which the clock takes")
    arguments = ["--runs", str(RUNS), "--days", str(DAYS), "--folder", str(tmp_path / "year")]
    assert year.main([*arguments, "--until", str(RUNS // 3)]) == 0, "it can be broken off"
    assert year.main(arguments) == 0
