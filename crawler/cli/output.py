"""The output of the commands that have `--out`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from crawler.cli.options import STDOUT
from index.atomic_files import new_file


def write_output(out: Path, pieces: Iterable[bytes]) -> None:
    """Writes to standard output if `out` is STDOUT, else to a new file, which is complete or not there at all.

    :raises FileThere: when the file exists already.
    :raises ArchiveError: when it cannot be written.
    """
    if out == STDOUT:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
        return
    with new_file(out) as file:
        file.writelines(pieces)
