"""What the schedule is told of a site's last crawl."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.processes.crawl_process import last_runs
from crawler.scheduling.reasons import ScheduleReason
from crawler.scheduling.site_schedule import TOLD_NOTHING_WAIT, due
from crawler.site_config import Site
from index.archive import Archive, runs, site_state
from index.model.codes import RunStatus

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
END = START + timedelta(minutes=3)
SITE = Site(
    id="a", name="A", homepage="https://a.example/", country="SY", languages=("ar",),  # type: ignore[arg-type]
    sources=({"kind": "feed", "url": "https://a.example/f"},),  # type: ignore[arg-type]
)  # fmt: skip


@pytest.mark.parametrize("before", [None, START - timedelta(days=1)], ids=["first crawl", "later crawl"])
@pytest.mark.parametrize(
    ("status", "interrupted"),
    [(RunStatus.OK, False), (RunStatus.FAILED, False), (RunStatus.STOPPED, True), (RunStatus.KILLED, True)],
)
def test_a_run_that_ended_well_is_not_called_interrupted(
    tmp_path: Path, before: datetime | None, status: RunStatus, interrupted: bool
) -> None:
    """Although it ended before the site had answered, and so recorded no end of the site's own."""
    with Archive(tmp_path / "archive.sqlite3") as archive:
        number = archive.write(lambda conn: runs.start(conn, ["a"], START, owner="test")).result()
        if before is not None:
            archive.write(lambda conn: site_state.put(conn, "a", last_run=before)).result()
        archive.write(lambda conn: runs.finish(conn, number, status, END)).result()
        with archive.read() as conn:
            last = last_runs(conn, ["a"])
    assert last["a"].finished == (None if interrupted else END)
    why = due(SITE, last, END + timedelta(seconds=1), 30.0).why
    assert (why.code == ScheduleReason.INTERRUPTED) == interrupted


def test_a_site_whose_host_was_busy_is_crawled_again_soon(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.sqlite3") as archive:
        number = archive.write(lambda conn: runs.start(conn, ["a"], START, owner="test")).result()
        archive.write(lambda conn: runs.end_site(conn, number, "a", RunStatus.HOST_BUSY)).result()
        archive.write(lambda conn: runs.finish(conn, number, RunStatus.OK, END)).result()
        with archive.read() as conn:
            turn = due(SITE, last_runs(conn, ["a"]), END, 24 * 60.0)
    assert (turn.at, turn.why.code) == (START + TOLD_NOTHING_WAIT, ScheduleReason.HOST_BUSY)
