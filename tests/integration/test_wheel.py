"""The wheel, installed into a clean environment, does its job there: init, doctor, crawl, search, run, demo."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.integration.daemon_process import free_port
from tests.integration.harness import ROOT, started
from tests.support import loopback
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make wheel` builds it."""
    return built(ROOT, tmp_path_factory.mktemp("dist"))


def built(tree: Path, out: Path) -> Path:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(tree)]
    subprocess.run(build, check=True, capture_output=True, timeout=PATIENCE)
    (made,) = out.glob("*.whl")
    return made


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
    done = subprocess.run(
        [arshif, *arguments], cwd=cwd, env=clean(**env), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def clean(**env: str) -> dict[str, str]:
    """The environment of whoever has the wheel and no clone."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ARSHIF", "PYTHON"))} | env


def test_it_carries_what_it_needs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "crawler/_config/arshif.yaml",
        "crawler/_config/sites/sy/step.yaml",
        "crawler/_newsroom/data/arabic2.txt",
        "crawler/_newsroom/templates/jannah/article.html",
        "spiders/samples/feed.xml",
        "crawler/extract/dom_pruning.yaml",
        "crawler/boilerplate/phrases/ar.yaml",
        "index/archive/migrations/versions/r0001_first_tables.py",
        "index/web/templates/search.html",
        "spiders/site.py",
    ):
        assert needed in names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"arshif", "crawler", "index", "spiders"}


def test_no_text_in_it_names_a_makefile_which_it_has_not(wheel: Path) -> None:
    """Neither its messages, pages and files nor what its code says; a comment in the code is for those who have all."""
    targets = re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"))
    asked = re.compile(rf"\bmake ({'|'.join(targets)})\b")
    assert asked.search("run `make elasticsearch` first")
    with zipfile.ZipFile(wheel) as content:
        texts = {
            name: content.read(name).decode("utf-8", "replace")
            for name in content.namelist()
            if ".dist-info/" not in name
        }
    assert [name for name, text in texts.items() if asked.search(_said(name, text))] == []


def _said(name: str, text: str) -> str:
    if not name.endswith(".py"):
        return text
    constants = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return "\n".join(value for value in constants if isinstance(value, str))


def test_the_same_sources_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    """Elsewhere, by somebody else, on another day: https://reproducible-builds.org/docs/definition/"""
    for name in ("crawler", "spiders", "index", "config", "tests/support/news_sites"):
        shutil.copytree(
            ROOT / name, tmp_path / "tree" / name, copy_function=shutil.copyfile
        )  # with other times and modes
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copyfile(ROOT / name, tmp_path / "tree" / name)
    assert built(tmp_path / "tree", tmp_path / "dist").read_bytes() == wheel.read_bytes()


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


def test_it_runs_and_serves_the_page_until_it_is_told_to_end(arshif: Path, tmp_path: Path) -> None:
    log, port = tmp_path / "run.log", free_port()
    page = f"http://127.0.0.1:{port}"
    with Newsroom(via="proxy", only=("jannah",)) as room:
        env = {"ARSHIF_CONFIG": str(room.config(tmp_path / "config")), "ARSHIF_WEB__PORT": str(port)}
        founding = room.article("jannah", "founding").headline
        with started([arshif, "run"], log, tmp_path, clean(**env)) as process:
            wait_for(lambda: re.search(r"daemon: run \d+: ok; \d+ new", log.read_text("utf-8")), log.read_text)
            found = wait_for(
                lambda: loopback.get(f"{page}/api/search", params={"q": "البوكمال"}).json()["hits"],
                log.read_text,
            )
            assert founding in [hit["headline"] for hit in found]
            read = loopback.get(f"{page}/articles/{found[0]['archive']['id']}")
            assert (read.status_code, "البوكمال" in read.text) == (200, True)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, log.read_text("utf-8")
    assert "Traceback" not in log.read_text("utf-8")


def test_it_shows_the_demo_and_leaves_nothing(arshif: Path, tmp_path: Path) -> None:
    assert_demo(arshif, tmp_path)


def assert_demo(arshif: Path, tmp_path: Path) -> None:
    """This command shows the demo: a crawl ends, what it stored is found, and nothing stays."""
    log, folder = tmp_path / "demo.log", tmp_path / "tmp"
    folder.mkdir()
    with started([arshif, "demo"], log, tmp_path, clean(TMPDIR=str(folder))) as process:
        wait_for(
            lambda: re.search(r"daemon: run \d+: ok; \d+ new", log.read_text("utf-8")), lambda: log.read_text("utf-8")
        )
        command = re.search(r"Search: ARSHIF_CONFIG=(\S+) (\S+) search", log.read_text("utf-8"))
        assert command
        config = Path(command[1])
        assert Path(command[2]).samefile(arshif)
        wait_for(lambda: json.loads(run(arshif, tmp_path, "search", "--json", ARSHIF_CONFIG=str(config)))["total"] > 0)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0, log.read_text("utf-8")
    assert list(folder.glob("arshif-demo-*")) == []
    assert "Traceback" not in log.read_text("utf-8")
    assert "make" not in log.read_text("utf-8").replace("made", ""), "an installed Arshif has no Makefile"
