"""The command as a process: how it is started, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
ENTRY_POINTS = {
    "arshif": [str(Path(sys.executable).with_name("arshif"))],
    "python -m crawler.cli": [sys.executable, "-m", "crawler.cli"],
}
SLOW = {
    "asyncio",
    "babel",
    "dateparser",
    "lxml",
    "numpy",
    "pydantic",
    "scrapy",
    "sqlalchemy",
    "tantivy",
    "trafilatura",
    "twisted",
}


@pytest.mark.parametrize("command", ENTRY_POINTS.values(), ids=ENTRY_POINTS)
def test_each_way_to_start_it_reaches_the_commands(command: list[str]) -> None:
    ended = subprocess.run([*command, "sites", "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "sites [OPTIONS] COMMAND" in ended.stdout
    assert "import" in ended.stdout


def test_its_help_waits_for_none_of_the_libraries_that_take_long_to_import() -> None:
    listed = "import sys, crawler.cli.app; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", listed], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "typer" in loaded.stdout.split()
    assert SLOW.isdisjoint(loaded.stdout.split())


def test_an_error_that_a_person_can_act_on_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    command = [*ENTRY_POINTS["python -m crawler.cli"], "sites", "list"]
    env = {"ARSHIF_CONFIG": str(tmp_path / "none"), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("arshif: ")
    assert str(tmp_path / "none") in ended.stderr
    assert ended.stderr.count("\n") == 1
