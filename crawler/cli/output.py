"""What a command writes for `--out`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from crawler.cli.options import STDOUT
from index.atomic_files import new_file


def write_output(out: Path, pieces: Iterable[bytes]) -> None:
    """Writes to standard output for STDOUT, else a new file, whole or not at all."""
    if out == STDOUT:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
        return
    with new_file(out) as file:
        file.writelines(pieces)
