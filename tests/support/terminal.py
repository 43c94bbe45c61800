"""Commands on a terminal, as people give them: a pseudo-terminal, and what is on it afterwards."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, Any

from tests.support import commands
from tests.support.patience import PATIENCE

Run = Callable[[dict[str, str], IO[Any], IO[Any]], int]


def shown(env: Mapping[str, str], *arguments: str, code: int = 0, both: bool = False) -> str:
    """What `arshif` with these arguments writes to a terminal as its standard error, or as `both` its outputs; its exit
    code must be `code`."""

    def run(env: dict[str, str], out: IO[Any], err: IO[Any]) -> int:
        return commands.run("crawler.cli", arguments, env, out, err, PATIENCE)

    return _on_terminal(run, env, code, both)


def shown_of(command: Sequence[str | Path], env: Mapping[str, str], *, code: int = 0, both: bool = False) -> str:
    """The same of any command."""

    def run(env: dict[str, str], out: IO[Any], err: IO[Any]) -> int:
        return subprocess.run(
            command, cwd=commands.ROOT, env=env, stdout=out, stderr=err, timeout=PATIENCE, check=False
        ).returncode

    return _on_terminal(run, env, code, both)


def _on_terminal(run: Run, env: Mapping[str, str], code: int, both: bool) -> str:
    master, slave = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # the terminal is gone with the last process that has it
            while piece := os.read(master, 65_536):
                seen.append(piece)

    reader = Thread(target=read)
    reader.start()
    with TemporaryFile() as aside, open(slave, "wb", buffering=0) as terminal:
        ended = run({**env, "TERM": commands.TERM}, terminal if both else aside, terminal)
    reader.join(PATIENCE)
    os.close(master)
    text = b"".join(seen).decode("utf-8", "replace")
    assert ended == code, text
    return text


def plain(text: str) -> str:
    """A text without what moves the cursor and colours letters, in lines as a file has them."""
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")
