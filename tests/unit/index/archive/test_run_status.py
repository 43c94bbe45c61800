"""The status of a run follows from those of its sites where the process that ended it knows no better."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from index.archive import Archive, runs
from index.archive.runs import Run
from index.model.codes import RunStatus

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def ended(archive: Archive, status: RunStatus, *parts: RunStatus) -> Run:
    """A run of as many sites, each of which has ended as told, that then ends with this status."""

    def work(conn: object) -> Run | None:
        run = runs.start(conn, [f"s{n}" for n in range(len(parts))], NOW, owner="test")  # type: ignore[arg-type]
        for number, part in enumerate(parts):
            runs.end_site(conn, run, f"s{number}", part)  # type: ignore[arg-type]
        runs.finish(conn, run, status, NOW)  # type: ignore[arg-type]
        return runs.get(conn, run)  # type: ignore[arg-type]

    record = archive.write(work).result()
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("status", "parts", "told"),
    [
        (RunStatus.OK, (RunStatus.OFFLINE, RunStatus.OFFLINE), RunStatus.OFFLINE),
        (RunStatus.OK, (RunStatus.OFFLINE, RunStatus.OK), RunStatus.OK),
        (RunStatus.OK, (), RunStatus.OK),
        (RunStatus.STOPPED, (RunStatus.OFFLINE,), RunStatus.STOPPED),
    ],
    ids=["none answered", "one answered", "none asked", "stopped"],
)
def test_a_run_that_no_site_answered_had_no_network(
    archive: Archive, status: RunStatus, parts: tuple[RunStatus, ...], told: RunStatus
) -> None:
    assert ended(archive, status, *parts).status == told
