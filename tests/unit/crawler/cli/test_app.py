"""The command as a process: how it is started, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support import commands
from tests.support.patience import PATIENCE, wait_for
from tests.support.requirements import missing

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
    env = os.environ | {"ARSHIF_CONFIG": str(tmp_path / "config"), "COLUMNS": commands.COLUMNS}
    said = {}
    for options in ((), ("--json",)):
        with (tmp_path / "out").open("w+") as out, (tmp_path / "err").open("w+") as err:
            ended = commands.run("crawler.cli", [*command, *options], env, out, err, PATIENCE)
            assert ended == status, "the same with --json and without"
            out.seek(0)
            err.seek(0)
            said[options] = out.read(), err.read()
    for_people, (printed, complained) = said[()], said["--json",]
    assert for_people[0] == ""
    told = json.loads(printed)
    assert (told["code"], told["exit_code"]) == (code, status)
    assert json.loads(json.dumps(told["params"]).replace(str(tmp_path), "FOLDER")) == params
    assert told["error"] in " ".join(for_people[1].replace("arshif: ", "").split()), "the sentence for people"
    assert complained == ""


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


def test_the_documented_line_installs_completion_for_bash(tmp_path: Path) -> None:
    def bash(line: str) -> str:
        return shell(tmp_path, ["bash", "--norc", "-c", f"{line}; :"])  # not by exec: the command finds its shell

    assert "bash completion installed" in bash(INSTALL)
    completed = "COMP_WORDS=(arshif manif); COMP_CWORD=1; _arshif_completion arshif; echo ${COMPREPLY[@]}"
    assert bash(f". ~/.bashrc; {completed}") == "manifest\n"


def test_the_documented_line_installs_completion_for_fish(tmp_path: Path) -> None:
    fish = needed("fish")
    assert "fish completion installed" in shell(tmp_path, [fish, "-c", f"{INSTALL}; true"])
    found = shell(tmp_path, [fish, "-c", 'complete -C "arshif manif"; complete -C "arshif search --lim"'])
    assert [line.split("\t")[0] for line in found.splitlines()] == ["manifest", "--limit"]


def test_the_documented_line_installs_completion_for_zsh(tmp_path: Path) -> None:
    """Of which there is none without a terminal."""
    zsh = needed("zsh")
    assert "zsh completion installed" in shell(tmp_path, [zsh, "-f", "-c", f"{INSTALL}; :"])
    master, slave = pty.openpty()
    seen = b""

    def told(what: bytes) -> bool:
        nonlocal seen
        while select.select([master], [], [], 0)[0]:
            seen += os.read(master, 65_536)
        return what in seen

    process = subprocess.Popen([zsh, "-i"], stdin=slave, stdout=slave, stderr=slave, env=home(tmp_path), cwd=ROOT)
    try:
        os.write(master, b"PS1=ready'>'\n")
        wait_for(lambda: told(b"ready>"), lambda: repr(seen))
        os.write(master, b"arshif manif\t")  # the first Tab of this terminal
        wait_for(lambda: told(b"manif" + b"est"), lambda: repr(seen))
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


INSTALL = "arshif --install-completion"


def needed(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        missing(f"no {name} here, whose completion is tried: apt install {name}")
    return found


def home(folder: Path) -> dict[str, str]:
    """An environment whose home is this folder, and in which `arshif` is found."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return {"HOME": str(folder), "PATH": path, "PYTHONPATH": str(ROOT), "TERM": "xterm"}


def shell(folder: Path, command: list[str]) -> str:
    """What a shell whose home is this folder prints."""
    return subprocess.run(command, cwd=ROOT, env=home(folder), capture_output=True, text=True, check=True).stdout
