"""Imports into PostgreSQL of which the driver, a worker or the database is killed at random moments: each ends as one
that was not disturbed. It takes an hour for a hundred: `make test-long`."""

from __future__ import annotations

import os
import random
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.consistency import ARSHIF, Installation, articles_of, check_sound, count_versions
from tests.support.patience import PATIENCE, wait_for
from tests.support.postgresql import Server
from tests.support.warcs import Archived, article, warc

IMPORTS = int(os.environ.get("ARSHIF_TEST_KILLS", "100"))
PAGES = 120
pytestmark = [pytest.mark.long, pytest.mark.timeout(0)]


def page(number: int) -> Archived:
    """The page of one of three sites; some are of the same article a month later, with another text."""
    story, month = number % 80, number // 80 + 1
    date = f"2021-{month:02}-{story % 28 + 1:02}T00:00:00Z"
    url = f"https://www.press{story % 3}.com/news/decision-number-{story}-of-the-council"
    return Archived(url, date, article(story, f", in month {month}"))


def house(folder: Path, server: Server) -> Installation:
    """A place of its own, with an empty archive."""
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "arshif.yaml").write_text("{}\n")
    return Installation(config, {"ARSHIF_DATA": str(folder / "data"), "ARSHIF_ARCHIVE": server.empty()})


def kill_worker(driver: int) -> None:
    """Kill one of the processes that an import reads pages in, if there is one."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(driver).children():
            child.kill()
            return


def test_each_ends_as_one_that_was_not_disturbed(postgresql_server: Server, tmp_path: Path) -> None:
    file, dice = tmp_path / "all.warc.gz", random.Random(19)
    file.write_bytes(warc(map(page, range(PAGES))))
    calm = house(tmp_path / "calm", postgresql_server)
    calm.arshif("import", str(file))
    expected: dict[str, Any] = articles_of(calm)
    versions, disturbed = count_versions(calm), 0
    for number in range(IMPORTS):
        victim, at = ("driver", "worker", "database")[number % 3], dice.randrange(versions)
        folder = tmp_path / f"{number}"
        killed = house(folder, postgresql_server)
        with (folder / "log").open("wb") as log:
            process = killed.start(*ARSHIF, "import", str(file), stdout=log, stderr=log, start_new_session=True)
        wait_for(lambda: process.poll() is not None or count_versions(killed) >= at)  # noqa: B023 - called here
        disturbed += process.poll() is None
        if victim == "driver":
            os.killpg(process.pid, signal.SIGKILL)
        elif victim == "worker":
            kill_worker(process.pid)
        else:
            postgresql_server.stop("immediate")
            postgresql_server.start()
        ended = process.wait(PATIENCE)
        assert ended == 0 or victim != "worker", (folder / "log").read_text()
        killed.arshif("import", str(file))
        assert articles_of(killed) == expected, f"import {number}, whose {victim} was killed at version {at}"
        check_sound(killed)
        shutil.rmtree(folder)
    print(f"{IMPORTS} of {IMPORTS} imports equal to the undisturbed one, {disturbed} of them killed before their end")
