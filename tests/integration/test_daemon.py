"""The daemon on a newsroom: it crawls, ships and serves, ends when told to, and stands alone."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from crawler.config import load
from crawler.daemon import Daemon
from crawler.scheduling.reasons import ScheduleReason
from crawler.settings_model import ScheduleSettings
from index.archive import leases, site_state
from index.archive import runs as records
from index.model.message import Message
from tests.integration.daemon_process import Service, daemon, free_port
from tests.integration.harness import Harness
from tests.support import loopback
from tests.support.news_sites import Article, Newsroom
from tests.support.patience import PATIENCE, wait_for
from tests.support.postgresql import Server, on_both

EVERY = 0.05  # minutes between two crawls of a site
HOURLY = ScheduleSettings(every=60)
IMPATIENT = "from crawler import daemon; daemon.OFFLINE_REST = 1.0; from crawler.cli.app import main; main()"
# On SIGUSR1 the crawls under way reach their deadline, whatever time it is, and waiting for their end is short.
OVERDUE = """
import signal
from crawler.processes import crawl_process
begun, start = [], crawl_process.start
def noted(*args, **options):
    begun.append(start(*args, **options))
    return begun[-1]
crawl_process.start, crawl_process.GRACE = noted, 2.0
signal.signal(signal.SIGUSR1, lambda *_: [setattr(run, "deadline", 0.0) for run in begun])
from crawler.cli.app import main
main()
"""


@pytest.fixture
def room() -> Iterator[Newsroom]:
    """Two sites, each with a host of its own."""
    with Newsroom(via="proxy", only=("english", "fr")) as room:
        yield room


@pytest.fixture
def house(room: Newsroom, tmp_path: Path, database_server: Server | None) -> Harness:
    return Harness(room, tmp_path, database_server, every=EVERY)


def runs_of(house: Harness) -> list[records.Run]:
    with house.archive() as conn:
        return records.recent(conn, 100)


def parts_of(house: Harness, site: str) -> list[records.SiteRun]:
    """A site's part in each run, the newest first."""
    return [part for run in runs_of(house) for part in run.sites if part.site == site]


def held(house: Harness) -> list[str]:
    with house.archive() as conn:
        return [site for site in house.room.sites if leases.holder(conn, site)]


def stored(house: Harness, article: Article) -> bool:
    return article.url in house.documents()


def found(service: Service, article: Article) -> bool:
    """Whether a reader finds it."""
    return bool(service.found(f'"{article.headline}"'))


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run, and do not only wait to be buried."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@on_both
def test_a_day_of_its_life(house: Harness, room: Newsroom) -> None:
    with (house.config / "sites" / "test" / "fr.yaml").open("a") as file:
        file.write("schedule: {every: 60}\n")  # a slow machine crawls the other one without a pause
    with daemon(house) as service:
        service.wait_for(lambda: loopback.get(f"{service.page}/healthz").status_code == 200)
        service.wait_for(lambda: len(house.documents()) == sum(len(room.articles(site)) for site in room.sites))
        for article in (*(room.articles(site)[0] for site in room.sites), room.publish("english")):
            service.wait_for(lambda: found(service, article))  # noqa: B023

        def turns() -> dict[str, str | None]:
            found = loopback.get(f"{service.page}/api/sites").json()
            return {site["id"]: site["next_why"] for site in found}

        service.wait_for(lambda: turns()["fr"] == "every 1 hour")
        assert "every 1 hour" in loopback.get(f"{service.page}/sites").text

        printed = house.arshif("run", code=3)
        running = rf"arshif: `arshif run` is running already for \S+: process {service.process.pid}( on \S+)?\n"
        assert printed == "", "nothing of a start"
        assert re.fullmatch(running, house.log), "nor of the page's port"

        family = service.family()
        assert service.end() == 0
        assert living(family) == []
    assert held(house) == []
    assert {run.status for run in runs_of(house)} <= {"ok", "stopped"}
    assert all(state["state"] == "ok" for state in house.told("status"))
    assert "Traceback" not in service.log


def test_a_site_that_is_due_says_so_and_why_until_it_is_crawled(house: Harness) -> None:
    house.crawl()
    config = load(house.config)
    often = config.settings.model_copy(update={"schedule": ScheduleSettings(every=EVERY)})
    with house.open() as archive:
        tended = Daemon(replace(config, settings=often), archive, False)
        wait_for(lambda: len(tended.due()) == len(config.enabled))
        with archive.read() as conn:
            known = {state.id: state for state in site_state.states(conn)}
        why = Message(ScheduleReason.EVERY, {"interval": int(60 * EVERY)})
        assert {state.next_why for state in known.values()} == {why}
        assert all(state.next_run and state.next_run <= datetime.now(UTC) for state in known.values())
        archive.write = pytest.fail  # type: ignore[method-assign,assignment]
        tended.due()


def test_turns_are_written_where_they_changed(house: Harness) -> None:
    house.crawl()
    config = load(house.config)
    with house.open() as archive:
        tended = Daemon(
            replace(config, settings=config.settings.model_copy(update={"schedule": HOURLY})), archive, False
        )
        for _ in range(3):
            assert tended.due() == []
        with archive.read() as conn:
            known = {state.id: state for state in site_state.states(conn)}
        assert {state.next_why for state in known.values()} == {Message(ScheduleReason.EVERY, {"interval": 3_600})}
        assert all(state.next_run and state.next_run > datetime.now(UTC) for state in known.values())
        archive.write = pytest.fail  # type: ignore[method-assign,assignment]
        tended.due()


def test_secrets_are_in_no_log_no_answer_and_no_argument(house: Harness, room: Newsroom) -> None:
    house.env |= {
        "ARSHIF_PROXY": load(house.config).settings.proxy.get_secret_value().replace("://", "://me:MARKER@"),
        "ARSHIF_WEB__TOKEN": "MARKER-MARKER-MARKER",
        "ARSHIF_NOTIFY": "json://me:MARKER@127.0.0.1:9/,MARKER",
        "ARSHIF_INDEX__USERNAME": "me",
        "ARSHIF_INDEX__PASSWORD": "MARKER",
    }
    with daemon(house) as service:
        service.wait_for(lambda: stored(house, room.articles("fr")[0]))
        arguments = [word for process in service.family() for word in process.cmdline()]
        assert "serve" in arguments
        assert service.end() == 0
    said = [service.log, *arguments]
    for command, code in (("status", 0), ("runs", 0), ("doctor", 1), ("alerts", 0)):
        said += [house.arshif(command, "--json", code=code), house.log]
    said += [house.arshif("alerts", "--test", code=2), house.log]
    assert "notify.1: is not an address that Apprise knows" in service.log
    assert "MARKER" not in "\n".join(said)


def test_it_ends_gracefully_while_sites_are_slow(house: Harness, room: Newsroom) -> None:
    for site in room.sites:
        room.drip(site, 0.3)  # six seconds an answer: of a crawl's dozens some are left when it is asked to end
    with daemon(house, "--no-web") as service:
        service.wait_for(lambda: room.requests("fr"))
        family = service.family()
        assert service.end(signal.SIGINT) == 0
        assert living(family) == []
    (run,) = runs_of(house)
    assert run.status == "stopped"
    assert run.ended is not None
    assert held(house) == []
    assert {state["state"] for state in house.told("status")} <= {"ok", "partly failing"}, "being ended is no failure"


@on_both
def test_killed_and_started_again_at_once(house: Harness, room: Newsroom) -> None:
    for site in room.sites:
        room.hang(site, 0.3)
    with daemon(house, "--no-web") as first:
        first.wait_for(lambda: room.requests("fr"))
        family = first.family()
        first.process.kill()
        first.process.wait()
        with daemon(house, "--no-web") as second:
            second.wait_for(lambda: living(family) == [])  # children do not outlive their daemon
            second.wait_for(lambda: all(any(p.status == "ok" for p in parts_of(house, site)) for site in room.sites))
            assert second.end() == 0
    statuses = [run.status for run in reversed(runs_of(house))]
    assert statuses[0] == "killed"
    assert set(statuses[1:]) <= {"ok", "stopped"}
    assert all(run.ended is not None for run in runs_of(house))
    for site in room.sites:
        gaps = [later.time - earlier.time for earlier, later in pairwise(room.requests(site))]
        assert min(gaps) > 0.25, "two requests were under way at once"  # of 0.3 s that an answer takes
    articles = house.documents()
    assert len(articles) == sum(len(room.articles(site)) for site in room.sites)


@pytest.mark.parametrize("trouble", ["fails", "hangs"])
def test_a_site_in_trouble_holds_up_no_other(house: Harness, room: Newsroom, trouble: str) -> None:
    if trouble == "fails":
        room.fail("fr", 500)
    else:
        room.hang("fr", PATIENCE)
    house.env |= {"ARSHIF_POLITENESS__TIMEOUT": "5"}
    with daemon(house, "--no-web") as service:
        for _ in range(2):
            article = room.publish("english")
            service.wait_for(lambda: stored(house, article))  # noqa: B023
        service.wait_for(lambda: any(part.status == "failed" for part in parts_of(house, "fr")))
        asked = len(room.requests("fr"))
        article = room.publish("english")
        service.wait_for(lambda: stored(house, article))
        assert len(room.requests("fr")) == asked, "a failing site is left alone for a while"
        assert service.end() == 0
    states = {state["site"]: state for state in house.told("status")}
    assert states["english"]["state"] == "ok"
    assert states["fr"]["state"] == "failing"
    assert "next attempt in" in states["fr"]["why"]
    assert (datetime.fromisoformat(states["fr"]["next_run"]) - datetime.now(UTC)).total_seconds() > 3_000
    assert "make demo" not in service.log, "this is no lost network"


def test_a_crawl_that_hangs_is_ended_by_its_deadline(house: Harness, room: Newsroom) -> None:
    room.hang("english", PATIENCE)
    with daemon(house, "--no-web", code=("-c", OVERDUE)) as service:
        service.wait_for(lambda: any(part.status == "ok" for part in parts_of(house, "fr")))
        (crawl,) = service.children("_crawl")
        crawl.suspend()  # it hears no SIGTERM now
        service.process.send_signal(signal.SIGUSR1)
        service.wait_for(lambda: not crawl.is_running())
        service.says("has reached its deadline")
        service.says("killed")
        article = room.publish("fr")
        service.wait_for(lambda: stored(house, article))
        assert service.end() == 0
    first = runs_of(house)[-1]
    assert first.status == "timed out"
    assert {part.site: part.status for part in first.sites} == {"english": "timed out", "fr": "ok"}
    assert {state["site"]: state["state"] for state in house.told("status")}["english"] == "failing"


def test_without_a_network_it_says_so_and_goes_on_trying(room: Newsroom, tmp_path: Path) -> None:
    house = Harness(room, tmp_path, every=EVERY, via="ports")
    sites = house.config / "sites" / "test"
    for name, address in (("english", f"http://127.0.0.1:{free_port()}"), ("fr", "http://le-phare.invalid")):
        text = (sites / f"{name}.yaml").read_text("utf-8")
        (sites / f"{name}.yaml").write_text(text.replace(f"http://127.0.0.1:{room.sites[name].port}", address), "utf-8")
    with daemon(house, "--no-web", code=("-c", IMPATIENT)) as service:
        service.says("No site could be reached")
        service.wait_for(lambda: len(runs_of(house)) > 2)
        assert service.end() == 0
    assert service.log.count("No site could be reached") == 1
    assert "robots.txt" not in service.log
    assert "make" not in service.log, "an installed Arshif has no Makefile"
    assert "Traceback" not in service.log
    assert {part.status for site in room.sites for part in parts_of(house, site)} <= {"offline", "stopped"}
    assert {run.status for run in runs_of(house)} <= {"offline", "stopped"}
    with house.archive() as conn:
        assert all(state["state"] != "failing" for state in house.told("status")), conn
    house.arshif("crawl", code=1)
    assert house.log.count("\n") == 1, "one line for all sites"
    assert "No site could be reached" in house.log


def test_helpers_that_end_are_started_again(house: Harness) -> None:
    with daemon(house) as service:
        service.wait_for(lambda: loopback.get(f"{service.page}/healthz").status_code == 200)
        killed = service.children("_ship") + service.children("serve")
        assert len(killed) == 2
        for child in killed:
            child.kill()
        service.says("the shipper ended by signal 9")
        service.says("the web server ended by signal 9")
        article = house.room.publish("fr")
        service.wait_for(lambda: found(service, article))
        assert {child.pid for child in killed}.isdisjoint(child.pid for child in service.children())
        assert service.end() == 0


def test_a_port_that_is_taken_is_told_and_the_crawl_goes_on(house: Harness, room: Newsroom) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, daemon(house, port=other.getsockname()[1]) as service:
        service.says("another program uses it")
        service.wait_for(lambda: stored(house, room.articles("fr")[0]))
        assert service.process.poll() is None
        assert service.log.count("another program uses it") <= 3
        assert service.end() == 0


def test_of_five_that_start_at_once_one_wins(house: Harness) -> None:
    """And when that one is killed, of the next five one does, which ends what that one left before it begins."""
    left: list[records.Run] = []
    for ends in ("killed", "asked to"):
        with ExitStack() as stack:
            five = [stack.enter_context(daemon(house, "--no-web")) for _ in range(5)]
            wait_for(lambda: sum(service.process.poll() is None for service in five) == 1)  # noqa: B023
            (winner,) = (service for service in five if service.process.poll() is None)
            for loser in (service for service in five if service is not winner):
                assert loser.process.returncode == 3, loser.log
                assert re.search(rf"process {winner.process.pid}( on \S+)?\n", loser.log)
            before = len(runs_of(house))
            winner.wait_for(lambda: len(runs_of(house)) > before + 1)  # noqa: B023
            if ends == "killed":
                winner.process.kill()
                winner.process.wait()
                left = runs_of(house)
            else:
                assert winner.end() == 0
    numbers = {run.id for run in left}
    first = [run.ended for run in runs_of(house) if run.id in numbers]
    second = [run.started for run in runs_of(house) if run.id not in numbers]
    assert len(first) >= 2
    assert len(second) >= 2
    assert all(ended is not None and ended <= min(second) for ended in first)


def test_a_crawl_by_hand_and_the_daemon_leave_each_others_sites_alone(house: Harness, room: Newsroom) -> None:
    house.env |= {"ARSHIF_POLITENESS__TIMEOUT": "600"}
    room.hang("english", PATIENCE)
    by_hand = house.start("crawl", "english")
    try:
        wait_for(lambda: "english" in held(house))
        house.arshif("crawl", "english", code=3)
        assert "another run is crawling english" in house.log
        with daemon(house, "--no-web") as service:
            service.wait_for(lambda: stored(house, room.articles("fr")[0]))
            assert service.end() == 0
        room.hang("english", 0)
        assert by_hand.wait(PATIENCE) == 0
    finally:
        by_hand.kill()
        by_hand.wait()
    assert {part.status for part in parts_of(house, "english")} <= {"ok", "busy", "stopped"}
    assert house.told("status")[0]["state"] == "ok"


@pytest.mark.elasticsearch
def test_an_index_that_is_down_delays_the_search_only(room: Newsroom, tmp_path: Path, request: Any) -> None:
    house = Harness(room, tmp_path, every=EVERY)
    house.env |= {"ARSHIF_INDEX__ENGINE": "elasticsearch", "ARSHIF_INDEX__PREFIX": f"t{time.monotonic_ns()}"}
    down = {"ARSHIF_INDEX__URL": f"http://127.0.0.1:{free_port()}"}
    house.arshif("crawl", **down)
    assert "stored, but not searchable yet" in house.log
    assert len(house.documents()) == sum(len(room.articles(site)) for site in room.sites)

    house.env |= {"ARSHIF_INDEX__URL": request.getfixturevalue("elasticsearch_url")}
    article = room.articles("english")[0]
    with daemon(house) as service:
        assert service.wait_for(lambda: service.found(f'"{article.headline}"'))
        assert service.end() == 0
