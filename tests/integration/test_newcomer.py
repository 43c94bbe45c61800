"""docs/newcomer.md: each of its commands prints what stands there, in a folder of a newcomer's, on made-up sites.

Moments, ids, hashes, sizes, ports and folders differ from day to day, so that only their form counts. A line with
nothing but … stands for any lines. A command that ends with ^C runs until its lines have come, and is stopped then.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.harness import ROOT
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for

DOC = ROOT / "docs" / "newcomer.md"
SITE = "english"
ANY, STOP = "…", "^C"
# A shell's background jobs ignore Ctrl-C, and so would what they start: a newcomer's terminal has none of that
IN_FRONT = "env --default-signal=INT"
BLOCK = re.compile(r"<!-- (?P<event>[^\n]*?) -->|```console\n(?P<commands>.*?)```", re.DOTALL)
FORMS = [
    (r"\b[0-9a-f]{64}\b", "HASH"),
    (r"\b[a-z2-7]{26}\b", "ID"),
    (r"--cursor \S+", "--cursor CURSOR"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:?\d\d|Z)?|\d{1,2} \w+ 20\d\d, \d\d:\d\d UTC", "MOMENT"),
    (r"/\S*/arshif-demo-\w+", "/tmp/arshif-demo-0"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:0"),
    (r"\d+(\.\d+)? (ms|s|min|minutes|h|kB|MB|GB)\b", r"0 \2"),
    (r"[\d.]+ (expected by then|articles a day|articles per day)", r"0 \1"),
    (r"(?<=\S) {2,}", "  "),  # columns are as wide as what stands in them
]


@dataclass(frozen=True)
class Step:
    """A command of the document with its lines, or what happens meanwhile elsewhere."""

    command: str
    lines: tuple[str, ...]
    event: str = ""


def steps(text: str) -> Iterator[Step]:
    """What the document does, in its order."""
    for block in BLOCK.finditer(text):
        if event := block["event"]:
            yield Step("", (), event)
            continue
        for part in re.split(r"^\$ ", block["commands"], flags=re.MULTILINE)[1:]:
            command, _, said = part.partition("\n")
            yield Step(command, tuple(line.rstrip() for line in said.rstrip().splitlines()))


def form(line: str) -> str:
    """A line without what differs from day to day."""
    for pattern, instead in FORMS:
        line = re.sub(pattern, instead, line)
    return line.rstrip()


PROGRESS = re.compile(r"[\w-]+: [\d,]+ (of [\d,]+ )?\w+;")  # what a slow machine is told each half minute


def agrees(expected: tuple[str, ...], printed: str) -> bool:
    """Whether these lines were printed, and between them others only where a line stands for any."""
    rest = [form(line) for line in printed.rstrip().splitlines() if not PROGRESS.match(line)]
    pattern = "".join(r"(?:.*\n)*?" if line == ANY else re.escape(form(line)) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in rest)) is not None


class Terminal:
    """A newcomer's shell, with `arshif` on its path, from where only the made-up site can be reached."""

    def __init__(self, folder: Path, room: Newsroom, temporary: str) -> None:
        self.folder, self.start, self.log = folder, folder, folder / "out.log"
        own = {name: value for name, value in os.environ.items() if not name.startswith("ARSHIF_")}
        self.env = own | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ARSHIF_PROXY": room.proxy,
            "ARSHIF_ALLOW_NETWORKS": "127.0.0.1/32",
            "ARSHIF_POLITENESS__DELAY": "0.05",
            "ARSHIF_WEB__PORT": str(free_port()),
            "TMPDIR": temporary,
            "COLUMNS": "120",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def run(self, step: Step) -> str:
        """What a command prints, on both outputs; the folder stands there as the document writes it."""
        if step.command.startswith("cd "):
            self.folder = self.folder / step.command.removeprefix("cd ")
            return ""
        lasting = step.lines[-1:] == (STOP,)
        with self.log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {IN_FRONT} {step.command}" if lasting else step.command],
                cwd=self.folder, env=self.env, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
            try:
                if lasting:
                    there = (*step.lines[:-1], ANY)
                    wait_for(lambda: agrees(there, self.said()) or process.poll() is not None, self.said)
                    process.send_signal(signal.SIGINT)
                process.wait(PATIENCE)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        return self.said()

    def said(self) -> str:
        """What the last command has printed so far."""
        return self.log.read_text("utf-8", "replace").replace(str(self.start), ANY)


def free_port() -> int:
    """A port of loopback on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def happenings(room: Newsroom) -> dict[str, Callable[[], object]]:
    """What the document's comments let happen at the site."""
    newest = room.articles(SITE)[0]
    return {
        "the site edits its newest article": lambda: room.edit(SITE, newest.slug),
        "the site is away": lambda: room.fail(SITE, 503),
    }


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=(SITE,)) as room:
        yield room


@pytest.fixture
def temporary() -> Iterator[str]:
    """A folder for temporary files with a short path: Chromium does not start where that of a socket is too long."""
    with tempfile.TemporaryDirectory(prefix="arshif-") as folder:
        yield folder


def test_the_first_ten_minutes_are_as_told(room: Newsroom, tmp_path: Path, temporary: str) -> None:
    terminal, happens = Terminal(tmp_path, room, temporary), happenings(room)
    told = list(steps(DOC.read_text("utf-8")))
    assert {step.event for step in told} >= set(happens)
    for step in told:
        if step.event:
            happens[step.event]()
            continue
        printed = terminal.run(step)
        expected = tuple(line for line in step.lines if line != STOP)
        lasting = expected != step.lines
        assert agrees((*expected, ANY) if lasting else expected, printed), f"$ {step.command}\n{printed}"


def test_a_line_that_is_not_printed_is_noticed() -> None:
    said = "version 1, seen 2026-11-29 14:51:08\nversion 2, seen 2026-11-29 14:51:48\n"
    assert agrees(("version 1, seen 2025-01-01 10:00:00", ANY), said)
    assert not agrees(("version 1, seen 2025-01-01 10:00:00",), said)
    assert not agrees(("version 3, seen 2025-01-01 10:00:00", ANY), said)
