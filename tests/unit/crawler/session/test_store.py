"""A crawl that cannot have its stores leaves nothing open that its end would write to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from crawler.config import load
from crawler.errors import ArchiveError
from crawler.session.store import SessionStore


def test_without_a_place_for_raw_copies_none_is_open(tmp_path: Path) -> None:
    (tmp_path / "arshif.yaml").write_text("least_free: 1\n", "utf-8")
    (tmp_path / "file").touch()
    env = {"ARSHIF_DATA": str(tmp_path / "data"), "ARSHIF_RAW__URL": f"file://{tmp_path / 'file'}"}
    store = SessionStore(load(tmp_path, env), None, pytest.fail)
    with pytest.raises(ArchiveError):
        asyncio.run(store.open(["step"]))
    assert not store.is_open
