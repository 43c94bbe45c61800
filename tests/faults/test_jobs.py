"""Large jobs that are killed at random moments and started again: each ends as if nothing had happened; and none runs
twice at once."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import pytest
from pyarrow import parquet as pq
from sqlalchemy import Connection, delete, select, update
from warcio.archiveiterator import ArchiveIterator

from crawler.archive_place import database
from crawler.importing.plan import name_of
from crawler.storage import open_archive
from index.archive import tables as t
from index.export.wacz import INDEX, PAGES
from index.file_lock import hold
from tests.faults.consistency import Installation, articles_of, check_sound, indexed, read_worse
from tests.faults.kill_at import POINTS
from tests.support.postgresql import Server, on_both
from tests.support.warcs import Archived, article, warc

SITES = 3
ADDRESS = "https://www.press{}.com/news/decision-number-{}-of-the-council"


def published(year: int, numbers: range) -> list[Archived]:
    addition = f", in {year}" if year > 2020 else ""
    return [
        Archived(
            ADDRESS.format(n % SITES, n),
            f"{year}-04-{n % 28 + 1:02}T00:00:00Z",
            article(n, addition).replace(b'"2020-01-', b'"2020-0%d-' % (n % 3 + 1)),
        )
        for n in numbers
    ]


# What is told of the run that ended, not of the job, and what is named by its time and place
OF_RUN = ("earlier", "examples", "changed months", "current", "folder", "file", "bytes")
AGO = "9000d"  # another moment at each call: also such a command goes on when it is given again
TRANSACTIONS = ("job: before a transaction", "job: within noting where it is", "job: after a transaction")


@dataclass(frozen=True)
class Job:
    """A command, the lock that it holds in the data folder, what it leaves, and the stages at which it is killed, one
    after the other: each at one of its first calls, of which there are at least so many."""

    command: tuple[str, ...]
    lock: str
    left: Callable[[Installation], Any]
    calls: int = 1
    stages: tuple[str, ...] = TRANSACTIONS


def checked(house: Installation) -> Any:
    """What is known of each raw copy."""
    with open_archive(house.loaded()) as archive, archive.read() as conn:
        query = select(t.raws.c.id, t.raws.c.checked.is_not(None), t.raws.c.problem)
        return conn.execute(query.order_by(t.raws.c.id)).all()


def rows(house: Installation) -> Any:
    """All that a dataset holds, by file."""
    folder = Path(house.settings["ARSHIF_DATA"]) / "set"
    return {file.relative_to(folder): pq.read_table(file).to_pylist() for file in folder.rglob("*.parquet")}


def records(house: Installation) -> Any:
    """All that a WARC file holds but what tells of the file itself."""
    with (Path(house.settings["ARSHIF_DATA"]) / "all.warc.gz").open("rb") as file:
        return _records(file)


def _records(file: IO[bytes]) -> list[tuple[str, ...]]:
    return [
        (one.rec_type, *map(one.rec_headers.get_header, ("WARC-Record-ID", "WARC-Target-URI", "WARC-Block-Digest")))
        for one in ArchiveIterator(file)
        if one.rec_type != "warcinfo"
    ]


def collected(house: Installation) -> Any:
    """All that a collection holds: its pages, its records, and what its index says of them."""
    with ZipFile(Path(house.settings["ARSHIF_DATA"]) / "all.wacz") as file:
        assert file.testzip() is None
        index = [json.loads(line.split(b" ", 2)[2]) for line in gzip.decompress(file.read(INDEX)).splitlines()]
        warcs = [file.read(name) for name in file.namelist() if name.startswith("archive/")]
        places = [(one["url"], one["digest"], one["length"]) for one in index]
        return file.read(PAGES), places, [_records(BytesIO(warc)) for warc in warcs]


# An export to a file is written in a folder beside it
DRAFT = tuple(stage for stage in POINTS if stage.startswith("draft"))
JOBS = {
    "import": Job(("import", "--since", AGO, "CONFIG/../further.warc.gz"), "imports/lock", articles_of, 2),
    "reextract": Job(("reextract", "--since", AGO), "reextract.lock", articles_of, 2),
    "stories rebuild": Job(("stories", "rebuild"), "stories.lock", articles_of),
    "verify": Job(("verify", "--within", "0"), "verify.lock", checked),
    "index rebuild": Job(("index", "rebuild"), "rebuild-embedded.lock", indexed),
    "export dataset": Job(
        ("export", "dataset", "DATA/set"),
        "set/_arshif.lock",
        rows,
        stages=("dataset: before a month is noted", "dataset: a month is noted", "dataset: a month is written"),
    ),
    "export warc": Job(
        ("export", "warc", "DATA/all.warc.gz", "--since", AGO), "all.warc.gz.new/lock", records, stages=DRAFT
    ),
    "export wacz": Job(("export", "wacz", "--out", "DATA/all.wacz"), "all.wacz.new/lock", collected, stages=DRAFT),
}
each_job = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A place with articles of three months, each of which was read worse; some are copies, which nobody has found."""
    folder, originals = tmp_path_factory.mktemp("filled"), published(2020, range(0, 60, 9))
    copies = [replace(one, url=ADDRESS.format(SITES, n)) for n, one in enumerate(originals)]
    (folder / "config").mkdir()
    (folder / "config" / "arshif.yaml").write_text("{}\n")
    house = Installation(folder / "config", {"ARSHIF_DATA": str(folder / "data")})
    (folder / "all.warc.gz").write_bytes(warc([*published(2020, range(60)), *copies]))
    (folder / "further.warc.gz").write_bytes(warc(published(2021, range(20, 100))))
    house.arshif("import", str(folder / "all.warc.gz"))
    read_worse(house, "Subscribe!")
    with open_archive(house.loaded()) as archive:
        archive.write(forget_stories).result()
    return house


def forget_stories(conn: Connection) -> None:
    """Have the archive be as one of a release that had none."""
    conn.execute(update(t.articles).values(story=None, lead=True))
    for table in (t.stories, t.signatures, t.bands):
        conn.execute(delete(table))


def copied(filled: Installation, folder: Path, server: Server | None = None) -> Installation:
    """The same place again; its archive on this server, if there is one."""
    shutil.copytree(filled.settings["ARSHIF_DATA"], folder)
    house = Installation(filled.config, {"ARSHIF_DATA": str(folder)})
    if server is None:
        return house
    url = server.empty()
    house.arshif("copy", "--to", url)
    return Installation(filled.config, {**house.settings, "ARSHIF_ARCHIVE": url})


def words(house: Installation, job: Job) -> list[str]:
    places = {"CONFIG": str(house.config), "DATA": house.settings["ARSHIF_DATA"]}
    return [re.sub("CONFIG|DATA", lambda found: places[found[0]], word) for word in job.command]


def done(house: Installation, job: Job) -> dict[str, Any]:
    """The report of a job that ends well."""
    said = house.arshif(*words(house, job), "--json")
    found: dict[str, Any] = json.loads(said[said.index("{\n") :])  # the log is before it
    if "months" in found:
        found["changed months"] = found.pop("changed")
    return {name: value for name, value in found.items() if name not in OF_RUN}


@each_job
@on_both
def test_a_job_that_is_killed_at_random_ends_as_one_that_is_not(
    filled: Installation, tmp_path: Path, job: Job, database_server: Server | None, request: pytest.FixtureRequest
) -> None:
    calm, house = (copied(filled, tmp_path / name, database_server) for name in ("calm", "killed"))
    expected, dice = done(calm, job), random.Random(request.node.name)
    for stage in job.stages:
        ended, told = house.ended("tests.faults.kill_at", stage, str(dice.randint(1, job.calls)), *words(house, job))
        assert ended == -signal.SIGKILL, f"{stage!r} was not reached\n{told}"
    assert done(house, job) == expected
    assert job.left(house) == job.left(calm)
    check_sound(house)


@each_job
def test_a_second_one_is_refused_meanwhile(filled: Installation, job: Job) -> None:
    if "set" in job.lock:
        filled.arshif(*words(filled, job))  # else there is a file in what is to be a new folder
    with hold(Path(filled.settings["ARSHIF_DATA"]) / job.lock, wait=True):
        ended, told = filled.ended("crawler.cli", *words(filled, job))
    assert ended == 3
    assert f"{job.lock}: wait for it, or end it" in told


def test_the_same_import_is_refused_while_another_machine_is_at_it(
    filled: Installation, tmp_path: Path, postgresql_server: Server
) -> None:
    house, file = copied(filled, tmp_path / "data", postgresql_server), filled.config.parent / "further.warc.gz"
    name = name_of([(str(file), file.stat().st_size)], repr(([], "", "", "")))
    with database(house.loaded().settings).lock(f"import {name}"):
        ended, told = house.ended("crawler.cli", "import", str(file))
        assert ended == 3
        assert f"(import {name}): wait for it, or end it" in told
        assert "0 further versions" in house.arshif("import", str(filled.config.parent / "all.warc.gz")), "another one"
    assert "80 pages read" in house.arshif("import", str(file))
