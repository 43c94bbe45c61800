"""`arshif doctor`: each thing that a crawl needs is named when it is missing, and only then."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from crawler.config import load
from crawler.monitoring import doctor
from index.archive import leases, source_state
from index.archive import runs as records
from index.archive import tables as t
from index.locale import translate
from index.model.codes import FetchReason, RunStatus
from index.model.message import Message
from tests.integration.daemon_process import free_port
from tests.integration.harness import Harness, crawled
from tests.support.news_sites import Newsroom
from tests.support.postgresql import about_a_file

pytestmark = about_a_file  # tests/integration/test_postgresql.py has what is found of a server
DAY = timedelta(days=1)
GOOD = {"ARSHIF_NOTIFY": "json://127.0.0.1:9/hook"}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with Newsroom(via="proxy", only=("fr",)) as room:
        yield crawled(Harness(room, tmp_path_factory.mktemp("doctor")))


def found(house: Harness, **env: str) -> dict[str, tuple[str, str]]:
    """What is found of each thing but the browser, which takes a second to start."""
    config = doctor.loaded(house.config, {**GOOD, **env})
    looks = {what: look for what, look in doctor.CHECKS.items() if what != "browser"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "CHECKS", looks)
        return {one.what: (one.verdict, translate(one.told, "en")) for one in doctor.run_checks(config)}


def write(house: Harness, work: Any) -> None:
    with house.open() as archive:
        archive.write(work).result()


def test_all_is_well(healthy: Harness) -> None:
    assert {verdict for verdict, _ in found(healthy).values()} == {"ok"}


def test_the_command_tells_it_and_has_an_exit_code(healthy: Harness, chromium: str) -> None:
    told = healthy.told("doctor", **GOOD, ARSHIF_BROWSER__PATH=chromium)
    assert {one["verdict"] for one in told} == {"ok"}
    assert [one["what"] for one in told] == ["configuration", *doctor.CHECKS]
    printed = healthy.arshif(
        "doctor", code=1, ARSHIF_LEAST_FREE=str(1 << 60), ARSHIF_BROWSER__PATH="/bin/false", **GOOD
    )
    assert "fail    disk:" in printed
    assert "warning browser: /bin/false does not start" in printed


def test_a_browser_that_does_not_start_says_why(healthy: Harness, tmp_path: Path) -> None:
    script = tmp_path / "chromium"  # as distributions have it, without what it is to start
    script.write_text('#!/bin/sh\nexec /nowhere/chromium "$@"\n')
    script.chmod(0o755)
    told = {one["what"]: one for one in healthy.told("doctor", **GOOD, ARSHIF_BROWSER__PATH=str(script))}
    assert told["browser"]["verdict"] == "warning"
    assert "/nowhere/chromium: not found" in told["browser"]["told"]


@pytest.mark.parametrize(
    ("env", "what", "verdict", "told"),
    [
        ({"ARSHIF_LEAST_FREE": str(1 << 60)}, "disk", "fail", "make room"),
        ({"ARSHIF_NOTIFY": "nonsense"}, "alerts", "fail", "is not an address that Apprise knows"),
        ({"ARSHIF_DATA": "/proc/arshif"}, "data folder", "fail", "/proc/arshif"),
        (
            {"ARSHIF_INDEX__ENGINE": "elasticsearch", "ARSHIF_INDEX__URL": f"http://127.0.0.1:{free_port()}"},
            "index", "fail", "cannot be reached",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_is_wrong(healthy: Harness, env: dict[str, str], what: str, verdict: str, told: str) -> None:
    assert found(healthy, **env)[what][0] == verdict
    assert told in found(healthy, **env)[what][1]


@pytest.fixture
def house(healthy: Harness, tmp_path: Path) -> Harness:
    """A copy of it, to be damaged."""
    copy = Harness(healthy.room, tmp_path)
    shutil.copytree(healthy.data, copy.data)
    return copy


def test_what_months_leave_behind(house: Harness) -> None:
    now = datetime.now(UTC)
    source = str(load(house.config, {}).sites["fr"].sources[0].url)

    def wear(conn: Connection) -> None:
        run = records.start(conn, ["fr"], now + DAY, owner="a clock that was wrong")
        records.finish(conn, run, RunStatus.OK, now + DAY)
        source_state.put(conn, "fr", source, failures=9, problem=Message(FetchReason.HTTP_STATUS, {"status": 500}))
        target = conn.execute(t.targets.select()).one().name
        late = {"target": target, "article": "x", "version": 1, "op": "upsert", "added": now - DAY}
        conn.execute(insert(t.outbox).values(**late))
        leases.acquire(conn, ["fr"], "run 99", now, pid=1 << 22)
        conn.execute(update(t.leases).values(pid=1 << 22, born="1"))

    write(house, wear)
    raw = next((house.data / "raw").rglob("*.warc.gz"))
    with raw.open("ab") as file:
        file.write(b"\x1f\x8b\x08half a record")
    told = found(house)
    assert told["clock"][0] == "fail"
    assert "a crawl is recorded" in told["clock"][1]
    assert told["sources"] == ("warning", told["sources"][1])
    assert "failed 5 times or more in a row" in told["sources"][1]
    assert re.search(r"for (1 day|24(\.\d)? hours)", told["outbox"][1]), "a slow machine takes minutes"
    assert told["outbox"][0] == "warning"
    assert "left behind by a crawl that died" in told["leases"][1]
    assert told["raw copies"][0] == "warning"
    assert f"a crash damaged {raw.parent.parent.name}/{raw.parent.name}/{raw.name}" in told["raw copies"][1]
    assert {told[what][0] for what in ("contact", "disk", "archive", "index", "time zones")} == {"ok"}


def test_a_damaged_archive(house: Harness) -> None:
    path = house.data / "archive.sqlite3"
    size = path.stat().st_size
    with path.open("r+b") as file:
        for page in range(4, size // 4096 - 1, 3):
            file.seek(page * 4096)
            file.write(os.urandom(2048))
    verdict, told = found(house)["archive"]
    assert verdict == "fail"
    assert "arshif restore" in told or "archive.sqlite3" in told
