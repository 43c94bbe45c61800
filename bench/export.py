"""What an export of a whole archive costs: all articles and a tenth of them, by the command itself, in each format.

    python -m bench.export --articles 100000 [--dir DIR]

DIR keeps archive and index between runs, and may be the one of bench.search. Prints articles a second, how often the
command told how far it was, and the most memory that it held: of its own, and with the files of the index that it looks
at in memory. Ends with 1 where ten times the articles take more than FLAT MiB more.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench.synthetic_archive import PREFIX, fill
from bench.synthetic_corpus import NEWEST
from index.export.format_names import FORMATS

FLAT = 24  # MiB: caches of SQLite and of the index fill up with the first thousands
TENTH = f"after:{NEWEST - timedelta(days=3 * 365 / 10):%Y-%m-%d}"  # articles are spread over three years
LOOKS = 0.02  # s between two looks at a process


class Cost(NamedTuple):
    """What an export took: seconds, the lines that told how far it was, and MiB held, of its own and in all."""

    articles: int
    seconds: float
    told: int
    own: float
    all: float


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--articles", type=int, default=100_000)
    arguments.add_argument("--dir", type=Path)
    asked = arguments.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as temporary:
        home = asked.dir or Path(temporary)
        fill(home, asked.articles)
        for form in FORMATS:
            few, whole = (_told(form, _exported(home, Path(temporary), form, query)) for query in (TENTH, ""))
            more = whole.own - few.own
            good &= more <= FLAT and whole.articles >= asked.articles and few.articles < asked.articles / 5
            print(f"{form}: {more:+.0f} MiB for ten times the articles (goal: at most {FLAT})", flush=True)
    return 0 if good else 1


def _told(form: str, cost: Cost) -> Cost:
    rate = f"{cost.articles / cost.seconds:.0f} a second, told {cost.told} times"
    memory = f"{cost.own:.0f} MiB of its own, {cost.all:.0f} with the index's files"
    print(f"{form}: {cost.articles} articles, {rate}; {memory}", flush=True)
    return cost


def _exported(home: Path, folder: Path, form: str, query: str) -> Cost:
    out = folder / f"all.{form}"
    command = [sys.executable, "-m", "crawler.cli", "export", "search", "--format", form, "--out", out]
    environment = {**os.environ, "ARSHIF_DATA": str(home), "ARSHIF_INDEX__PREFIX": PREFIX}
    started, own, all_ = time.perf_counter(), 0, 0
    with (folder / "said").open("w+") as said:
        process = subprocess.Popen([*command, *query.split()], env=environment, stdout=said, stderr=said)
        while process.poll() is None:
            held = _memory(process.pid)
            own, all_ = max(own, held.get("RssAnon", 0)), max(all_, held.get("VmHWM", 0))
            time.sleep(LOOKS)
        seconds = time.perf_counter() - started
        said.seek(0)
        text = said.read()
    out.unlink()
    assert process.returncode == 0, text
    (written,) = re.findall(r"^(\d+) articles: ", text, re.MULTILINE)
    return Cost(int(written), seconds, len(re.findall(r"\d+ of \d+$", text, re.MULTILINE)), own / 1024, all_ / 1024)


def _memory(pid: int) -> dict[str, int]:
    """KiB by the kernel's names; nothing of a process that has just ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    return {name: int(size) for name, size in re.findall(r"^(RssAnon|VmHWM):\s+(\d+) kB", status, re.MULTILINE)}


if __name__ == "__main__":
    raise SystemExit(main())
