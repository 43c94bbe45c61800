"""What a test needs of the machine, and what becomes of it where that is missing."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skips the test; fails it where CI=true, so that nothing goes untested there without a word."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
