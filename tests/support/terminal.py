"""Commands on a terminal, as people give them: a pseudo-terminal, and what is on it afterwards."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from tests.support.commands import ROOT
from tests.support.patience import PATIENCE


def shown(env: Mapping[str, str], *arguments: str, code: int = 0, both: bool = False) -> str:
    """What `arshif` with these arguments writes to a terminal as its standard error, or as `both` its outputs; its exit
    code must be `code`."""
    return shown_of([sys.executable, "-m", "crawler.cli", *arguments], env, code=code, both=both)


def shown_of(command: Sequence[str | Path], env: Mapping[str, str], *, code: int = 0, both: bool = False) -> str:
    """The same of any command."""
    master, slave = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # the terminal is gone with the last process that has it
            while piece := os.read(master, 65_536):
                seen.append(piece)

    reader = Thread(target=read)
    reader.start()
    done = subprocess.run(
        command, cwd=ROOT, env={**env, "TERM": "xterm"},
        stdout=slave if both else subprocess.PIPE, stderr=slave, timeout=PATIENCE, check=False,
    )  # fmt: skip
    os.close(slave)
    reader.join(PATIENCE)
    os.close(master)
    text = b"".join(seen).decode("utf-8", "replace")
    assert done.returncode == code, text
    return text


def plain(text: str) -> str:
    """A text without what moves the cursor and colours letters, in lines as a file has them."""
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")
