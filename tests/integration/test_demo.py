"""`make demo`: a newcomer sees articles within a minute, without a network, and nothing is left over afterwards."""

from __future__ import annotations

import json
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

from tests.integration.harness import PATIENCE, ROOT


@contextmanager
def demo(log: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """The demo, running; what it prints goes to the log."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ARSHIF_")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.demo"], cwd=ROOT, env=clean | env, stdout=out, stderr=out,
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


def shown(page: str, least: int) -> tuple[int, str]:
    """How many articles the search page finds for nothing in particular, once it finds so many, and the newest
    headline."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"{page}api/search", params={"q": ""}, trust_env=False, timeout=10)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 200 and answer.json()["total"] >= least:
            return int(answer.json()["total"]), answer.json()["hits"][0]["headline"]
        time.sleep(0.3)
    raise AssertionError(f"the search page never found {least} articles")


@pytest.mark.parametrize("engine", ["embedded", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def test_it_shows_articles_and_leaves_nothing(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    env = {"INDEX": engine, "TMPDIR": str(tmp_path)}
    if engine == "elasticsearch":  # skips, in plain words, where none can be had
        env["ARSHIF_TEST_ELASTICSEARCH"] = request.getfixturevalue("elasticsearch_url")
    log = tmp_path / "demo.log"
    with demo(log, **env) as process:
        page = until(log, r"http://127\.0\.0\.1:\d+/")[0]
        until(log, r"run \d+: ok; \d+ new")
        total, headline = shown(page, least=30)
        html = httpx.get(f"{page}search", params={"q": f'"{headline}"'}, trust_env=False).raise_for_status().text
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
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("arshif-demo")] == []
    if engine == "elasticsearch":
        left = httpx.get(f"{env['ARSHIF_TEST_ELASTICSEARCH']}/arshif-demo-*", trust_env=False).json()
        assert left == {}
    assert "Traceback" not in log.read_text("utf-8")


def test_a_word_that_is_no_engine_is_told(tmp_path: Path) -> None:
    with demo(tmp_path / "demo.log", INDEX="solr") as process:
        assert process.wait(PATIENCE) == 1
    assert "INDEX=embedded or INDEX=elasticsearch" in (tmp_path / "demo.log").read_text("utf-8")
