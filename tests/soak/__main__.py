"""python -m tests.soak [--minutes 60] [--engine embedded|elasticsearch] [--seed 0]: an unattended life, made short.

The newsroom publishes and edits, `arshif run` crawls it, and something goes wrong every few seconds: processes are
killed, suspended and ended, the disk is full, sites fail, drip and wall, the index is down or answers nonsense, the
clock jumps. In the second half nobody kills what lives for months, so that its memory and open files can be measured.
Then all must be as if nothing had happened; the exit code is 0 where it is.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from index.archive import runs as records
from tests.faults.clock import Clock, can_jump
from tests.faults.proxy import Proxy
from tests.integration.daemon_process import free_port
from tests.integration.harness import ROOT, Harness, elasticsearch_env
from tests.soak import faults, final_checks
from tests.soak.memory_probe import MEBI, Gauge
from tests.support.elasticsearch import server
from tests.support.news_sites import Newsroom
from tests.support.news_sites.autopublish import at_work
from tests.support.patience import PATIENCE

SITES = ("jannah", "english", "arabic2", "old", "fr")
PUBLISH = 2.0  # seconds between two changes at the newsroom
EVERY = 0.1  # minutes between two crawls of a site
PAUSE = (4.0, 12.0)  # seconds between two faults
LOOK = 5.0  # seconds between two looks at memory and files
LEAST = 1 << 20  # bytes of disk that stay free
FULL = ("disk is full", "No space left")  # what may be told so: the disk was


class Keeper:
    """Keeps `arshif run` running, as a service manager does, and looks at it now and then."""

    def __init__(self, house: Harness, directory: Path) -> None:
        self.house, self.log = house, directory / "run.log"
        self.gauge = Gauge()
        self.starts = 0
        self.codes: Counter[int] = Counter()
        self._looked = 0.0
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "crawler.cli", "run"], cwd=ROOT, env=self.house.env, stdout=log, stderr=log
            )

    def daemon(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.codes[self.process.returncode] += 1
                self.process = self._start()
            if time.monotonic() - self._looked > LOOK:
                self.gauge.look(self.process.pid)
                self._looked = time.monotonic()
            time.sleep(0.2)

    def end(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def main() -> int:
    options = argparse.ArgumentParser(prog="soak", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=float, default=60.0)
    options.add_argument("--engine", choices=("embedded", "elasticsearch"), default="embedded")
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="arshif-soak-")))
        disk = stack.enter_context(_disk(directory / "data"))
        room = stack.enter_context(Newsroom(via="proxy", only=SITES))
        house = Harness(room, directory, every=EVERY)
        house.env |= {"ARSHIF_WEB__PORT": str(free_port()), "ARSHIF_LEAST_FREE": str(LEAST)}
        clock = Clock(directory) if can_jump() else None
        house.env |= clock.env if clock else {}
        index = stack.enter_context(_elasticsearch(house)) if chosen.engine == "elasticsearch" else None
        keeper = Keeper(house, directory)
        stack.callback(keeper.process.kill)
        scene = faults.Scene(
            room, house, random.Random(chosen.seed), keeper.wait, keeper.daemon, clock, disk, index
        )  # fmt: skip
        with at_work(room, PUBLISH) as changes:
            happened = _suffer(scene, keeper, chosen.minutes * 60)
        return _conclude(house, keeper, happened, changes, chosen)


def _suffer(scene: faults.Scene, keeper: Keeper, seconds: float) -> Counter[str]:
    """Faults at random for so long; gives how many of each there were."""
    happened: Counter[str] = Counter()
    begin = time.monotonic()
    deck: list[faults.Fault] = []
    while (passed := time.monotonic() - begin) < seconds:
        if not deck:  # each once, in another order every time
            late = passed > seconds / 2
            deck = [fault for fault in faults.possible(scene) if not (late and fault in faults.HARD)]
            scene.dice.shuffle(deck)
        fault = deck.pop()
        happened[fault.__name__] += 1
        with suppress(psutil.Error):  # what it was to act upon has just ended
            fault(scene)
        keeper.wait(scene.dice.uniform(*PAUSE))
        for site in sorted(scene.harmed):  # somebody looks after it, so that it is not left alone for an hour
            scene.harmed.discard(site)
            _by_hand(scene.house, site)
    return happened


def _by_hand(house: Harness, site: str) -> None:
    command = [sys.executable, "-m", "crawler.cli", "crawl", site]
    subprocess.run(command, cwd=ROOT, env=house.env, capture_output=True, timeout=PATIENCE, check=False)


def _conclude(
    house: Harness, keeper: Keeper, happened: Counter[str], changes: Callable[[], int], chosen: argparse.Namespace
) -> int:
    """Lets it come to rest, holds it against what it must be, and prints how it went."""
    keeper.wait(5)
    left = final_checks.settle(house)
    final_checks.shipped(house)
    code = keeper.end()
    wrongs = [f"pages are left: {left}"] if left else []
    wrongs += [f"the daemon ended with exit code {code}"] if code else []
    wrongs += [f"left over: {told}" for told in final_checks.left_over(house)]
    wrongs += final_checks.wrongs(house)
    log = keeper.log.read_text("utf-8", "replace")
    faulty = [told for told in log.split(final_checks.TRACEBACK)[1:] if not any(full in told for full in FULL)]
    wrongs += [f"{len(faulty)} tracebacks in the log"] if faulty else []
    trends = list(keeper.gauge.trends())
    wrongs += [f"{trend.what} of the {trend.role} grows" for trend in trends if not trend.flat]
    with house.archive() as conn:
        ends = Counter(run.status for run in records.recent(conn, 1_000_000))
        versions = len(house.rows()["versions"])
    print(f"{chosen.minutes:g} minutes, {chosen.engine}, seed {chosen.seed}: {changes()} changes at the newsroom")
    print(f"faults: {_listed(happened)}")
    print(f"runs: {_listed(ends)}; daemon started {keeper.starts} times, ended by itself with {dict(keeper.codes)}")
    print(f"stored: {len(house.documents())} articles, {versions} versions; WARC files are whole, accounts add up"
          if not wrongs else f"stored: {len(house.documents())} articles, {versions} versions")  # fmt: skip
    for trend in trends:
        print(trend)
    print(f"archive: {(house.data / 'archive.sqlite3').stat().st_size / MEBI:.1f} MiB")
    for role, most in keeper.gauge.highest.items():
        print(f"{role}: {most / MEBI:.0f} MiB at most")
    for wrong in wrongs:
        print(f"WRONG: {wrong}")
    if wrongs:
        kept = Path(tempfile.gettempdir()) / f"arshif-soak-{os.getpid()}.log"
        kept.write_text(log, "utf-8")
        print(f"log: {kept}")
    print("all is well" if not wrongs else f"{len(wrongs)} wrong")
    return int(bool(wrongs))


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.most_common())


@contextmanager
def _disk(place: Path) -> Iterator[bool]:
    """A disk of its own for the archive, whose size can be changed; False where only root may have one."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={faults.LARGE}", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and not subprocess.run(command, check=False, capture_output=True).returncode
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(place)], check=False, timeout=PATIENCE)


@contextmanager
def _elasticsearch(house: Harness) -> Iterator[Proxy]:
    """A way to a real Elasticsearch that can be cut."""
    with ExitStack() as stack:
        url = os.environ.get("ARSHIF_TEST_ELASTICSEARCH") or stack.enter_context(server.lent())
        environment = stack.enter_context(elasticsearch_env(url, "soak"))
        proxy = stack.enter_context(Proxy(url))
        house.env |= environment | {"ARSHIF_INDEX__URL": proxy.url}
        yield proxy


if __name__ == "__main__":
    sys.exit(main())
