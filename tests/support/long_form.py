"""The long form of tests, which take many minutes: `make test-long` runs it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., Any])
LONG = bool(os.environ.get("ARSHIF_TEST_LONG"))  # set by `make test-long`: more kills, more articles, more inputs
LONG_MARKS = [pytest.mark.long] if LONG else []  # of tests that have both forms


def in_both_forms(test: Test) -> Test:
    """The test, which runs in the usual form too."""
    return pytest.mark.long(test) if LONG else test
