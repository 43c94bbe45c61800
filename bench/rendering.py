"""What a rendered page costs: `make bench-rendering`.

    python -m bench.rendering [--pages 40] [--rounds 3]

The processor's time of `arshif crawl` and of all that it starts, for a site of real pages that each need the browser,
with each Chromium that is installed, by turns; start and end included.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import page_server
from bench.crawl import configured
from bench.start import cpu
from crawler.fetch.rendering.settings import BROWSERS

MOST = 1.0  # seconds of the processor's time a page, with the first of the browsers


def cost(config: Path, browser: str) -> float:
    """Seconds of the processor's time for each article that a crawl stores, with this browser."""
    site = next((config / "sites").glob("*.yaml"))
    site.write_text(json.dumps(json.loads(site.read_text()) | {"rendering": "browser"}))
    env = {"ARSHIF_CONFIG": str(config), "ARSHIF_BROWSER__PATH": browser}
    command = [sys.executable, "-m", "crawler.cli", "crawl", "--json"]
    told: list[bytes] = []
    used = cpu(
        lambda: told.append(subprocess.run(command, env=os.environ | env, capture_output=True, check=True).stdout)
    )
    return used / sum(part["counts"]["stored"] for part in json.loads(told[0])["sites"])


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--pages", type=int, default=40)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    there = [name for name in BROWSERS if shutil.which(name)]
    if not there:
        sys.exit("There is no Chromium on this machine: install it (Debian: apt install chromium-headless-shell).")
    costs: dict[str, list[float]] = {name: [] for name in there}
    with page_server.running(given.pages) as address:
        for _ in range(given.rounds):
            for name in there:
                with tempfile.TemporaryDirectory() as folder:
                    costs[name].append(cost(configured(Path(folder), address, 1, given.pages), name))
    for name, used in costs.items():
        print(f"{name}: {statistics.median(used):.2f} s of CPU a page")
    best = statistics.median(costs[there[0]])
    print(f"at most {MOST:g} s with {there[0]}: {'pass' if best <= MOST else 'FAIL'}")
    return int(best > MOST)


if __name__ == "__main__":
    sys.exit(main())
