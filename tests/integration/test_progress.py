"""Commands that can take long show how far they are, on a terminal, and end with nothing of it on the screen."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from tests.integration.harness import ROOT, Harness, crawled
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with Newsroom(via="proxy", only=("fr", "fa")) as room:
        yield crawled(Harness(room, tmp_path_factory.mktemp("small")))


def on_terminal(house: Harness, *arguments: str) -> str:
    """What the command writes to a terminal as its standard error; its exit code must be 0."""
    master, slave = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # the terminal is gone with the last process that has it
            while piece := os.read(master, 65_536):
                seen.append(piece)

    reader = Thread(target=read)
    reader.start()
    done = subprocess.run(
        [sys.executable, "-m", "crawler.cli", *arguments], cwd=ROOT, env=house.env | {"TERM": "xterm"},
        stdout=subprocess.PIPE, stderr=slave, timeout=PATIENCE, check=False,
    )  # fmt: skip
    os.close(slave)
    reader.join(PATIENCE)
    os.close(master)
    text = b"".join(seen).decode("utf-8", "replace")
    assert done.returncode == 0, text
    return text


def test_a_crawl_shows_its_sites(small: Harness) -> None:
    for _ in range(3):
        small.room.publish("fr")
    shown = on_terminal(small, "crawl")
    assert re.search(r"crawl .*of 2 sites", shown)
    assert re.search(r"\d+ found, \d+ fetched, \d+ new", shown)
    assert re.search(r"\x1b\[\?25h\r(\x1b\[1A\x1b\[2K)+\s*$", shown), "the cursor is back, the bars are gone"


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        (("reextract",), r"reextract .*of \d+ articles; \d+ differ"),
        (("export", "search", "--out", "FOLDER/all.jsonl"), r"export .*of \d+ articles"),
        (("export", "warc", "FOLDER/all.warc.gz"), r"export .*of \d+ raw copies"),
        (("backup", "FOLDER/copy"), r"backup .* of [\d.]+ [kM]B"),
        (("restore", "FOLDER/copy", "--force"), r"restore .* of [\d.]+ [kM]B"),
        (("index", "rebuild"), r"index .*of \d+ documents"),
        (("index", "verify"), r"verify .*of \d+ documents"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_command_that_can_take_long_shows_how_far_it_is(
    small: Harness, tmp_path_factory: pytest.TempPathFactory, command: tuple[str, ...], seen: str
) -> None:
    folder = Path(tmp_path_factory.getbasetemp()) / "progress"
    folder.mkdir(exist_ok=True)
    shown = on_terminal(small, *(word.replace("FOLDER", str(folder)) for word in command))
    assert re.search(seen, re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown))


def test_elsewhere_a_short_command_writes_only_what_it_did(small: Harness, tmp_path: Path) -> None:
    small.arshif("backup", str(tmp_path / "copy"))
    assert small.log == ""
