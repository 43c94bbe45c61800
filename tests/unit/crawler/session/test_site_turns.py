"""Looks at the schedule: they cost what is due, and nothing that is due is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.config import Config
from crawler.session import site_turns
from crawler.session.site_turns import FOLLOW, Look, SiteTurns
from crawler.settings_model import Settings
from crawler.site_config import Schedule, Site
from index.archive import Archive, hosts, leases, runs, site_state, turns
from index.model.codes import RunStatus

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def site(name: str, **fields: Any) -> Site:
    home = f"https://{name}.example/"
    known: dict[str, Any] = {"name": name, "homepage": home, "country": "SY", "languages": ["ar"], "enabled": True}
    return Site(id=name, sources=[{"kind": "feed", "url": f"{home}feed"}], **known | fields)  # type: ignore[arg-type]


def configured(*sites: Site, every: float = 60.0) -> Config:
    settings = Settings()
    schedule = settings.schedule.model_copy(update={"every": every})
    return Config(settings.model_copy(update={"schedule": schedule}), {one.id: one for one in sites}, Path("config"))


class Timetable:
    """The turns of some sites, and a clock."""

    def __init__(self, archive: Archive, config: Config) -> None:
        self.archive, self.config, self.now = archive, config, NOW
        self.turns = SiteTurns(archive)

    def look(self, may: Callable[[Site], bool] = lambda _: True) -> Look:
        self.turns.follow(self.config, self.now)
        with self.archive.read() as conn:
            found = self.turns.look(conn, self.now, may)
        if found.new:
            self.archive.write(lambda conn: turns.settle(conn, found.new, self.now)).result()
        return found

    def due(self, may: Callable[[Site], bool] = lambda _: True) -> list[str]:
        return sorted(one.id for one in self.look(may).due)

    def crawl(self, *names: str) -> None:
        """A crawl of these sites by anyone."""

        def run(conn: Any) -> None:
            number = runs.start(conn, names, self.now, owner="test")
            held = leases.acquire(conn, names, "test", self.now)
            for name in names:
                runs.end_site(conn, number, name, RunStatus.OK)
                site_state.put(conn, name, last_run=self.now, last_success=self.now)
            leases.release(conn, held)
            runs.finish(conn, number, RunStatus.OK, self.now)

        self.archive.write(run).result()


@pytest.fixture
def schedule(tmp_path: Path) -> Iterator[Timetable]:
    with Archive(tmp_path / "archive.sqlite3") as archive:
        yield Timetable(archive, configured(*map(site, "abc")))


def test_each_site_comes_when_it_is_due(schedule: Timetable) -> None:
    assert schedule.due() == ["a", "b", "c"]
    schedule.crawl("a", "b", "c")
    found = schedule.look()
    assert found.due == ()
    assert found.next is not None
    seen = []
    while len(seen) < 3 and schedule.now < NOW + 2 * HOUR:
        schedule.now = schedule.look().next or pytest.fail("no site is due any more")
        came = schedule.due()
        assert came, "the next look finds what it was told for"
        schedule.crawl(*came)
        seen += came
    assert sorted(seen) == ["a", "b", "c"]


def test_nothing_is_computed_nor_written_where_nothing_is_due(
    schedule: Timetable, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule.crawl("a", "b", "c")
    schedule.look()
    computed: list[str] = []
    compute = site_turns.compute
    monkeypatch.setattr(
        site_turns, "compute", lambda conn, sites, *a: computed.extend(sites) or compute(conn, sites, *a)
    )
    schedule.archive.write = pytest.fail  # type: ignore[method-assign,assignment]
    assert schedule.look().new == ()
    assert computed == []


def test_a_crawl_by_hand_moves_the_turn(schedule: Timetable) -> None:
    schedule.crawl("a", "b", "c")
    schedule.archive.write(lambda conn: site_state.put(conn, "a", failures=3)).result()
    schedule.archive.write(lambda conn: turns.mark(conn, ["a"])).result()
    schedule.look()
    schedule.now += 2 * HOUR
    assert schedule.due() == ["b", "c"], "a failing site waits for hours"
    schedule.archive.write(lambda conn: site_state.put(conn, "a", failures=0)).result()
    schedule.crawl("a")
    schedule.now += HOUR
    assert schedule.due() == ["a", "b", "c"]


def test_another_schedule_counts_at_once(schedule: Timetable) -> None:
    schedule.crawl("a", "b", "c")
    assert schedule.due() == []
    schedule.now += 10 * MINUTE
    often = schedule.config.sites["b"].model_copy(update={"schedule": Schedule(every=1)})
    schedule.config = replace(schedule.config, sites=dict(schedule.config.sites) | {"b": often})
    assert schedule.due() == ["b"]
    schedule.config = replace(schedule.config, sites=dict(schedule.config.sites) | {"d": site("d")})
    assert schedule.due() == ["b", "d"]
    off = often.model_copy(update={"enabled": False})
    schedule.config = replace(schedule.config, sites=dict(schedule.config.sites) | {"b": off})
    assert schedule.due() == ["d"]


def test_a_site_that_may_not_be_crawled_now_or_is_held_comes_later(schedule: Timetable) -> None:
    held = schedule.archive.write(lambda conn: leases.acquire(conn, ["a"], "test", NOW)).result()
    assert schedule.due(lambda one: one.id != "b") == ["c"]
    schedule.archive.write(lambda conn: leases.release(conn, held)).result()
    assert schedule.due() == ["a", "b", "c"]


def test_a_host_that_asks_to_wait_is_waited_for_and_no_longer(schedule: Timetable) -> None:
    wait = {"not_before": NOW + 3 * HOUR}
    schedule.archive.write(lambda conn: hosts.put(conn, "https://a.example", **wait)).result()
    assert schedule.due() == ["b", "c"]
    schedule.now += 3 * HOUR
    assert schedule.due() == ["a", "b", "c"]


def test_what_is_more_than_a_run_takes_comes_with_the_next_ones(
    schedule: Timetable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_turns, "MOST", 2)
    found = schedule.look()
    assert [one.id for one in found.due] == ["a", "b"]
    assert found.next == schedule.now
    schedule.crawl("a", "b")
    assert schedule.due() == []  # two that are no longer due were looked at
    assert schedule.due() == ["c"]


def test_turns_that_another_machine_removed_come_back(schedule: Timetable) -> None:
    schedule.crawl("a", "b", "c")
    schedule.look()
    schedule.archive.write(lambda conn: turns.follow(conn, {"a": schedule.turns.bases["a"]}, NOW)).result()
    schedule.now += 2 * FOLLOW
    assert schedule.due() == ["a", "b", "c"]
