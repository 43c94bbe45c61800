"""Service: the daemon as a person or a service manager runs it, with its page, its children and its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil

from tests.integration.harness import ROOT, Harness
from tests.support import commands, loopback
from tests.support.patience import PATIENCE, wait_for

T = TypeVar("T")
Process = commands.Command | subprocess.Popen[bytes]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Service:
    """A daemon that runs in a house."""

    def __init__(self, house: Harness, process: Process, log: Path, port: int) -> None:
        self.house = house
        self.process = process
        self._log = log
        self.page = f"http://127.0.0.1:{port}"

    @property
    def log(self) -> str:
        """What it and its children have said so far."""
        return self._log.read_text("utf-8")

    def wait_for(self, what: Callable[[], T]) -> T:
        """As the function of that name; where it waits in vain, as for a daemon that has ended, the log is told."""

        def seen() -> T:
            ended = self.process.poll()
            found = what()
            assert found or ended is None, f"it ended with {ended}\n{self.log[-6000:]}"
            return found

        return wait_for(seen, lambda: self.log[-6000:])

    def says(self, text: str) -> None:
        """Waits until it says this."""
        self.wait_for(lambda: text in self.log)

    def found(self, words: str) -> list[dict[str, Any]]:
        """What its page finds."""
        hits: list[dict[str, Any]] = (
            loopback.get(f"{self.page}/api/search", params={"q": words}).raise_for_status().json()["hits"]
        )
        return hits

    def children(self, command: str = "") -> list[psutil.Process]:
        """Its children that run this command of Arshif's; one that has just ended (a zombie has no command) is none."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if command in child.cmdline():
                    found.append(child)
        return found

    def family(self) -> list[psutil.Process]:
        """All that it started, and what those did."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit code after this signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def daemon(
    house: Harness,
    *arguments: str,
    port: int = 0,
    code: Sequence[str] = (),
    within: Sequence[str] = (),
) -> Iterator[Service]:
    """`arshif run` for the length of the block; whatever happens there, nothing of it is left. `within` is a command
    that runs it, and `code` what Python is started with, `-m crawler.cli` by default; without `within` it is forked
    from what has loaded what it needs."""
    port = port or free_port()
    log = house.directory / f"run-{time.monotonic_ns()}.log"
    environment = house.env | {"ARSHIF_WEB__PORT": str(port)}
    with log.open("wb") as out:
        process = (
            subprocess.Popen(
                [*within, sys.executable, *(code or ("-m", "crawler.cli")), "run", *arguments],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
            )
            if within
            else commands.start(*(code or ["crawler.cli"])[:1], [*code[1:], "run", *arguments], environment, out, out)
        )
    service = Service(house, process, log, port)
    family: list[psutil.Process] = []
    try:
        yield service
    finally:
        with suppress(psutil.NoSuchProcess):
            family = service.family()
        process.kill()
        process.wait()
        for child in family:
            with suppress(psutil.NoSuchProcess):
                os.kill(child.pid, signal.SIGKILL)
