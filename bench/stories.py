"""Finding near-duplicates: the archive's bands in SQLite beside datasketch's index in memory, in one run.

Both get the same articles, as folded words: sign, look for what is alike, add. A twentieth of them are copies of one of
the last 5,000 with a tenth of the words changed one by one. Each works in a process of its own; they take turns, block
by block, so that whatever else the machine does falls on both. Ours is on disk, with a commit after every 500. Then
pairs of reports that differ in a slot are read, and texts that were edited.

    python -m bench.stories [--articles 100000]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

BLOCK = 5_000  # articles a turn
COMMIT = 500  # articles a transaction
WORDS = 230  # of an article; the mean of news articles in tests' corpora
VOCABULARY = 30_000
COPIES = 20  # one in so many is a copy
EDITS = 0.1  # share of a copy's words that are others
FASTER = 1.2  # times datasketch's rate, at least
FLAT = 32  # MiB that the second half of a run may add to the memory of ours: SQLite's cache, 64 MiB, is not yet full
RECALL = 0.98  # of the copies, at least
REPORTS, EDITED = 2_000, 60  # pairs of one template; edited texts of a language and a manner of editing
LIKENESS = 0.27  # estimated similarity from which datasketch's candidates count as found, as ours before texts are read


class Told(NamedTuple):
    """What became of a block: seconds, copies found, others taken for copies, and the memory held (KiB)."""

    seconds: float
    found: int
    wrong: int
    memory: int


def articles(count: int) -> Iterator[tuple[int, list[str], int | None]]:
    """Numbers and words of articles, and of which one each is a copy; the same in every process."""
    rng = np.random.default_rng(1)
    names = np.array([f"word{n}" for n in range(VOCABULARY)], dtype=object)  # each word once in memory
    shares = 1 / np.arange(1, VOCABULARY + 1) ** 0.9  # as words of a language are used
    said = np.cumsum(shares / shares.sum())
    last: deque[Any] = deque(maxlen=BLOCK)
    for number in range(count):
        words, of = np.searchsorted(said, rng.random(WORDS)), None
        if number % COPIES == COPIES - 1:
            back = int(rng.integers(1, len(last) + 1))
            of, words = number - back, np.where(rng.random(WORDS) < EDITS, words, last[-back])
        last.append(words)
        yield number, list(names[words]), of


def blocks(count: int) -> Iterator[list[tuple[int, list[str], int | None]]]:
    """The articles in turns."""
    block: list[tuple[int, list[str], int | None]] = []
    for one in articles(count):
        block.append(one)
        if len(block) == BLOCK or one[0] == count - 1:
            yield block
            block = []


# --- the two ---------------------------------------------------------------------------------------------------------


def ours(pipe: Pipe, count: int) -> None:
    """The archive's: signature, near.resembling, near.add. Reading the texts of what was found is more than datasketch
    does, and left out."""
    from sqlalchemy import insert

    from crawler.fingerprint import signature
    from index.archive import Archive, near_duplicates, tables
    from index.archive.near_window import month_of

    now = datetime.now(UTC)
    month = month_of(now)  # one for all, as for datasketch

    def store(conn: Any, block: list[tuple[int, list[str], int | None]]) -> None:  # not timed: datasketch has none
        common = {"site": "", "url": "", "number": 1, "revision": 1, "mergeable": True, "first_seen": now}
        rows = [
            common | {"id": str(n), "site": f"site{n}", "url": str(n), "content_hash": str(n), "sort_date": now}
            for n, _, _ in block
        ]
        conn.execute(insert(tables.articles), rows)

    def work(conn: Any, part: list[tuple[int, list[str], int | None]]) -> tuple[int, int]:
        right = wrong = 0
        for number, words, of in part:
            signed = signature(words)
            there = {row.id for row in near_duplicates.similar_articles(conn, f"site{number}", signed, month)}
            near_duplicates.add(conn, str(number), signed, month)
            right += str(of) in there
            wrong += bool(there) and of is None
        return right, wrong

    with tempfile.TemporaryDirectory() as folder, Archive(Path(folder) / "archive.sqlite3") as archive:
        for block in blocks(count):
            archive.write(lambda conn, b=block: store(conn, b)).result()  # type: ignore[misc]
            pipe.recv()
            began, sums = time.perf_counter(), [0, 0]
            for start in range(0, len(block), COMMIT):
                part = block[start : start + COMMIT]
                found = archive.write(lambda conn, p=part: work(conn, p)).result()  # type: ignore[misc]
                sums = [a + b for a, b in zip(sums, found, strict=True)]
            pipe.send(Told(time.perf_counter() - began, *sums, _memory()))


def datasketch(pipe: Pipe, count: int) -> None:
    """datasketch's: MinHash, MinHashLSH.query with an estimate for each candidate, MinHashLSH.insert."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=128, params=(32, 4))
    kept: dict[int, Any] = {}
    for block in blocks(count):
        pipe.recv()
        began, right, wrong = time.perf_counter(), 0, 0
        for number, words, of in block:
            signed = MinHash(num_perm=128)
            signed.update_batch([" ".join(words[n : n + 3]).encode() for n in range(len(words) - 2)])
            there = {one for one in index.query(signed) if kept[one].jaccard(signed) >= LIKENESS}
            index.insert(number, signed)
            kept[number] = signed
            right += of in there
            wrong += bool(there) and of is None
        pipe.send(Told(time.perf_counter() - began, right, wrong, _memory()))


def _memory() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


# --- the run ---------------------------------------------------------------------------------------------------------


def run(count: int) -> dict[str, list[Told]]:
    """What each told of each of its turns."""
    sides: dict[str, Callable[[Pipe, int], None]] = {"arshif": ours, "datasketch": datasketch}
    context = multiprocessing.get_context("spawn")
    pipes, told = {}, {name: [] for name in sides}  # type: dict[str, Pipe], dict[str, list[Told]]
    for name, side in sides.items():
        pipes[name], theirs = context.Pipe()
        context.Process(target=side, args=(theirs, count), daemon=True).start()
    for turn in range(-(-count // BLOCK)):
        for name, pipe in pipes.items():
            pipe.send("go")
            told[name].append(pipe.recv())
        if (turn + 1) % 4 == 0:
            _print((turn + 1) * BLOCK, told)
    return told


def _print(done: int, told: dict[str, list[Told]]) -> None:
    for name, turns in told.items():
        rate = done / sum(turn.seconds for turn in turns)
        copies = done // COPIES
        recall = sum(turn.found for turn in turns) / copies
        wrong = sum(turn.wrong for turn in turns)
        print(
            f"{done:>8,} articles  {name:<11}{rate:>7,.0f} a second  {turns[-1].memory / 1024:>6,.0f} MiB  "
            f"copies found {recall:.3f}  others {wrong}",
            flush=True,
        )


def judged_pairs() -> tuple[int, float]:
    """Of 2,000 pairs of reports of one template, in eight languages, how many are taken for copies; and the share of
    texts, in six languages, that are taken for copies of themselves with a tenth of the words changed."""
    from index.dedup.text_similarity import comparable, is_same_text
    from tests.support import near_texts

    wrong = sum(is_same_text(comparable(*one), comparable(*other)) for one, other in near_texts.reports(REPORTS))
    same = []
    for manner, edited in near_texts.EDITS.items():
        for language in near_texts.LANGUAGES:
            for seed in range(EDITED):
                rnd = random.Random(f"{language} {manner} {seed}")
                headline, body = near_texts.article(rnd, language)
                copy = comparable(headline, edited(rnd, language, body, 0.1))
                same.append(is_same_text(comparable(headline, body), copy))
    return wrong, sum(same) / len(same)


def grown(turns: list[Told]) -> float:
    """MiB that were added from the half of a run to its end."""
    return (turns[-1].memory - turns[len(turns) // 2].memory) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    count = parser.parse_args().articles
    told = run(count)
    seconds = {name: sum(turn.seconds for turn in turns) for name, turns in told.items()}
    faster = seconds["datasketch"] / seconds["arshif"]
    more = {name: grown(turns) for name, turns in told.items()}
    print("pass" if faster >= FASTER else "FAIL", f"{faster:.2f} times the articles a second of datasketch")
    print("pass" if more["arshif"] <= FLAT else "FAIL", "memory in the second half:", end=" ")
    print(", ".join(f"{name} {mib:+.0f} MiB" for name, mib in more.items()))
    found, wrong = sum(turn.found for turn in told["arshif"]) / (count // COPIES), sum(t.wrong for t in told["arshif"])
    print(
        "pass" if found >= RECALL and not wrong else "FAIL", f"copies found {found:.3f}, others taken for one {wrong}"
    )
    taken, kept = judged_pairs()
    told_of = f"{taken} of {REPORTS:,} pairs of a template taken for copies, edited copies {kept:.3f}"
    print("pass" if not taken and kept >= RECALL else "FAIL", told_of)
    wrong += taken + (kept < RECALL)
    return int(faster < FASTER or more["arshif"] > FLAT or found < RECALL or wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
