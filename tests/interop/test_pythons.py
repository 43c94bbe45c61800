"""The wheel in each Python that it is for: all that it needs can be had as wheels, and where the interpreter is there,
the demo runs as after `pip install`.

An interpreter is `python3.14` on the PATH, or named in ARSHIF_TEST_PYTHONS, separated by colons.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.harness import ROOT
from tests.integration.test_wheel import assert_demo, built, run
from tests.support.patience import PATIENCE
from tests.support.programs import uv_of

pytestmark = pytest.mark.interop

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
TELL = "import sys; print('%d.%d' % sys.version_info[:2])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("dist"))


def _interpreter(version: str) -> str:
    named = os.environ.get("ARSHIF_TEST_PYTHONS", "").split(":")
    for path in filter(None, (*named, shutil.which(f"python{version}"))):
        told = subprocess.run([path, "-c", TELL], capture_output=True, text=True, timeout=PATIENCE, check=False)
        if told.stdout.strip() == version:
            return path
    pytest.skip(f"there is no Python {version} here: name one in ARSHIF_TEST_PYTHONS")


@pytest.mark.parametrize("version", VERSIONS)
def test_all_that_it_needs_can_be_had_without_a_compiler(version: str) -> None:
    command = [
        uv_of("make test-interop"), "pip", "compile", "-q", "--no-header", "--python-version", version,
        "--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:", "--all-extras", "pyproject.toml",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if "error sending request" in done.stderr.lower():
        pytest.skip(f"no package index can be reached: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr
    assert "scrapy==" in done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_the_demo_runs_as_after_pip_install(
    wheel: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, version: str
) -> None:
    python, uv, home = _interpreter(version), uv_of("make test-interop"), tmp_path_factory.mktemp("clean") / "venv"
    subprocess.run([uv, "venv", "-q", "--python", python, home], check=True, timeout=PATIENCE)
    install = [uv, "pip", "install", "-q", "--python", home / "bin" / "python", wheel]
    done = subprocess.run(install, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        pytest.skip(f"what it needs cannot be installed: {done.stderr.strip()[-300:]}")
    assert run(home / "bin" / "arshif", tmp_path, "--version").startswith("arshif ")
    assert_demo(home / "bin" / "arshif", tmp_path)
