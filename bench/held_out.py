"""Extraction on publishers whose pages nobody looks at, beside those that may be seen: python -m bench.held_out

A third of the publishers of ../shared/pages/open is held out, by a hash of their registered domain. Rules are written
with the other two thirds in view: what falls from these to the held-out third was made for pages, not for kinds."""

from __future__ import annotations

import gzip
import importlib.util
import json
import logging
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any, NamedTuple

from bench.extraction import MODERN, PAGES, arshif
from crawler.urls import registered_domain

PARTS = 3  # one of them is held out
# Measures of ../shared/pages/README.md, and whether more of it is better.
MEASURES = {
    "f4": True, "clean": True, "bad": False, "leak": False, "title": True, "date": True, "author": True, "image": True,
}  # fmt: skip


class Read(NamedTuple):
    """A page's case (`source/name`), its source, whether its publisher is held out, and its scores by measure."""

    case: str
    source: str
    held_out: bool
    scores: dict[str, Any]


def is_held_out(url: str) -> bool:
    """Whether the publisher of a page is held out, by the first byte of its registered domain's SHA-256."""
    parts = registered_domain.parts(url)
    return sha256(f"{parts.domain}.{parts.suffix}".encode()).digest()[0] % PARTS == 0


@cache
def score() -> ModuleType:
    """The pages' own measure, `score.py`, which lies beside them."""
    spec = importlib.util.spec_from_file_location("score", PAGES.parent / "score.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(PAGES.parent / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(file: Path) -> Read:
    """One page through the path, scored against what it says (`file`, beside which the page lies)."""
    logging.disable(logging.CRITICAL)
    truth = json.loads(file.read_text("utf-8"))
    url = truth["url"] or ""
    try:
        said = arshif(gzip.decompress(file.with_name(f"{file.stem}.html.gz").read_bytes()), url)
    except Exception as fault:  # one page that breaks is scored as empty, and the others are still told
        said = {"_err": repr(fault)}
    scores = score().score(truth, said)
    if "f4" in scores:
        scores["clean"] = scores["f4"] >= 0.95 and not scores["leak"]
    return Read(f"{file.parent.name}/{file.stem}", file.parent.name, is_held_out(url or file.stem), scores)


def read_all(sources: tuple[str, ...] = MODERN) -> list[Read]:
    """All pages of the sources, read and scored in two processes."""
    files = [f for source in sources for f in sorted((PAGES / source).glob("*.json"))]
    files = [f for f in files if f.with_name(f"{f.stem}.html.gz").exists()]
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1), multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(read, files, chunksize=16))


def means(pages: list[Read]) -> dict[str, float]:
    """The mean of each measure, over the pages that have it."""
    found = {m: [float(p.scores[m]) for p in pages if m in p.scores] for m in MEASURES}
    return {measure: fmean(values) for measure, values in found.items() if values}


def gap(seen: dict[str, float], held_out: dict[str, float], measure: str) -> float:
    """How much worse a measure is on the held-out part; below 0 if it is better there."""
    worse = seen[measure] - held_out[measure]
    return worse if MEASURES[measure] else -worse


def main() -> None:
    """Prints each measure on both parts of the modern pages, and the gap between them."""
    pages = read_all(tuple(sys.argv[1:]) or MODERN)
    parts = [[p for p in pages if p.held_out is held_out] for held_out in (False, True)]
    seen, held_out = map(means, parts)
    print(f"{'':8}{'seen':>8}{'held out':>10}{'gap':>8}    of {len(parts[0])} and {len(parts[1])} pages")
    for measure in seen:
        worse = gap(seen, held_out, measure)
        print(f"{measure:8}{seen[measure]:8.3f}{held_out[measure]:10.3f}{worse:8.3f}")


if __name__ == "__main__":
    main()
