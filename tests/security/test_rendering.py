"""Rendered pages: which sites get them, what stands in their way, and that browsers may be killed meanwhile.

`pytest -m long tests/security/test_rendering.py` renders a thousand pages, and kills the browser ten times.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from index.archive import Archive, documents, site_state
from tests.security.fetch_cli import ROOT, arshif, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import article, feed, own
from tests.support.patience import wait_for

pytestmark = pytest.mark.browser
MEMORY = 3 << 29  # bytes: 1.5 GiB, of crawl, workers and browsers together


def shell(ask: Ask) -> bytes:
    """A page that its script fills, as sites of one page do."""
    return reply(
        f"""<!doctype html><html lang="en"><head><title>App</title></head><body><div id="root"></div><script>
        fetch("/text{ask.path}").then(r => r.text()).then(t => document.getElementById("root").innerHTML = t)
        </script></body></html>"""
    )


def app(count: int, wrap: Callable[[str], str] = str) -> Callable[[Ask], Iterable[bytes]]:
    """A site of `count` such pages, by a feed."""

    def answer(ask: Ask) -> Iterable[bytes]:
        host = ask.host.removesuffix(".example")
        if ask.path == "/feed":
            return [reply(feed(host, own(host, count)), kind="application/rss+xml")]
        if "story-number-" not in ask.path:
            return [reply("", 404)]
        number = int(ask.path.split("story-number-")[1].split("-")[0])
        text = article(host, number).partition("<body>")[2].partition("</body>")[0]
        if host == "plain":
            return [reply(article(host, number))]
        return [reply(wrap(text))] if ask.path.startswith("/text/") else [shell(ask)]

    return answer


def consent(text: str) -> str:
    """The text, but only after a click."""
    quoted = json.dumps(text).replace('"', "&quot;").replace("'", "&#39;")
    return f"""<div><p>We value your privacy.</p><button id="onetrust-accept-btn-handler">Accept</button>
    <button id="onetrust-reject-all-handler" onclick="this.parentNode.innerHTML = {quoted}">Reject</button></div>"""


def site(config: Path, host: str, **more: Any) -> None:
    about = {
        "name": host, "homepage": f"http://{host}.example/", "country": "SY", "languages": ["en"], "enabled": True,
        "sources": [{"kind": "feed", "url": f"http://{host}.example/feed"}], **more,
    }  # fmt: skip
    (config / "sites").mkdir(exist_ok=True)
    (config / "sites" / f"{host}.yaml").write_text(json.dumps(about), "utf-8")


@contextmanager
def stored(config: Path) -> Iterator[Any]:
    with Archive(config.parent / "data" / "archive.sqlite3") as archive, archive.read() as conn:
        yield conn


def test_a_site_is_remembered_as_needing_a_browser_once_a_few_pages_showed_it(chromium: str, tmp_path: Path) -> None:
    with Server(app(8)) as server:
        config = configured(tmp_path, proxy=server.url, browser={"path": chromium}, schedule={"per_run": 4})
        site(config, "app")
        site(config, "plain")
        site(config, "never", rendering="none")
        arshif(config, "crawl")
        with stored(config) as conn:
            assert documents.count(conn, "app") == documents.count(conn, "plain") == 4
            assert documents.count(conn, "never") == 0
            assert site_state.state(conn, "app").rendered is not None
            assert site_state.state(conn, "plain").rendered is None
        assert server.asked("plain.example", "/favicon") == [], "no browser came to where none was needed"
        before = len(server.asked("app.example", "/2026/"))
        arshif(config, "crawl", "app")
        with stored(config) as conn:
            assert documents.count(conn, "app") == 8
        assert len(server.asked("app.example", "/2026/")) - before == 4, "each page was asked for once, by the browser"


def test_a_consent_dialogue_is_dismissed_by_rule(chromium: str, tmp_path: Path) -> None:
    with Server(app(2, consent)) as server:
        config = configured(tmp_path, proxy=server.url, browser={"path": chromium})
        site(config, "app", rendering="browser")
        told = arshif(config, "crawl")
        with stored(config) as conn:
            assert documents.count(conn, "app") == 2, told


# --- many pages, and browsers that are killed ------------------------------------------------------------------------


@dataclass
class Watch:
    """What a crawl and all its children took, and how often its browser was killed."""

    peak: int = 0
    killed: int = 0


def watched(child: subprocess.Popen[bytes], server: Server, kill_at: list[int]) -> Watch:
    """Watches a crawl until nothing of it is left, and kills its browser whenever so many pages have been asked for."""
    watch = Watch()
    family: dict[int, psutil.Process] = {}
    while child.poll() is None:
        with suppress(psutil.Error):
            family.update({p.pid: p for p in psutil.Process(child.pid).children(recursive=True)})
        total = 0
        for process in list(family.values()):
            with suppress(psutil.Error, OSError):  # it has ended
                if process.is_running():  # and its number is not another's by now
                    total += _proportional(process)
        watch.peak = max(watch.peak, total)
        if kill_at and len(server.asked("app.example", "/text/")) >= kill_at[0]:
            kill_at.pop(0)
            watch.killed += _kill_browser(family)
        time.sleep(0.5)
    wait_for(lambda: not any(_lives(process) for process in family.values()))
    return watch


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _proportional(process: psutil.Process) -> int:
    """Memory of a process, with what it shares counted in part: Chromium's processes share most of theirs."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return next((int(line.split()[1]) << 10 for line in text.splitlines() if line.startswith("Pss:")), 0)


def _kill_browser(family: dict[int, psutil.Process]) -> int:
    for process in family.values():
        with suppress(psutil.Error):
            if "chrom" in process.name() and not any("--type=" in part for part in process.cmdline()):
                os.kill(process.pid, signal.SIGKILL)
                return 1
    return 0


@pytest.mark.parametrize(
    ("pages", "kills"),
    [(30, 1), pytest.param(1_000, 10, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])],
)
def test_pages_are_rendered_although_browsers_are_killed(pages: int, kills: int, chromium: str, tmp_path: Path) -> None:
    with Server(app(pages)) as server:
        config = configured(  # of three hours a host gets one, which a busy machine may need for a thousand pages
            tmp_path, proxy=server.url, browser={"path": chromium}, schedule={"per_run": pages, "run_deadline": 180}
        )
        site(config, "app", rendering="browser")
        kill_at = [(n + 1) * pages // (kills + 2) for n in range(kills)]
        with (tmp_path / "log").open("w") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "crawler.cli", "crawl"], cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, "ARSHIF_CONFIG": str(config)},
            )  # fmt: skip
            killer = threading.Timer(3_500, child.kill)
            killer.start()
            try:
                watch = watched(child, server, kill_at)
            finally:
                killer.cancel()
                child.kill()
                child.wait()
        with stored(config) as conn:
            found = documents.count(conn, "app")
    told = (tmp_path / "log").read_text()[-3_000:]
    print(f"{found} of {pages} articles, {watch.killed} browsers killed, {watch.peak >> 20} MiB at most")
    assert watch.killed == kills, told
    assert found >= pages - 4 * kills, told  # those under way when it was killed are tried again in the next run
    assert 0 < watch.peak < MEMORY
