"""The daemon without a fixed interval: a site is asked when its sources' record says so, not before, and then once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from index.archive import runs
from index.archive.column_types import MICROSECOND
from tests.integration.daemon_process import daemon
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom

SITE = "fr"
LONG = timedelta(hours=13)  # more than `schedule.slowest`


MOMENTS = {  # when what was done
    "sources": ("asked", "polled", "changed", "forced"),
    "runs": ("started", "ended"),
    "sites": ("last_run", "last_success"),
    "turns": ("at", "look", "made"),
}


def pass_time(house: Harness, by: timedelta) -> None:
    """Moves all that was asked and done into the past."""
    with house.open() as archive:
        for table, names in MOMENTS.items():
            earlier = ", ".join(f"{name} = {name} - {by // MICROSECOND}" for name in names)
            change = text(f"UPDATE {table} SET {earlier}")
            archive.write(lambda conn, change=change: conn.execute(change)).result()  # type: ignore[misc]


def next_run(house: Harness) -> datetime:
    (row,) = house.told("status")
    return datetime.fromisoformat(row["next_run"])


def finished(house: Harness) -> int:
    with house.archive() as conn:
        return sum(run.ended is not None for run in runs.recent(conn, 10))


def test_a_site_is_crawled_when_its_sources_are_due_and_then_left_alone(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=(SITE,)) as room:
        house = Harness(room, tmp_path, every=None)
        house.crawl()
        news = room.publish(SITE)
        soon = datetime.now(UTC) + timedelta(minutes=5)
        assert next_run(house) > soon, "nothing is due right after a crawl"
        (row,) = house.told("status", SITE)
        assert row["why"].split(":")[0] in ("feed", "sitemap", "section page", "pages to check again")
        for source in row["sources"]:
            assert datetime.fromisoformat(source["asked"]) < datetime.fromisoformat(source["next"])
            assert source["why"]
        assert all(f"{source['url']}: polled " in house.arshif("status", SITE) for source in row["sources"])
        with daemon(house, "--no-web") as service:
            service.wait_for(lambda: service.children("_ship"))  # it is at work
            assert finished(house) == 1
            assert news.url not in house.documents()
            assert service.end() == 0

        pass_time(house, LONG)
        assert next_run(house) <= datetime.now(UTC)
        with daemon(house, "--no-web") as service:
            service.wait_for(lambda: finished(house) == 2)
            assert news.url in house.documents()
            assert next_run(house) > soon
            assert service.end() == 0
        assert finished(house) == 2
