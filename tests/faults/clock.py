"""A wall clock that jumps: for real processes, whose code does not know; the machine's own clock stays."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from pathlib import Path

from tests.support.patience import PATIENCE

SOURCE = Path(__file__).with_name("clock.c")


def can_jump() -> bool:
    """Whether there is a C compiler here, which it takes."""
    return shutil.which("cc") is not None


class Clock:
    """The wall clock of all processes that are started with `env`: `jump` moves it while they run."""

    def __init__(self, directory: Path) -> None:
        library, file = directory / "clock.so", directory / "clock"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True, timeout=PATIENCE)
        file.write_bytes(bytes(8))
        with file.open("r+b") as opened:
            self._page = mmap.mmap(opened.fileno(), 8)
        self.ahead = 0.0  # seconds
        self.env = {"LD_PRELOAD": str(library), "ARSHIF_TEST_CLOCK": str(file)}

    def jump(self, seconds: float) -> None:
        """Let it be so many seconds ahead of the machine's own (negative: behind)."""
        self.ahead = seconds
        self._page[:] = struct.pack("<q", int(seconds))
