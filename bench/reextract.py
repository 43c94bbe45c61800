"""How fast stored pages are read again: `make bench-reextract`.

    python -m bench.reextract [--pages 1000]

An archive of real pages, imported from WARC files, whose raw copies `arshif reextract` then extracts again. The verdict
is about CPU time, which a busy machine does not stretch: what two processors would do in a second.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench.importing import SITES, child, written

GOAL = 50  # pages a second on two processors
PROCESSORS = 2


SITE = """\
name: Press {number}
homepage: https://press{number}.example.com/
country: GB
languages: [en]
sources: [{{kind: feed, url: "https://press{number}.example.com/feed"}}]
"""


def configured(folder: Path) -> Path:
    """A configuration with the sites of the WARC files."""
    sites = folder / "config" / "sites"
    sites.mkdir(parents=True)
    for number in range(SITES):
        (sites / f"press{number}.yaml").write_text(SITE.format(number=number), "utf-8")
    return folder / "config"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--pages", type=int, default=1_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [str(path) for path in written(folder, given.pages, 1)]
        env = {"ARSHIF_CONFIG": str(configured(folder)), "ARSHIF_DATA": str(folder / "data")}
        child("crawler.cli", "import", "--json", *paths, **env)
        said, seconds, cpu = child("crawler.cli", "reextract", "--json", **env)
        read = json.loads(said)["read"]
    rate = PROCESSORS * read / cpu
    print(f"{read} pages in {seconds:.1f} s; {cpu / read * 1000:.1f} ms of CPU time a page")
    print("pass" if rate >= GOAL else "FAIL", f"{rate:.0f} pages a second on {PROCESSORS} processors (at least {GOAL})")
    return int(rate < GOAL)


if __name__ == "__main__":
    sys.exit(main())
