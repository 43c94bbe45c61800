"""The import contracts of pyproject.toml hold, and the one against circles fails for each kind of circle."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"

STRAIGHT = {
    "__init__.py": "",
    "low.py": "",
    "shelf/__init__.py": "from house.shelf import page",
    "shelf/book.py": "from house import low",
    "shelf/page.py": "from house.shelf import book",
    "desk/__init__.py": "",
    "desk/lamp.py": "import house.shelf.page",
    "desk/pen.py": "",
}


def contracts() -> list[dict[str, Any]]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    assert not config.get("exclude_type_checking_imports", False)
    found: list[dict[str, Any]] = config["contracts"]
    return found


def lint(config: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT, "--config", str(config), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def lint_house(folder: Path, **files: str) -> subprocess.CompletedProcess[str]:
    """What the project's own contract against circles says of a package `house`, with these files in place of some."""
    [contract] = [one for one in contracts() if one["type"] == "acyclic_siblings"]
    changed = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    assert changed.keys() <= STRAIGHT.keys()
    for name, text in (STRAIGHT | changed).items():
        path = folder / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    mine = contract | {"ancestors": ["house"], "ignore_imports": []}
    config = folder / "contracts.toml"
    config.write_text(
        '[tool.importlinter]\nroot_package = "house"\n\n[[tool.importlinter.contracts]]\n'
        + "\n".join(f"{key} = {json.dumps(value)}" for key, value in mine.items())
    )
    return lint(config, folder)


def test_the_contracts_hold() -> None:
    found = lint(ROOT / "pyproject.toml", ROOT)
    assert found.returncode == 0, found.stdout


def test_the_contract_against_circles_is_for_all_packages() -> None:
    [contract] = [one for one in contracts() if one["type"] == "acyclic_siblings"]
    assert set(contract["ancestors"]) == {"crawler", "index", "spiders"}
    assert "skip_descendants" not in contract
    assert "depth" not in contract


def test_imports_in_one_direction_are_no_circle(tmp_path: Path) -> None:
    found = lint_house(tmp_path)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"shelf__book": "import house.shelf.page"}, "house.shelf"),
        (
            {
                "shelf__book": "from typing import TYPE_CHECKING\n\n"
                "if TYPE_CHECKING:\n    from house.shelf.page import book\n"
            },
            "house.shelf",
        ),
        ({"shelf__book": "def read():\n    from house.shelf import page\n"}, "house.shelf"),
        ({"low": "import house.shelf.book"}, "house"),  # a package, and a file beside it
        ({"shelf__book": "import house.desk.pen"}, "house"),  # two packages, and no circle of files
    ],
    ids=["at the top", "for types only", "within a function", "file and package", "two packages"],
)
def test_a_circle_breaks_the_contract(tmp_path: Path, files: dict[str, str], where: str) -> None:
    found = lint_house(tmp_path, **files)
    assert found.returncode == 1, found.stdout + found.stderr
    assert f"No cycles are allowed in {where}." in found.stdout
