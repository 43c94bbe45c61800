"""python -m tests.soak.year [--runs 20000] [--days 365] [--folder FOLDER] [--until 500] [--seed 0]: a year at speed.

80 outlets publish 50 candidates a run, ten of them articles; the daemon crawls them, at a clock that goes on to the
next turn as soon as nothing is under way. Everything but that clock is real: the daemon, its children, Scrapy, HTTP,
the archive, the raw copies, the index, the page. On the way, processes are killed, sites and the network are away, and
the program is upgraded under way. In the second half nobody kills what lives for months, so that it can be measured.

With a FOLDER it goes on where it was broken off, for instance by `--until`. Then nothing may be lost or doubled, and
nothing may have grown in the second half but with the articles; the exit code is 0 where it is so. Few runs need more
days: sites are polled each four weeks at the most, and much is kept for half a year.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
import psutil

from tests.faults.clock import Clock
from tests.integration.daemon_process import free_port
from tests.integration.harness import ROOT
from tests.soak import census
from tests.soak.memory_probe import MEBI, Gauge
from tests.soak.outlets import KINDS, Fault, Outlets, Proxy
from tests.support.patience import PATIENCE

SITES = 80
A_RUN = 50  # candidates
SITES_A_RUN = 6  # about: each is polled so often
SELDOM = timedelta(days=28)  # a site is polled at least so often, however short the form
LOOKS, COUNTS = 200, 40  # at memory and files, and of rows, in all
ASK_EACH = 10  # turns: the page
KILLED, FAILING, OFFLINE = 0.1, 0.04, 0.01  # how probable at each turn
FAILS_FOR = 2  # polls at most
UPGRADES = (0.1, 0.25, 0.4)  # of its length
SETTLE = 80  # turns at most, after all has been well again
UPGRADED = ("crawler", "index", "spiders", "tests", "config")  # what a release is made of, and what drives it
VERSIONS = (("crawler/extract/__init__.py", "EXTRACTOR_VERSION"), ("index/engines/base.py", "MAPPING_VERSION"))
HARD = ("run", "_ship", "serve")  # after these the long-lived processes are others
SOFT = ("_crawl", "parse_worker")
TRACEBACK = "Traceback (most recent call last):"


@dataclass
class Year:
    """A year under way. `turn` is how far it is; `failing` tells until which turn a site is away."""

    folder: Path
    runs: int
    outlets: Outlets
    clock: Clock
    env: dict[str, str]
    dice: random.Random
    turn: int = 0
    failing: dict[int, int] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    gauge: Gauge = field(default_factory=Gauge)
    counts: list[census.Census] = field(default_factory=list)
    at_half: dict[str, int] = field(default_factory=dict)
    daemon: subprocess.Popen[str] | None = None
    newest: int = 0  # run

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def tree(self) -> Path:
        """The program, as it was installed and upgraded."""
        return self.folder / "program"

    def arshif(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "crawler.cli", *arguments]
        return subprocess.run(command, cwd=self.tree, env=self.env, capture_output=True, text=True, check=False)

    # --- the daemon ---

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.soak.driven", "run"]
        with (self.folder / "run.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.tree,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def stop(self) -> None:
        if self.daemon is not None:
            with suppress(OSError):
                self.daemon.communicate(timeout=PATIENCE)  # its input ends
            self.daemon = None

    def go(self, kill: str = "") -> None:
        """One turn of the daemon at this time; one of its processes is killed meanwhile."""
        self.daemon = self.daemon or self.start()
        assert self.daemon.stdin is not None
        assert self.daemon.stdout is not None
        with suppress(BrokenPipeError):
            self.daemon.stdin.write("\n")
            self.daemon.stdin.flush()
        if kill:
            time.sleep(self.dice.uniform(0, 1))
            self.happened[f"kills of {kill}"] += self._kill(self.daemon.pid, kill)
        told = self.daemon.stdout.readline()
        if told:
            self.newest = int(told)
            return
        code = self.daemon.wait()
        self.daemon = None
        assert (code < 0, kill) == (True, "run"), f"the daemon ended with {code}"
        self.go()

    def _kill(self, daemon: int, word: str) -> int:
        parent = psutil.Process(daemon)
        found = []
        for process in [parent] if word == "run" else parent.children(recursive=True):
            with suppress(psutil.Error):
                if word in " ".join(process.cmdline()):
                    found.append(process)
        for process in found[:1]:
            with suppress(psutil.Error):
                process.kill()
        return len(found[:1])

    # --- time ---

    @property
    def step(self) -> timedelta:
        """From one turn to the next."""
        return self.outlets.length / self.runs

    def at(self, turn: int) -> datetime:
        return self.outlets.begin + turn * self.step

    def move(self) -> None:
        self.clock.jump((self.at(self.turn) - datetime.now(UTC)).total_seconds())

    def live(self, until: int) -> None:
        """All turns from here until that one."""
        while self.turn < until:
            self.turn += 1
            self.move()
            self._happen()
            late = self.turn > self.runs / 2
            killed = self.dice.random() < KILLED
            self.go(self.dice.choice(SOFT if late else (*SOFT, *HARD)) if killed else "")
            self._look()
            (self.folder / "state.json").write_text(json.dumps(self.state()), "utf-8")

    def _happen(self) -> None:
        for site in [site for site, end in self.failing.items() if end <= self.turn]:
            del self.failing[site], self.outlets.faults[site]
        if self.dice.random() < FAILING:
            site, fault = self.dice.randrange(SITES), self.dice.choice(get_args(Fault))
            self.outlets.faults[site] = fault
            self.failing[site] = self.turn + self.dice.randint(1, FAILS_FOR * SITES // SITES_A_RUN)
            self.happened[f"sites that answered {fault}"] += 1
        self.outlets.away = self.dice.random() < OFFLINE
        self.happened["turns without a network"] += self.outlets.away
        if self.turn in [int(part * self.runs) for part in UPGRADES]:
            self.upgrade()

    def upgrade(self) -> None:
        """The files of another release under the running daemon, which is started anew after the next turn."""
        for file, name in VERSIONS:
            path = self.tree / file
            text = path.read_text("utf-8")
            path.write_text(
                re.sub(rf'(?m)^({name} = "?)(\d+)', lambda found: f"{found[1]}{int(found[2]) + 1}", text), "utf-8"
            )
        self.go()
        self.stop()
        self.happened["upgrades"] += 1

    def _look(self) -> None:
        if self.turn % ASK_EACH == 0:
            self.happened["pages"] += self._ask()
        if self.daemon is not None and self.turn % max(1, self.runs // LOOKS) == 0:
            self.gauge.look(self.daemon.pid)
        if self.turn % max(1, self.runs // COUNTS) == 0:
            self.counts.append(census.count(self.data, self.turn))
        if self.turn == self.runs // 2:
            self.at_half = census.sizes(self.data)

    def _ask(self) -> int:
        """How many pages were given: the web server may have been killed just now."""
        word = self.outlets._headline(self.dice.randrange(SITES), 0).split()[0]
        given = 0
        for path in ("/healthz", "/", f"/api/search?q={word}", "/metrics", "/sites"):
            with suppress(httpx.HTTPError):
                answer = httpx.get(
                    f"http://127.0.0.1:{self.env['ARSHIF_WEB__PORT']}{path}", timeout=60, trust_env=False
                )
                assert answer.status_code < 500 or answer.status_code == 503, f"{path}: {answer.status_code}"
                given += answer.status_code == 200
        return given

    # --- to be gone on with ---

    def state(self) -> dict[str, Any]:
        counts = [{"run": one.run, "rows": one.rows} for one in self.counts]
        return {
            "runs": self.runs, "days": self.outlets.length.days, "begin": self.outlets.begin.isoformat(),
            "turn": self.turn, "failing": self.failing, "faults": self.outlets.faults, "happened": self.happened,
            "counts": counts, "at_half": self.at_half,
        }  # fmt: skip

    def go_on_from(self, state: dict[str, Any]) -> None:
        self.turn, self.happened, self.at_half = state["turn"], Counter(state["happened"]), state["at_half"]
        self.failing = {int(site): end for site, end in state["failing"].items()}
        self.outlets.faults = {int(site): fault for site, fault in state["faults"].items()}
        self.counts = [census.Census(one["run"], one["rows"]) for one in state["counts"]]

    # --- its end ---

    def settle(self) -> str:
        """All is well again, and time goes on until nothing waits; what still does."""
        self.outlets.faults.clear()
        self.outlets.away = False
        left = ""
        least = self.turn + int(3 * self.outlets.every / self.step) + 1  # by then, each site was polled again
        for _ in range(SETTLE):
            self.turn += 1
            self.move()
            self.go()
            with closing(sqlite3.connect(self.data / "archive.sqlite3")) as connection:
                waiting = (
                    "SELECT site, state, count(*) FROM frontier WHERE state IN ('pending', 'failed') GROUP BY 1, 2"
                )
                left = "; ".join(f"{n} {state} of {site}" for site, state, n in connection.execute(waiting))
            if not left and self.turn >= least:
                break
        return left

    def wrongs(self) -> list[str]:
        """What is not as it must be, in words. Nobody works there meanwhile."""
        found = []
        with closing(sqlite3.connect(self.data / "archive.sqlite3")) as connection:
            for pragma in ("integrity_check", "foreign_key_check"):
                if (told := connection.execute(f"PRAGMA {pragma}").fetchall()) not in ([("ok",)], []):
                    found.append(f"{pragma}: {told[:3]}")
            there = Counter(url for (url,) in connection.execute("SELECT url FROM articles"))
            if running := connection.execute("SELECT count(*) FROM runs WHERE status = 'running'").fetchone()[0]:
                found.append(f"{running} runs seem to go on")
        wanted = self.outlets.articles(self.at(min(self.turn, self.runs)))
        if lost := wanted - there.keys():
            found.append(f"{len(lost)} articles are not stored, such as {sorted(lost)[:3]}")
        if doubled := [url for url, n in there.items() if n > 1]:
            found.append(f"{len(doubled)} are stored twice, such as {doubled[:3]}")
        for command in (["index", "verify", "--json"], ["verify", "--json"]):
            done = self.arshif(*command)
            if done.returncode:
                found.append(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr[-500:]}")
        log = (self.folder / "run.log").read_text("utf-8", "replace")
        if traced := log.split(TRACEBACK)[1:]:
            found.append(f"{len(traced)} tracebacks, the last: {traced[-1][-600:]}")
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="soak-year", description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--runs", type=int, default=20_000)
    options.add_argument("--days", type=int, default=365)
    options.add_argument("--folder", type=Path)
    options.add_argument("--until", type=int, help="break off after so many")
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args(arguments)
    with ExitStack() as stack:
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="arshif-year-")))
        year = stack.enter_context(beginning(folder.resolve(), chosen.runs, chosen.days, chosen.seed))
        begun, before = time.monotonic(), year.turn
        year.live(min(chosen.until or year.runs, year.runs))
        if year.turn < year.runs:
            print(f"{year.turn} of {year.runs} runs; go on with --folder {folder}")
            return 0
        seconds = time.monotonic() - begun
        print(
            f"{year.turn - before:,} runs in {seconds / 60:.1f} min, {seconds / (year.turn - before or 1):.2f} s a run"
        )
        return conclude(year)


@contextmanager
def beginning(folder: Path, runs: int, days: int, seed: int) -> Iterator[Year]:
    """A year in this folder, from its beginning or from where it was broken off."""
    file = folder / "state.json"
    state = json.loads(file.read_text("utf-8")) if file.exists() else None
    runs, length = (state["runs"], timedelta(days=state["days"])) if state else (runs, timedelta(days=days))
    # It ends before today: what is written on the way has today's date
    before = datetime.now(UTC) - length * (runs + SETTLE + 1) / runs
    begin = datetime.fromisoformat(state["begin"]) if state else before
    folder.mkdir(parents=True, exist_ok=True)
    clock = Clock(folder)
    every = min(SITES / SITES_A_RUN * length / runs, SELDOM)
    items = runs * A_RUN // SITES // KINDS * KINDS
    outlets = Outlets(SITES, items, begin, begin + length, every, lambda: year.at(year.turn))
    with Proxy(outlets) as proxy:
        env = os.environ | clock.env | {
            "ARSHIF_CONFIG": str(folder / "config"), "ARSHIF_WEB__PORT": str(free_port()), "ARSHIF_PROXY": proxy.url,
            "PYTHONPATH": str(folder / "program"), "COLUMNS": "200",
        }  # fmt: skip
        year = Year(folder, runs, outlets, clock, env, random.Random(f"{seed} {state and state['turn']}"))
        if state:
            year.go_on_from(state)
        else:
            outlets.configure(folder / "config", proxy.url)
            ignored = shutil.ignore_patterns("__pycache__", "sites.local")
            for name in UPGRADED:
                shutil.copytree(ROOT / name, year.tree / name, ignore=ignored)
        try:
            yield year
        finally:
            year.stop()


def conclude(year: Year) -> int:
    """Lets it come to rest, holds it against what it must be, and prints how it went."""
    left = year.settle()
    if year.daemon is not None:
        year.gauge.look(year.daemon.pid)
    year.stop()
    wrongs = [f"pages are left: {left}"] if left else []
    wrongs += year.wrongs()
    trends = list(year.gauge.trends(first=0))
    wrongs += [f"{trend.what} of the {trend.role} grows" for trend in trends if not trend.flat]
    wrongs += [f"grows: {told}" for told in census.growing(year.counts)]
    last, size = census.count(year.data, year.turn), census.sizes(year.data)
    half = year.counts[len(year.counts) // 2]
    articles = last.rows["articles"]
    candidates = year.outlets.items * year.outlets.count
    print(f"{year.runs:,} runs of {year.outlets.count} sites in {year.outlets.length.days} days: "
          f"{candidates:,} candidates, {articles:,} articles, {last.rows['versions']:,} versions")  # fmt: skip
    print("; ".join(f"{number} {what}" for what, number in sorted(year.happened.items())))
    for trend in trends:
        print(trend)
    for role, most in year.gauge.highest.items():
        print(f"{role}: {most / MEBI:.0f} MiB at most")
    print(f"{'':24}{'rows at half time':>18}{'at the end':>12}{'kB at half time':>18}{'at the end':>12}")
    for name in sorted(last.rows.keys() | size.keys()):
        if last.rows.get(name) or size.get(name, 0) > 16 << 10:
            print(f"{name:24}{half.rows.get(name, 0):18,}{last.rows.get(name, 0):12,}"
                  f"{year.at_half.get(name, 0) >> 10:18,}{size.get(name, 0) >> 10:12,}")  # fmt: skip
    for wrong in wrongs:
        print(f"WRONG: {wrong}")
    print("all is well" if not wrongs else f"{len(wrongs)} wrong")
    return int(bool(wrongs))


if __name__ == "__main__":
    sys.exit(main())
