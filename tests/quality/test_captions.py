"""Captions of lead images on the saved pages: floors under what `make bench-captions` prints."""

from __future__ import annotations

import pytest

from bench.captions import PAGES, Case, cases
from tests.quality.measures import mean

pytestmark = pytest.mark.skipif(
    not PAGES.is_dir(),
    reason="the saved pages (../shared/pages/open) are not there: they are no part of this repository",
)
EQUAL, OVERLAP = 0.77, 0.84  # of 112 pages, as measured when this was written, less two hundredths
LEAKED = 0.01


@pytest.fixture(scope="module")
def found() -> list[Case]:
    return list(cases())


def test_captions_are_read(found: list[Case]) -> None:
    assert len(found) > 100
    assert mean(float(case.equal) for case in found) >= EQUAL
    assert mean(case.overlap for case in found) >= OVERLAP


def test_captions_are_not_in_the_text(found: list[Case]) -> None:
    leaked = [case.name for case in found if case.leaked]
    assert len(leaked) <= LEAKED * len(found), leaked


def test_the_measure_itself() -> None:
    case = Case("x", wanted="حقل قمح في الريف", said="حقلُ قمح", leaked=False)
    assert not case.equal
    assert case.overlap == pytest.approx(2 * 2 / 6)
    assert Case("x", "A Field.", "a field", leaked=False).equal
