"""What starting costs: `make bench-start`.

    python -m bench.start [--rounds 7]

The processor's time of `arshif --help` and of `arshif search --help`, beside `import typer`, without which no command
would start; and of the two kinds of processes of a crawl, beside the imports of Scrapy and of trafilatura.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable

COMMAND = [sys.executable, "-m", "crawler.cli"]
# What starts; what is started beside it, as Python; the most of its CPU time.
FIGURES = (
    ("arshif --help", [*COMMAND, "--help"], "import typer", 3.0),
    ("arshif search --help", [*COMMAND, "search", "--help"], "import typer", 5.0),
    ("a parse worker", [sys.executable, "-c", "import crawler.stages"], "import trafilatura", 2.5),
    (
        "a crawl, all its components",
        [sys.executable, "-c", "from crawler.processes.spider_process import load_components as f; f()"],
        "import scrapy.crawler, scrapy.core.downloader.handlers.http11, trafilatura",
        2.0,
    ),
)


def cpu(action: Callable[[], object]) -> float:
    """Seconds of all processors that the children of this process used during this, as far as they have ended."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=7)
    rounds = arguments.parse_args().rounds
    good = True
    for name, command, beside, most in FIGURES:
        ours, theirs = [], []
        for _ in range(rounds):  # by turns, so that a busy machine is busy for both
            ours.append(cpu(lambda started=command: _run(started)))  # type: ignore[misc]
            theirs.append(cpu(lambda started=beside: _run([sys.executable, "-c", started])))  # type: ignore[misc]
        own, other = statistics.median(ours), statistics.median(theirs)
        good &= (well := own <= most * other)
        told = f"{own:.2f} s of CPU, {own / other:.1f} times `{beside}` (at most {most:g})"
        print(f"{name}: {told}: {'pass' if well else 'FAIL'}", flush=True)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
