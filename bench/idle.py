"""What a crawl costs that finds nothing new: `make bench-idle`.

    python -m bench.idle [--pages 600] [--rounds 5]

One site, crawled once; then its sitemap's dates say that nothing moved. The processor's time of `arshif crawl`, and of
a run as the daemon starts it, with all their processes, beside Scrapy, which fetches all pages again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import page_server
from bench.crawl import addresses, child, configured
from bench.start import cpu
from crawler.config import Config, load
from crawler.processes import crawl_process
from crawler.processes.fork_server import ForkServer
from crawler.storage import open_archive
from index.archive import Archive
from index.model.codes import RunCause, RunStatus

OF_SCRAPY = 0.25  # of its CPU time, at most


def crawl(config: Path) -> None:
    """The command, as a person gives it."""
    command = [sys.executable, "-m", "crawler.cli", "crawl"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, env={**os.environ, "ARSHIF_CONFIG": str(config)}, check=True, **quiet)


def run(config: Config, archive: Archive, server: ForkServer) -> None:
    """A run, as the daemon starts it and ends it."""
    begun = crawl_process.start(config, archive, config.enabled, why=RunCause.SCHEDULED, server=server)
    while not begun.watch(time.monotonic()):
        time.sleep(0.05)
    if crawl_process.finish(archive, begun) != RunStatus.OK:
        raise RuntimeError(f"run {begun.number} failed")


def main() -> int:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the commands have it
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--pages", type=int, default=600)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    theirs, alone, warm = [], [], []
    with page_server.running(given.pages) as address, tempfile.TemporaryDirectory() as folder:
        config = configured(Path(folder), address, 1, given.pages)
        urls = addresses(address, given.pages, 1, Path(folder) / "urls.txt")
        crawl(config)
        os.environ["ARSHIF_CONFIG"] = str(config)
        with crawl_process.fork_server(pages=True) as server, open_archive(load(config)) as archive:
            run(load(config), archive, server)  # the first waits until all is loaded
            for _ in range(given.rounds):  # by turns, so that a busy machine is busy for all
                theirs.append(cpu(lambda: child("bench.scrapy_baseline", str(urls), "no")))
                alone.append(cpu(lambda: crawl(config)))
                warm.append(cpu(lambda: run(load(config), archive, server)))
    plain = statistics.median(theirs)
    print(f"Scrapy, {given.pages} pages again: {plain:.2f} s of CPU", flush=True)
    good = True
    for name, times in (("`arshif crawl`, nothing new", alone), ("a run of the daemon, nothing new", warm)):
        ours = statistics.median(times)
        good &= (well := ours <= OF_SCRAPY * plain)
        told = f"{ours:.2f} s of CPU, {ours / plain:.2f} of Scrapy's (at most {OF_SCRAPY:g})"
        print(f"{name}: {told}: {'pass' if well else 'FAIL'}", flush=True)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
