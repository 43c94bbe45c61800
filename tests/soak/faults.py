"""What goes wrong in a soak: each fault begins, lasts a few seconds, and is over."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import psutil

from tests.faults.clock import Clock
from tests.faults.proxy import Fault as IndexFault
from tests.faults.proxy import Proxy
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE

LASTS = (2.0, 8.0)  # seconds
LEFT = 64 << 10  # bytes that are free on a disk that is full
LARGE = "2g"  # the disk otherwise
JUMPS = (3 * 86_400, 3_600, -7_200)  # seconds: a sleep of three days, and wrong clocks
INDEX: tuple[IndexFault, ...] = ("hang", "429", "503", "half", "dropped")


class Patient(Protocol):
    """Who waits so many seconds, and keeps everything running meanwhile."""

    def __call__(self, seconds: float) -> None: ...


@dataclass
class Scene:
    """What faults act upon. `disk`: whether the archive is on a disk of its own; `index`: the way to Elasticsearch."""

    room: Newsroom
    house: Harness
    dice: random.Random
    wait: Patient
    daemon: Callable[[], psutil.Process]
    clock: Clock | None = None
    disk: bool = False
    index: Proxy | None = None
    harmed: set[str] = field(default_factory=set)  # sites that seem to fail, until somebody looks

    def lasts(self) -> None:
        self.wait(self.dice.uniform(*LASTS))

    def site(self) -> str:
        return self.dice.choice(sorted(self.room.sites))


Fault = Callable[[Scene], None]


def kill_daemon(scene: Scene) -> None:
    scene.daemon().kill()


def end_daemon(scene: Scene) -> None:
    scene.daemon().terminate()
    scene.lasts()


def suspend_daemon(scene: Scene) -> None:
    process = scene.daemon()
    process.suspend()
    try:
        scene.lasts()
    finally:
        with suppress(psutil.Error):
            process.resume()


def kill_helper(scene: Scene) -> None:
    _kill(scene, lambda words: "_ship" in words or "serve" in words)


def kill_crawl(scene: Scene) -> None:
    _kill(scene, lambda words: "_crawl" in words)


def kill_worker(scene: Scene) -> None:
    _kill(scene, lambda words: "crawler.processes.parse_worker" in words)


def _kill(scene: Scene, wanted: Callable[[list[str]], bool]) -> None:
    found = []
    for process in scene.daemon().children(recursive=True):
        with suppress(psutil.Error):
            if wanted(process.cmdline()):
                found.append(process)
    if found:
        with suppress(psutil.Error):
            scene.dice.choice(found).send_signal(signal.SIGKILL)


def server_errors(scene: Scene) -> None:
    site = scene.site()
    scene.harmed.add(site)
    scene.room.fail(site, scene.dice.choice((500, 502, 429, 503)), retry_after=3)
    scene.lasts()
    scene.room.fail(site, None)


def slow_site(scene: Scene) -> None:
    site = scene.site()
    scene.harmed.add(site)
    scene.room.drip(site, 0.2)
    scene.lasts()
    scene.room.drip(site, 0)


def bot_wall(scene: Scene) -> None:
    site = scene.site()
    scene.harmed.add(site)
    scene.room.wall(site)
    scene.lasts()
    scene.room.wall(site, on=False)


def full_disk(scene: Scene) -> None:
    usage = shutil.disk_usage(scene.house.data)
    _remount(scene, str(usage.used + LEFT))
    try:
        scene.lasts()
    finally:
        _remount(scene, LARGE)


def _remount(scene: Scene, size: str) -> None:
    command = ["mount", "-o", f"remount,size={size}", os.fspath(scene.house.data)]
    subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE)


def wrong_clock(scene: Scene) -> None:
    assert scene.clock is not None
    scene.clock.jump(scene.dice.choice(JUMPS))
    try:
        scene.lasts()
    finally:
        scene.clock.jump(0)


def index_down(scene: Scene) -> None:
    assert scene.index is not None
    scene.index.close()
    try:
        scene.lasts()
    finally:
        scene.index.open()


def index_faulty(scene: Scene) -> None:
    assert scene.index is not None
    scene.index.fault = scene.dice.choice(INDEX)
    try:
        scene.lasts()
    finally:
        scene.index.fault = ""


HARD = (kill_daemon, end_daemon, kill_helper)  # after these the long-lived processes are others


def possible(scene: Scene) -> list[Fault]:
    """The faults that there can be here."""
    found: list[Fault] = [*HARD, suspend_daemon, kill_crawl, kill_worker, server_errors, slow_site, bot_wall]
    return (
        found
        + [full_disk] * scene.disk
        + [wrong_clock] * (scene.clock is not None)
        + [index_down, index_faulty] * (scene.index is not None)
    )
