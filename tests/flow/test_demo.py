"""`make demo`: a newcomer sees articles within a minute, without a network, and nothing is left over afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.flow.house import PATIENCE, ROOT


@contextmanager
def demo(log: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """The demo, running; what it prints goes to the log."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ARSHIF_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.demo"], cwd=ROOT, env=clean | env, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def until(log: Path, pattern: str) -> re.Match[str]:
    """The first place in the log that matches, as soon as it is there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text("utf-8", "replace")):
            return found
        time.sleep(0.2)
    raise AssertionError(f"{pattern} never came:\n{log.read_text('utf-8', 'replace')}")


def shown(page: str) -> int:
    """How many articles the search page finds for nothing in particular, once it finds any."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"{page}api/search", params={"q": ""}, trust_env=False, timeout=10)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 200 and answer.json()["total"]:
            return int(answer.json()["total"])
        time.sleep(0.3)
    raise AssertionError("the search page never found anything")


@pytest.mark.parametrize("engine", ["embedded", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def test_it_shows_articles_and_leaves_nothing(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if engine == "elasticsearch":
        request.getfixturevalue("elasticsearch_url")  # skips, in plain words, where none can be had
    log = tmp_path / "demo.log"
    with demo(log, INDEX=engine, TMPDIR=str(tmp_path)) as process:
        page = until(log, r"http://127\.0\.0\.1:\d+/")[0]
        until(log, r"run 1: ok; \d+ new")
        assert shown(page) > 30
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0, log.read_text("utf-8")
    _, alive = psutil.wait_procs(children, timeout=5)
    ours = [child for child in alive if "elasticsearch" not in " ".join(child.cmdline())]
    assert not ours
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("arshif-demo")] == []
    assert "Traceback" not in log.read_text("utf-8")


def test_a_word_that_is_no_engine_is_told(tmp_path: Path) -> None:
    with demo(tmp_path / "demo.log", INDEX="solr") as process:
        assert process.wait(PATIENCE) == 1
    assert "INDEX=embedded or INDEX=elasticsearch" in (tmp_path / "demo.log").read_text("utf-8")
