"""Programs that Go builds for the tests, from sources that its checksum database knows."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from index.file_lock import hold
from tests.support.requirements import missing

UNOPTIMISED = ("-gcflags=all=-N -l", "-ldflags=-s -w")  # built in two thirds of the CPU time: 111 s where it took 160


def built(home: Path, module: str, version: str) -> Path:
    """The program of a module, which may take some minutes to build, once; it is kept in the folder `home`."""
    program = home / version / module.rpartition("/")[2]
    home.mkdir(exist_ok=True)
    with hold(home / "lock", wait=True):
        if program.exists():
            return program
        go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
        if go is None:
            missing(f"no Go here, with which {module} is built for the tests: https://go.dev/dl/")
        draft = home / "draft"
        with suppress(FileNotFoundError):
            shutil.rmtree(draft)
        done = subprocess.run(
            [go, "install", *UNOPTIMISED, f"{module}@{version}"],
            env=os.environ | {"GOBIN": str(draft), "GOFLAGS": "-mod=mod"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            missing(f"Go could not build {module}: {done.stderr.strip()[-500:]}")
        os.replace(draft, program.parent)
    return program
