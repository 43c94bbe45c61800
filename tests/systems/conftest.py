"""The programs that make sites, each in its pinned version, in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.programs import installed


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of their commands."""
    return installed(tmp_path_factory.mktemp("programs") / "venv", "systems.txt", "make test-systems")
