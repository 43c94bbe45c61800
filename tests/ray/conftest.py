"""Ray, in its pinned version and a folder of its own, and a cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.integration.harness import ROOT
from tests.support.patience import PATIENCE
from tests.support.programs import uv_of
from tests.support.requirements import missing


@dataclass(frozen=True)
class Nodes:
    """A cluster: the address of its client server, what the environment of a program must have that uses it, and the
    process that starts and ends its nodes."""

    address: str
    environment: dict[str, str]
    process: subprocess.Popen[str]

    def tell(self, command: str) -> None:
        """Have a node killed or added, and wait until it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        assert self._line() == command

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture(scope="session")
def ray_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the environment of a program must have to find Ray, which keeps its token in the home of its user."""
    home, uv = tmp_path_factory.mktemp("ray"), uv_of("make test-ray")
    lock = ROOT / "requirements" / "ray.lock"
    install = [uv, "pip", "install", "-q", "--python", sys.executable, "--target", home / "packages"]
    done = subprocess.run(
        [*install, "--require-hashes", "-r", lock], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        missing(f"Ray cannot be installed: {done.stderr.strip()[-300:]}")
    return {"PYTHONPATH": str(home / "packages"), "HOME": str(home), "RAY_USAGE_STATS_ENABLED": "0"}


@pytest.fixture(scope="session")
def cluster(ray_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A cluster of two nodes with one processor each, and a head without any."""
    log = (tmp_path_factory.mktemp("nodes") / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ray.nodes", str(os.getpid())],
        cwd=ROOT,
        env=os.environ | ray_environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with log, process:
        address = process.stdout.readline().strip()
        if not address:
            log.seek(0)
            pytest.fail(f"the cluster did not start: {log.read()[-2_000:]}")
        yield Nodes(address, ray_environment, process)
        process.stdin.close()  # then it ends its nodes
        assert process.wait(PATIENCE) == 0
