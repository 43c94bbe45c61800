"""A daemon whose wall clock jumps, both ways: it goes on at once, and says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.archive import runs as records
from tests.faults.clock import Clock, can_jump
from tests.integration.daemon_process import Service, daemon
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for
from tests.support.postgresql import Server
from tests.support.requirements import missing

HOUR = 3_600


def begun_at(house: Harness) -> list[datetime]:
    """When the last crawls began, the newest first."""
    with house.archive() as conn:
        return [run.started for run in sorted(records.recent(conn, 50), key=lambda run: -run.id)]


def goes_on(service: Service, house: Harness, ahead: float) -> None:
    """Waits until crawls begin at the time that the clock shows now."""

    def begun() -> bool:
        shown = datetime.now(UTC) + timedelta(seconds=ahead)
        return any(abs(start - shown) < timedelta(minutes=5) for start in begun_at(house)[:3])

    service.wait_for(begun)


def test_a_clock_that_jumps_delays_nothing(tmp_path: Path) -> None:
    if not can_jump():
        missing("no C compiler here, which gives a process a clock of its own: apt install gcc")
    clock = Clock(tmp_path)
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path)
        house.env |= clock.env
        with daemon(house, "--no-web") as service:
            goes_on(service, house, 0)
            for ahead, told in (
                (-2 * HOUR, "the clock went back by 2 hours"),
                (72 * HOUR, "forward, or the machine slept, by 3.08 days"),
                (0, "the clock went back by 3 days"),
            ):
                clock.jump(ahead)
                service.says(told)
                goes_on(service, house, ahead)
            assert service.end() == 0
        assert "Traceback" not in service.log


def test_by_the_databases_clock_one_that_is_behind_mends_nothing(postgresql_server: Server, tmp_path: Path) -> None:
    if not can_jump():
        missing("no C compiler here, which gives a process a clock of its own: apt install gcc")
    behind = Clock(tmp_path)
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path, postgresql_server)
        house.crawl("fr")
        behind.jump(-HOUR)
        house.crawl("fr", **behind.env)
        assert "the clock was once at" not in house.log
        assert house.documents()


def check_nothing_is_lost(right: Harness, wrong: Harness) -> None:
    """The articles of a house whose clock was right are in the other one, and are looked at again there."""
    assert set(right.documents()) <= set(wrong.documents())
    pages = {url: row for url, row in right.frontier("fr").items() if row.article}
    assert all(wrong.frontier("fr")[url].state == row.state for url, row in pages.items())
    assert all(wrong.frontier("fr")[url].due for url, row in pages.items() if row.due), "edits are looked for"


@pytest.mark.parametrize("days", [365, -365])
def test_a_first_crawl_with_a_clock_that_is_a_year_off_loses_nothing(tmp_path: Path, days: int) -> None:
    if not can_jump():
        missing("no C compiler here, which gives a process a clock of its own: apt install gcc")
    clock = Clock(tmp_path)
    with Newsroom(via="proxy", only=("fr",)) as room:
        right, wrong = (Harness(room, tmp_path / name) for name in ("right", "wrong"))
        right.crawl("fr")
        wrong.env |= clock.env
        clock.jump(days * 24 * HOUR)
        wrong.crawl("fr")
        clock.jump(0)
        wrong.crawl("fr")
        assert ("the clock was once at" in wrong.log) == (days > 0)
        check_nothing_is_lost(right, wrong)


@pytest.mark.parametrize("days", [365, 1, -365])
def test_a_clock_that_jumps_in_the_middle_of_a_crawl_loses_and_silences_nothing(tmp_path: Path, days: int) -> None:
    if not can_jump():
        missing("no C compiler here, which gives a process a clock of its own: apt install gcc")
    clock = Clock(tmp_path)
    with Newsroom(via="proxy", only=("fr",)) as room:
        right, wrong = (Harness(room, tmp_path / name) for name in ("right", "wrong"))
        right.crawl("fr")
        asked = len(room.requests("fr"))
        wrong.env |= clock.env
        room.hang("fr", 0.2)
        process = wrong.start("crawl", "fr")
        wait_for(lambda: len(room.requests("fr")) > asked + 4)
        clock.jump(days * 24 * HOUR)
        room.hang("fr", 0)
        assert process.wait(PATIENCE) == 0
        assert "Traceback" not in (wrong.directory / "started.log").read_text("utf-8")
        clock.jump(0)
        wrong.crawl("fr")
        check_nothing_is_lost(right, wrong)
