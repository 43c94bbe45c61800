"""Commands of other people's programs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.patience import PATIENCE


def run(*command: str | Path, cwd: Path | None = None, **env: str) -> str:
    """What a command says, which must succeed."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
