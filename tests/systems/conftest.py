"""The programs that make sites, each in its pinned version, in a folder of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.harness import ROOT
from tests.support.patience import PATIENCE


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of their commands."""
    uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    if not Path(uv).exists():
        pytest.skip("uv is not there: `make test-systems` gets it")
    home = tmp_path_factory.mktemp("programs") / "venv"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, home], check=True, timeout=PATIENCE)
    install: list[str | Path] = [
        uv,
        "pip",
        "install",
        "-q",
        "--python",
        home / "bin" / "python",
        "-r",
        ROOT / "requirements/systems.txt",
    ]
    done = subprocess.run(install, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        pytest.skip(f"the programs cannot be installed: {done.stderr.strip()[-300:]}")
    return home / "bin"
