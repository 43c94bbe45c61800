"""What an archive holds: rows and bytes by table, files by folder; and whether anything grows but with its articles."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.soak.memory_probe import trend

# What there is of an article: its versions and where they were found, what they were compared with, their copies and
# proofs; and the runs that stored them
OF_ARTICLES = frozenset((
    "articles", "versions", "readings", "further_pages", "aliases", "stories", "raws", "facsimiles", "facsimile_parts",
    "redirects", "notices", "manifest_entries", "manifests", "absences", "edits", "signatures", "bands", "found",
    "runs", "repeats", "candidates of articles", "fetches of articles", "raw", "index",
))  # fmt: skip
MORE = 1.2  # times as much for each article as at half time is no more
NOISE, SLACK, FEW = 3.0, 0.05, 30  # a rise of other things within so many deviations, this share, or these rows is none


@dataclass(frozen=True, slots=True)
class Census:
    """One count: after how many runs, and how many there are of each thing (tables, and files by folder)."""

    run: int
    rows: Mapping[str, int]


def count(data: Path, run: int) -> Census:
    """Count what is in this data folder, beside whoever works there."""
    rows: dict[str, int] = {}
    with closing(sqlite3.connect(f"file:{data / 'archive.sqlite3'}?mode=ro", uri=True, timeout=60)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for name in names:
            if not name.startswith("sqlite_"):
                rows[name] = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for name, which in (("of articles", "IS NOT NULL"), ("of none", "IS NULL")):
            its = f"FROM frontier WHERE article {which}"
            rows[f"candidates {name}"] = connection.execute(f"SELECT count(*) {its}").fetchone()[0]
            fetched = f"SELECT count(*) FROM fetches WHERE page IN (SELECT id {its})"
            rows[f"fetches {name}"] = connection.execute(fetched).fetchone()[0]
        for whole in ("frontier", "fetches"):
            del rows[whole]
    folders = Counter(path.relative_to(data).parts[0] for path in data.rglob("*") if path.is_file())
    return Census(
        run, rows | {f"files in {name}": number for name, number in folders.items() if (data / name).is_dir()}
    )


def sizes(data: Path) -> dict[str, int]:
    """Bytes of each table with its indexes, and of each folder's files."""
    with closing(sqlite3.connect(f"file:{data / 'archive.sqlite3'}?mode=ro", uri=True, timeout=60)) as connection:
        tables = dict(connection.execute("SELECT name, tbl_name FROM sqlite_schema"))
        found: Counter[str] = Counter()
        for name, size in connection.execute("SELECT name, pgsize FROM dbstat WHERE aggregate = 1"):
            found[tables.get(name, name)] += size
    for path in data.rglob("*"):
        if path.is_file() and path.parent != data:
            found[path.relative_to(data).parts[0]] += path.stat().st_size
    return dict(found)


def growing(taken: Sequence[Census]) -> Iterator[str]:
    """What grew over the last half of these counts, and not with the articles, in words; or faster than they did."""
    half = taken[len(taken) // 2 :]
    first, last = half[0], half[-1]
    for name in sorted(last.rows):
        went = [one.rows.get(name, 0) for one in half]
        if name in OF_ARTICLES:
            each, before = (one.rows.get(name, 0) / max(1, one.rows["articles"]) for one in (last, first))
            if each > MORE * before and went[-1] - went[0] > FEW:
                yield f"{name}: {before:.2f} an article became {each:.2f}"
            continue
        line = trend(name, "rows", [(float(one.run), float(rows)) for one, rows in zip(half, went, strict=True)])
        if line.rise > max(NOISE * line.noise, SLACK * line.mean, FEW):
            yield f"{name}: {went[0]:,} became {went[-1]:,}"
