"""The wheel, installed into a clean environment, does its job there: init, doctor, a crawl, a search."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.integration.harness import ROOT
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make wheel` builds it."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=PATIENCE)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def arshif(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in a clean environment: Arshif is the wheel's, the locked packages that it needs are linked in."""
    home = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-deps"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, timeout=PATIENCE)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "locked.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    # An editable install of this tree would come along and hide the wheel.
    where = "import crawler, index, spiders; print(crawler.__file__, index.__file__, spiders.__file__)"
    at = subprocess.run([python, "-c", where], cwd=home, check=True, capture_output=True, text=True).stdout.split()
    assert all(Path(file).is_relative_to(packages) for file in at), at
    return home / "bin" / "arshif"


def run(arshif: Path, cwd: Path, *arguments: str, code: int = 0, **env: str) -> str:
    """What the installed command prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ARSHIF", "PYTHON"))}
    done = subprocess.run(
        [arshif, *arguments], cwd=cwd, env=clean | env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_it_carries_what_it_needs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "crawler/_config/arshif.yaml",
        "crawler/_config/sites/sy/step.yaml",
        "crawler/extract/dom_pruning.yaml",
        "crawler/boilerplate/phrases/ar.yaml",
        "index/archive/migrations/versions/r0001_first_tables.py",
        "index/web/templates/search.html",
        "spiders/site.py",
    ):
        assert needed in names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"arshif", "crawler", "index", "spiders"}


def test_it_writes_a_configuration_and_looks_at_it(arshif: Path, tmp_path: Path) -> None:
    run(arshif, tmp_path, "init", "mine")
    assert (tmp_path / "mine" / "config" / "sites" / "sy" / "step.yaml").is_file()
    told = run(arshif, tmp_path / "mine", "doctor", "--json", code=1)
    verdicts = {finding["what"]: finding["verdict"] for finding in json.loads(told)}
    assert verdicts.pop("contact") == "fail"  # until its user writes one
    assert verdicts["archive"] == verdicts["index"] == verdicts["disk"] == "ok"


def test_it_crawls_and_finds(arshif: Path, tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("jannah",)) as room:
        config = str(room.config(tmp_path / "config"))
        record = json.loads(run(arshif, tmp_path, "crawl", "--json", ARSHIF_CONFIG=config))
        assert sum(part["counts"]["stored"] for part in record["sites"]) == len(room.articles("jannah"))
        founding = room.article("jannah", "founding").headline
    hits = json.loads(run(arshif, tmp_path, "search", "البوكمال", "--json", ARSHIF_CONFIG=config))["hits"]
    assert founding in [hit["headline"] for hit in hits]
