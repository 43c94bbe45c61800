"""Other people's programs, in pinned versions and a folder of their own, without Arshif."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.harness import ROOT
from tests.support.patience import PATIENCE


def uv_of(command: str) -> str:
    """Where uv is; `command` is the one that the test is run by."""
    uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    if not Path(uv).exists():
        pytest.skip(f"uv is not there: `{command}` gets it")
    return uv


def installed(home: Path, requirements: str, command: str) -> Path:
    """The folder of their commands, Python among them, once `home` has a virtual environment with what this file in
    requirements/ names; `command` is the one that the test is run by."""
    uv = uv_of(command)
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, home], check=True, timeout=PATIENCE)
    install = [
        uv,
        "pip",
        "install",
        "-q",
        "--python",
        home / "bin" / "python",
        "-r",
        ROOT / "requirements" / requirements,
    ]
    done = subprocess.run(install, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        pytest.skip(f"the programs cannot be installed: {done.stderr.strip()[-300:]}")
    return home / "bin"
