"""Our own YAML files: read by libyaml as by the reader that is written in Python."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import crawler
from crawler import data_files

FILES = sorted(Path(crawler.__file__).parent.rglob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_both_readers_agree(file: Path) -> None:
    text = file.read_text("utf-8")
    assert data_files.read(text) == yaml.safe_load(text)
