"""`make demo`: a newcomer sees articles within a minute, without a network, and nothing is left over afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.harness import ROOT, started
from tests.support import loopback
from tests.support.patience import PATIENCE, wait_for


def demo(log: Path, **env: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """The demo, running; what it prints goes to the log."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ARSHIF_")}
    return started([sys.executable, "-m", "scripts.demo"], log, ROOT, clean | env)


def until(log: Path, pattern: str) -> re.Match[str]:
    """The first place in the log that matches, as soon as it is there."""
    found = wait_for(lambda: re.search(pattern, text(log)), lambda: f"{pattern} never came:\n{text(log)}")
    assert found
    return found


def text(log: Path) -> str:
    return log.read_text("utf-8", "replace")


def shown(page: str, least: int) -> tuple[int, str]:
    """How many articles the search page finds for nothing in particular, once it finds so many, and the newest
    headline."""

    def enough() -> dict[str, Any] | None:
        answer = loopback.get(f"{page}api/search", params={"q": ""})
        found: dict[str, Any] = answer.json()
        return found if answer.status_code == 200 and found["total"] >= least else None

    found = wait_for(enough)
    assert found
    return int(found["total"]), found["hits"][0]["headline"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder for what the demo makes, which the user of a PostgreSQL server can reach, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize(
    ("engine", "archive"),
    [
        ("embedded", "file"),
        pytest.param("elasticsearch", "file", marks=pytest.mark.elasticsearch),
        ("embedded", "postgresql"),
    ],
    ids=["embedded", "elasticsearch", "postgresql"],
)
def test_it_shows_articles_and_leaves_nothing(
    engine: str, archive: str, tmp_path: Path, open_folder: Path, request: pytest.FixtureRequest
) -> None:
    env = {"INDEX": engine, "ARCHIVE": archive, "TMPDIR": str(open_folder)}
    if engine == "elasticsearch":  # skips, in plain words, where none can be had
        env["ARSHIF_TEST_ELASTICSEARCH"] = request.getfixturevalue("elasticsearch_url")
    log = tmp_path / "demo.log"
    with demo(log, **env) as process:
        page = until(log, r"http://127\.0\.0\.1:\d+/")[0]
        until(log, r"run \d+: ok; \d+ new")
        total, headline = shown(page, least=30)
        answer = loopback.get(f"{page}search", params={"q": f'"{headline}"'})
        html = answer.raise_for_status().text
        assert "<mark>" in html
        command = until(log, r"Search: ARSHIF_CONFIG=(\S+) (\S+) search")
        told = subprocess.run(
            [command[2], "search", "--json"], cwd=ROOT, env=os.environ | {"ARSHIF_CONFIG": command[1]},
            capture_output=True, check=True, timeout=PATIENCE,
        )  # fmt: skip
        assert json.loads(told.stdout)["total"] >= total
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0, log.read_text("utf-8")
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert alive == []
    assert list(open_folder.glob("arshif-*")) == []
    if engine == "elasticsearch":
        left = loopback.get(f"{env['ARSHIF_TEST_ELASTICSEARCH']}/arshif-demo-*").json()
        assert left == {}
    assert "Traceback" not in log.read_text("utf-8")


def test_a_word_that_is_no_engine_is_told(tmp_path: Path) -> None:
    with demo(tmp_path / "demo.log", INDEX="solr") as process:
        assert process.wait(PATIENCE) == 1
    assert "write INDEX=embedded or INDEX=elasticsearch" in (tmp_path / "demo.log").read_text("utf-8")
