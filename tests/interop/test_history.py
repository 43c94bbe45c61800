"""docs/history.ipynb, from CC-NEWS' list to a plot: `make test-interop`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.history_notebook import NOTEBOOK, executed

pytestmark = pytest.mark.interop


def shown(notebook: dict[str, Any]) -> list[tuple[str, Any]]:
    """What each output of a notebook says, a picture but that it is one."""
    found = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            said = output.get("text") or output.get("data", {}).get("text/plain")
            found.append((output["output_type"], "image/png" if "image/png" in output.get("data", {}) else said))
    return found


def test_the_notebook_shows_what_it_says(python: Path, tmp_path: Path) -> None:
    written = json.loads(NOTEBOOK.read_text("utf-8"))
    assert [said for _, said in shown(written)].count("image/png") == 1, "the plot"
    assert shown(executed(python, tmp_path)) == shown(written), "if that is how it is to be: make notebook"
