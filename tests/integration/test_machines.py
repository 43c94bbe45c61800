"""Several machines on one archive in PostgreSQL: `arshif run` several times, each with processes that no other sees."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import func, select

from crawler.processes.machine import BEAT
from index.archive import (
    documents,
    heartbeat,
    host_turns,
    machines,
    migrate,
    saved_searches,
    site_state,
    source_state,
)
from index.archive import runs as records
from index.archive import tables as t
from tests.integration.daemon_process import Service, daemon
from tests.integration.harness import Harness
from tests.monitoring.test_alerts import hook
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for
from tests.support.postgresql import Server, about_a_file
from tests.support.requirements import missing
from tests.support.shared_host import list_all, share

NAMES = ("one", "two", "three")
SITES = ("arabic2", "english", "fa", "fr")
HALVES = ("left", "right")
DELAY = 3.0  # seconds
# Upkeep every three seconds, not every ten minutes
BUSTLING = "from crawler import daemon; daemon.CHECKUP = 3.0; from crawler.cli.app import main; main()"
# Hosts that another machine asks are waited for a second, and sites that were kept out so come again after one
HASTY = (
    "from crawler.fetch import politeness; politeness.MAX_TURN_WAIT = 1.0; from datetime import timedelta; "
    "from crawler.scheduling import site_schedule; site_schedule.TOLD_NOTHING_WAIT = timedelta(seconds=1); "
) + BUSTLING
# As of another container: nobody else sees whether its processes live
APART = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")


@pytest.fixture(scope="module", autouse=True)
def _apart() -> None:
    if subprocess.run([*APART, "true"], check=False, capture_output=True).returncode:
        missing("no process namespaces can be made here")


def settings(delay: float) -> dict[str, Any]:
    """A run at a time, in which nobody loses patience before the others have begun theirs."""
    return {"machine": {"runs": 1}, "politeness": {"delay": delay, "timeout": 600}}


@contextmanager
def machine(house: Harness, name: str, code: str = BUSTLING) -> Iterator[Service]:
    """`arshif run` under this name, with processes of its own."""
    there = copy(house)
    there.env = house.env | {"ARSHIF_MACHINE__NAME": name}
    with daemon(there, "--no-web", code=("-c", code), within=APART) as service:
        yield service


def end(service: Service) -> int:
    """Its exit code after SIGTERM, which is for the daemon and not for what gave it its namespace."""
    (inside,) = psutil.Process(service.process.pid).children()
    os.kill(inside.pid, signal.SIGTERM)
    return service.process.wait(PATIENCE)


def runs_of(house: Harness) -> list[records.Run]:
    with house.archive() as conn:
        return records.recent(conn, 1_000)


def boots(house: Harness) -> set[str]:
    """The namespaces whose daemons began a run."""
    with house.archive() as conn:
        return set(conn.execute(select(t.runs.c.boot).distinct()).scalars())


def opened(house: Harness, on: bool) -> None:
    """Has the sites crawled, or not."""
    for file in (house.config / "sites" / "test").glob("*.yaml"):
        lines = file.read_text("utf-8").splitlines()
        file.write_text("\n".join([*lines[:-1], f"enabled: {str(on).lower()}", ""]), "utf-8")


def joined(house: Harness) -> set[str]:
    """The names of the machines that are there."""
    with house.archive() as conn:
        return {one.name for one in machines.listed(conn)}


def addresses(room: Newsroom) -> list[str]:
    """Those of all articles, of which some are at two."""
    return [article.url for site in room.sites for article in room.articles(site)]


def ids(house: Harness, room: Newsroom) -> set[str | None]:
    """The stored articles at these addresses; None for one that is not stored."""
    with house.archive() as conn:
        return {documents.by_url(conn, url) for url in addresses(room)}


def said(services: Iterable[Service]) -> str:
    """What these have said of late."""
    return "\n\n".join(one.log[-3000:] for one in services)


def told(got: list[dict[str, Any]]) -> list[str]:
    """The addresses of articles in the messages, each as often as it was told."""
    return re.findall(r"^http://\S+", "\n".join(str(one["message"]) for one in got), re.MULTILINE)


def test_three_machines_share_the_sites_and_do_once_what_is_to_be_done_once(
    postgresql_server: Server, tmp_path: Path
) -> None:
    """And when one of them is killed, the others take its sites over, once it has been silent for long enough."""
    with Newsroom(via="proxy", only=SITES) as room, hook() as (address, got), ExitStack() as stack:
        house = Harness(room, tmp_path, postgresql_server, settings=settings(0) | {"notify": [address]}, every=0.3)
        opened(house, False)
        services = {name: stack.enter_context(machine(house, name)) for name in NAMES}
        wait_for(lambda: joined(house) == set(NAMES))
        for site in SITES:
            room.hang(site, PATIENCE)
        opened(house, True)
        wait_for(lambda: len(boots(house)) == len(NAMES), lambda: said(services.values()))  # each has its share
        for site in SITES:
            room.hang(site, 0)
        wait_for(lambda: None not in ids(house, room), lambda: said(services.values()))
        with house.open() as archive:
            archive.write(lambda conn: saved_searches.add(conn, "all", "-qqqq", datetime.now(UTC))).result()
        new = {room.publish(site).url for site in SITES}
        wait_for(lambda: set(told(got)) == new)
        with house.archive() as conn:
            seen = machines.listed(conn)
        assert {(one.name, one.runs, one.ended) for one in seen} == {(name, 1, None) for name in NAMES}
        assert sum("upkeep of the archive is this machine's" in one.log for one in services.values()) == 1

        room.hang("fr", PATIENCE)
        holder = wait_for(lambda: crawls(house, services, "fr"))
        at_work = runs_of(house)
        services[holder].process.kill()
        services[holder].process.wait()
        room.hang("fr", 0)
        late = room.publish("fr").url
        others = [one for name, one in services.items() if name != holder]
        wait_for(lambda: late in house.documents(), lambda: said(others))
        wait_for(lambda: late in told(got))
        assert [end(one) for one in others] == [0, 0]

        killed = [run for run in runs_of(house) if run.status == "killed"]
        assert {run.id for run in killed} <= {run.id for run in at_work}
        (dead,) = (run for run in killed if "fr" in {part.site for part in run.sites})
        after = next(run for run in runs_of(house) if any(p.site == "fr" and p.counts["stored"] for p in run.sites))
        assert dead.ended is not None
        assert after.started >= dead.ended >= dead.started + heartbeat.LIFE - heartbeat.LIFE / heartbeat.BEATS
        logs = "".join(one.log for one in services.values())
        assert "Traceback" not in logs, logs
        assert set(told(got)) == {*new, late}
        assert max(Counter(told(got)).values()) == 1, "nothing is told twice"
        asked = Counter(f"http://{one.host}{one.path}" for one in room.requests())
        assert {url: n for url in addresses(room) if (n := asked[url]) != 1} == {}
        assert len(house.documents()) == len(ids(house, room)), "each is there once"
        with house.archive() as conn:
            assert conn.execute(select(func.max(t.versions.c.number))).scalar_one() == 1
        together = [part for run in runs_of(house) for part in run.sites]
        assert "busy" not in {part.status for part in together}, "no run began with another's site"


def crawls(house: Harness, services: dict[str, Service], site: str) -> str:
    """The machine that is crawling this site; "" if none is."""
    with house.archive() as conn:
        if (
            site not in records.at_work(conn)
            and not conn.execute(
                select(t.leases.c.owner).where(t.leases.c.site == site, t.leases.c.owner.is_not(None))
            ).all()
        ):
            return ""
        owner = conn.execute(select(t.leases.c.owner).where(t.leases.c.site == site)).scalar_one()
    number = (owner or "").removeprefix("run ")
    return next((name for name, one in services.items() if number and f"run {number}:" in one.log), "")


def test_a_second_machine_of_the_same_name_is_refused(postgresql_server: Server, tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path, postgresql_server)
        with machine(house, "one") as service:
            service.wait_for(house.documents)
            house.arshif("run", "--no-web", code=3, ARSHIF_MACHINE__NAME="one")
            assert "is running already" in house.log
            assert end(service) == 0
        with house.archive() as conn:
            (one,) = machines.listed(conn)
        assert one.ended is not None


def test_other_folders_join_whatever_opens_the_archive_first(postgresql_server: Server, tmp_path: Path) -> None:
    """Where raw copies are elsewhere; the index, which is asked by nobody here, is to be as well."""
    elsewhere = {
        "raw": {"url": f"file://{tmp_path / 'mount'}"},
        "index": {"engine": "elasticsearch", "url": "http://127.0.0.1:9"},
    }
    with Newsroom(only=("fr",)) as room:
        house = Harness(room, tmp_path, postgresql_server, settings=elsewhere)
        first = house.told("migrate", ARSHIF_DATA=str(tmp_path / "first"))
        other = house.told("migrate", ARSHIF_DATA=str(tmp_path / "other"))
    assert first == other
    assert first["schema"] == migrate.HEAD


def test_no_host_is_asked_by_two_machines_within_its_delay(postgresql_server: Server, tmp_path: Path) -> None:
    """Two sites, each crawled by another machine, whose feeds lead to a third one's host."""
    with Newsroom(via="proxy", only=("english",)) as room, ExitStack() as stack:
        house = Harness(room, tmp_path, postgresql_server, settings=settings(DELAY), every=60)
        share(room, "english", HALVES, house.config, enabled=False)
        halves = list_all(room, "english", HALVES)
        pages = [url for urls in halves.values() for url in urls]
        services = [stack.enter_context(machine(house, name)) for name in NAMES[:2]]
        wait_for(lambda: joined(house) == set(NAMES[:2]))
        room.hang("english", PATIENCE)
        opened(house, True)
        wait_for(lambda: len(boots(house)) == len(services), lambda: said(services))
        room.hang("english", 0)
        wait_for(lambda: set(pages) <= {f"http://{one.host}{one.path}" for one in room.requests("english")})
        assert [end(one) for one in services] == [0, 0]
        asked = room.requests("english")
        gaps = [later.time - earlier.time for earlier, later in pairwise(asked)]
        assert min(gaps) > 0.95 * DELAY, gaps
        times = [[one.time for one in asked if f"http://{one.host}{one.path}" in urls] for urls in halves.values()]
        assert max(map(min, times)) < min(map(max, times)), "both asked it in the same minutes"


def test_a_site_whose_host_another_machine_asks_is_crawled_again_soon_and_nothing_is_held_against_it(
    postgresql_server: Server, tmp_path: Path
) -> None:
    """One that died while it asked the host, and is not found dead for an hour."""
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path, postgresql_server, settings=settings(0), every=24 * 60)
        host = room.sites["fr"].host
        with house.open() as archive:
            turn = archive.write(lambda conn: host_turns.take(conn, host, 0, timedelta(hours=1))).result()
        with machine(house, "one", HASTY) as service:
            service.wait_for(lambda: "host busy" in statuses(house))
            assert room.requests() == []
            with house.open() as archive:
                archive.write(lambda conn: host_turns.end(conn, host, turn.number or 0, timedelta())).result()
            service.wait_for(lambda: "ok" in statuses(house))
            assert end(service) == 0
        assert None not in ids(house, room)
        assert statuses(house) == {"host busy", "ok"}
        with house.archive() as conn:
            state, sources = site_state.state(conn, "fr"), source_state.states(conn, "fr")
        assert (state.failures, state.verdict, {one.failures for one in sources}) == (0, None, {0})


def statuses(house: Harness) -> set[str]:
    """How the parts of runs ended."""
    return {part.status for run in runs_of(house) for part in run.sites} - {"running"}


def test_a_machine_is_drained_and_resumed(postgresql_server: Server, tmp_path: Path) -> None:
    """It ends what it is crawling, without another site, and takes none when it is started again until resumed."""
    with Newsroom(via="proxy", only=("english", "fr")) as room, ExitStack() as stack:
        house = Harness(room, tmp_path, postgresql_server, settings={"machine": {"runs": 1}})
        for site in room.sites:
            room.hang(site, 0.5)
        with machine(house, "one") as one:
            one.says("run 1:")
            house.arshif("machines", "drain", "two", code=1)
            assert "`arshif machines list` names them" in house.log
            house.arshif("machines", "drain", "one")
            assert one.process.wait(PATIENCE) == 0, one.log
        begun = len(runs_of(house))
        assert {run.status for run in runs_of(house)} == {"ok"}, "what was begun is done"
        assert state(house) == ("drained", "machine.drained", 0)

        again = stack.enter_context(machine(house, "one"))
        again.says("takes no sites until it is resumed")
        wait_for(lambda: heard(house, 2))
        assert len(runs_of(house)) == begun
        house.arshif("machines", "resume", "one")
        again.wait_for(lambda: len(runs_of(house)) > begun)
        again.wait_for(lambda: state(house)[0] == "at work")
        assert re.search(r"^one +at work +[01] of 1 ", house.arshif("machines", "list"), re.MULTILINE)
        assert end(again) == 0
        assert state(house) == ("ended", "machine.ended", 0)


def state(house: Harness) -> tuple[str, str, int]:
    """What is said of the only machine."""
    (one,) = house.told("machines", "list")
    assert (one["name"], one["runs"]) == ("one", 1)
    return one["state"], one["code"], one["running"]


def heard(house: Harness, times: int) -> bool:
    """Whether the only machine has been heard so many times since it started."""
    with house.archive() as conn:
        (one,) = machines.listed(conn)
    return one.ended is None and (one.heard - one.started).total_seconds() > (times - 1) * BEAT


@about_a_file
def test_an_archive_in_a_file_has_one_machine(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path)
        house.open().close()
        house.arshif("machines", "list", code=1)
        assert "into which only one machine crawls" in house.log
