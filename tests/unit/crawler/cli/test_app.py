"""The command as a process: how it is started, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
LIST_SITES = {"code": "command.list_sites", "params": {}}
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


def test_it_tells_its_version() -> None:
    shown = subprocess.run([*ENTRY_POINTS["arshif"], "--version"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout == f"arshif {version('arshif')}\n"


@pytest.mark.parametrize(
    ("command", "status", "code", "params"),
    [
        (
            ("crawl", "mina"),
            2,
            "command.no_site",
            {"given": "mina", "hint": LIST_SITES},
        ),
        (("show", "nosuch"), 1, "command.no_archive", {"place": "FOLDER/data/archive.sqlite3"}),
        (("export", "sites"), 2, "error.usage", {}),
        (("crawl", "--since", "30x"), 2, "error.usage", {}),
        (("search", "--sort", "best"), 2, "error.usage", {}),
        (("sites", "add", "nowhere.example", "--id", "Mina"), 2, "command.bad_id", {"given": "Mina"}),
        (("sites", "add", "nowhere.example", "--country", "Syria"), 2, "command.bad_country", {"given": "Syria"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_with_json_an_error_is_an_object_with_its_code_and_parameters(
    tmp_path: Path, command: tuple[str, ...], status: int, code: str, params: dict[str, object]
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "arshif.yaml").write_text("contact: a@b.example\n", "utf-8")
    said = {}
    for options in ((), ("--json",)):
        ended = subprocess.run(
            [*ENTRY_POINTS["arshif"], *command, *options], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ended.returncode == status, "the same with --json and without"
        said[options] = ended
    assert said[()].stdout == ""
    told = json.loads(said["--json",].stdout)
    assert (told["code"], told["exit_code"]) == (code, status)
    assert json.loads(json.dumps(told["params"]).replace(str(tmp_path), "FOLDER")) == params
    assert told["error"] in " ".join(said[()].stderr.replace("arshif: ", "").split()), "the sentence for people"
    assert said["--json",].stderr == ""


# --- completion ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"_ARSHIF_COMPLETE": "complete_bash", "COMP_WORDS": "arshif sta", "COMP_CWORD": "1"}, "status"),
        ({"_ARSHIF_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "arshif sta"}, '"status":"Show each site'),
        (
            {
                "_ARSHIF_COMPLETE": "complete_fish",
                "_TYPER_COMPLETE_ARGS": "arshif sta",
                "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            },
            "status\tShow each site",
        ),
    ],
    ids=["bash", "zsh", "fish"],
)
def test_a_shell_is_told_how_a_word_may_end(asked: dict[str, str], told: str) -> None:
    env = {"PYTHONPATH": str(ROOT)} | asked
    ended = subprocess.run(ENTRY_POINTS["arshif"], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert told in ended.stdout
    assert "search" not in ended.stdout


def test_the_documented_line_installs_completion(tmp_path: Path) -> None:
    folder = Path(sys.executable).parent
    env = {"HOME": str(tmp_path), "PATH": f"{folder}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}

    def bash(line: str) -> str:
        command = ["bash", "--norc", "-c", f"{line}; :"]  # not by exec, so that the command finds its shell
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout

    assert "bash completion installed" in bash("arshif --install-completion")
    completed = "COMP_WORDS=(arshif manif); COMP_CWORD=1; _arshif_completion arshif; echo ${COMPREPLY[@]}"
    assert bash(f". ~/.bashrc; {completed}") == "manifest\n"
