"""Large jobs that are killed at random moments and started again: each ends as if nothing had happened; and none runs
twice at once."""

from __future__ import annotations

import json
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.storage import open_archive
from index.archive import articles, documents
from index.file_lock import hold
from tests.faults.consistency import Installation, articles_of, check_sound
from tests.support.warcs import Archived, article, warc

SITES = 3
ADDRESS = "https://www.press{}.com/news/decision-number-{}-of-the-council"


def published(year: int, numbers: range) -> list[Archived]:
    days = [f"{year}-{n % 3 + 1:02}-{n % 28 + 1:02}T00:00:00Z" for n in numbers]
    addition = f", in {year}" if year > 2020 else ""
    return [
        Archived(ADDRESS.format(n % SITES, n), day, article(n, addition)) for n, day in zip(numbers, days, strict=True)
    ]


OF_PROCESSES = ("earlier", "examples")  # what a report tells of the run that ended, not of the job


@dataclass(frozen=True)
class Job:
    """A command, the lock that it holds in the data folder, what it leaves, and how many transactions it has at
    least."""

    command: tuple[str, ...]
    lock: str
    left: Callable[[Installation], Any]
    least: int


JOBS = {
    "import": Job(("import", "further.warc.gz"), "imports/lock", articles_of, 6),
    "reextract": Job(("reextract",), "reextract.lock", articles_of, 3 * 4),
}
each_job = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A place with articles of three months, each of which was read worse."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "config").mkdir()
    (folder / "config" / "arshif.yaml").write_text("{}\n")
    house = Installation(folder / "config", {"ARSHIF_DATA": str(folder / "data")})
    (folder / "all.warc.gz").write_bytes(warc(published(2020, range(60))))
    (folder / "further.warc.gz").write_bytes(warc(published(2021, range(20, 100))))
    house.arshif("import", str(folder / "all.warc.gz"))
    with open_archive(house.loaded()) as archive:
        with archive.read() as conn:
            every = documents.documents(conn, [id_ for id_, _ in documents.ids(conn)])
        worse = [replace(one.article, body=f"{one.article.body}\n\nSubscribe!", extractor="0") for one in every]
        now = datetime.now(UTC)
        archive.write(lambda conn: [articles.correct(conn, one, now) for one in worse]).result()
    return house


def copied(filled: Installation, folder: Path) -> Installation:
    shutil.copytree(filled.settings["ARSHIF_DATA"], folder)
    return Installation(filled.config, {"ARSHIF_DATA": str(folder)})


def words(house: Installation, job: Job) -> list[str]:
    return [str(house.config.parent / word) if "." in word else word for word in job.command]


def done(house: Installation, job: Job) -> dict[str, Any]:
    """The report of a job that ends well."""
    said = house.arshif(*words(house, job), "--json")
    found: dict[str, Any] = json.loads(said[said.index("{\n") :])  # the log is before it
    return {name: value for name, value in found.items() if name not in OF_PROCESSES}


@each_job
def test_a_job_that_is_killed_at_random_ends_as_one_that_is_not(
    filled: Installation, tmp_path: Path, job: Job, request: pytest.FixtureRequest
) -> None:
    calm, house = copied(filled, tmp_path / "calm"), copied(filled, tmp_path / "killed")
    expected, dice = done(calm, job), random.Random(request.node.name)
    for stage in ("job: before a transaction", "job: within noting where it is", "job: after a transaction"):
        most = 2 if "noting" in stage else job.least // 3
        ended, told = house.ended("tests.faults.kill_at", stage, str(dice.randint(1, most)), *words(house, job))
        assert ended == -signal.SIGKILL, f"{stage!r} was not reached\n{told}"
    assert done(house, job) == expected
    assert job.left(house) == job.left(calm)
    check_sound(house)


@each_job
def test_a_second_one_is_refused_meanwhile(filled: Installation, job: Job) -> None:
    with hold(Path(filled.settings["ARSHIF_DATA"]) / job.lock, wait=True):
        ended, told = filled.ended("crawler.cli", *words(filled, job))
    assert ended == 3
    assert f"{job.lock}: wait for it, or end it" in told
