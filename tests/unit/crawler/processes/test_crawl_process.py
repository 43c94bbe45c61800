"""A run that dies says nothing about its sites: they come again at once, then alone; the one that kills it is found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete

from crawler.config import Config, load
from crawler.daemon import Daemon
from crawler.errors import ArchiveError, ConfigError
from crawler.processes import crawl_process
from crawler.processes.crawl_process import Run
from crawler.scheduling import site_schedule
from crawler.storage import open_archive
from index.archive import Archive, raw_files, requests, site_state, tables, turns, warc_files
from index.archive import runs as records
from index.archive.database import Database
from index.model.codes import RequestState, RequestWay, RunCause, RunDetail, RunStatus, Verdict
from index.warc.files import names as file_names
from index.warc.folder import Folder
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.support.archive_samples import HOUR, NOW
from tests.support.raw_files import crawl, whole

SITES = ("calm", "fatal", "mild", "quiet")
Ends = Callable[[tuple[str, ...]], int]  # the sites of a run -> its exit code, negative for a signal


class Machine:
    """A daemon's choice of sites, and runs that end as told, without a crawl in them."""

    def __init__(self, config: Config, archive: Archive, ends: Ends) -> None:
        self.config, self.archive, self.ends = config, archive, ends
        self.daemon = Daemon(config, archive, web=False)
        self.begun: list[tuple[str, ...]] = []

    def turn(self, ended_by: RunStatus | None = None, unfinished: bool = False) -> None:
        """One run of what is due; what ends with 0 has crawled all its sites, unless it is left `unfinished`."""
        sites = tuple(self.daemon.due())
        ids = tuple(site.id for site in sites)
        self.begun.append(ids)
        now, code = datetime.now(UTC), self.ends(ids)
        number = self.archive.write(lambda conn: records.start(conn, ids, now, owner="test")).result()
        if not code and not unfinished:
            for site in ids:
                self.archive.write(lambda conn, site=site: self._well(conn, number, site)).result()  # type: ignore[misc]
        how = f"import os, sys; os.kill(os.getpid(), {-code})" if code < 0 else f"raise SystemExit({code})"
        child = subprocess.Popen([sys.executable, "-c", how], start_new_session=True)
        run = Run(number, sites, child, 0.0, Folder(self.config.settings.data / "raw"), ended_by=ended_by)
        child.wait()
        crawl_process.finish(self.archive, run)

    def turn_with_the_daemon(self) -> None:
        """The same where the daemon dies right after its child, and the next one finds what is left."""
        ids = tuple(site.id for site in self.daemon.due())
        self.begun.append(ids)
        now, code = datetime.now(UTC), self.ends(ids)
        pid = os.getpid() if not code else 1 << 22
        number = self.archive.write(lambda conn: records.start(conn, ids, now, owner="test", pid=pid)).result()
        if code:
            assert crawl_process.reap_dead_runs(self.config, self.archive) == [number]
            return
        for site in ids:
            self.archive.write(lambda conn, site=site: self._well(conn, number, site)).result()  # type: ignore[misc]
        self.archive.write(lambda conn: records.finish(conn, number, RunStatus.OK, now)).result()

    def _well(self, conn: object, number: int, site: str) -> None:
        records.end_site(conn, number, site, RunStatus.OK)  # type: ignore[arg-type]
        now = datetime.now(UTC)
        site_state.put(conn, site, failures=0, last_run=now, last_success=now)  # type: ignore[arg-type]

    def state(self, site: str) -> site_state.SiteState:
        with self.archive.read() as conn:
            return site_state.state(conn, site)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Ends], Machine]]:
    """For a way in which runs end, a machine with four sites that are crawled once an hour."""
    folder = tmp_path / "config" / "sites"
    folder.mkdir(parents=True)
    settings = {"contact": "a@example.org", "schedule": {"every": 60}, "data": str(tmp_path / "data")}
    (tmp_path / "config" / "arshif.yaml").write_text(json.dumps(settings), "utf-8")
    for site in SITES:
        about = {
            "name": site, "homepage": f"https://{site}.example/", "country": "SY", "languages": ["en"], "enabled": True,
            "sources": [{"kind": "feed", "url": f"https://{site}.example/feed"}],
        }  # fmt: skip
        (folder / f"{site}.yaml").write_text(json.dumps(about), "utf-8")
    monkeypatch.setattr(site_schedule, "TOLD_NOTHING_WAIT", timedelta(0))  # the tests do not wait for it
    config = load(tmp_path / "config")
    config.settings.data.mkdir(exist_ok=True)
    with open_archive(config) as archive:
        yield lambda ends: Machine(config, archive, ends)


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGSEGV, 1], ids=["killed", "crashed", "failed"])
def test_a_run_that_dies_once_is_made_up_for_at_once(machine: Callable[[Ends], Machine], code: int) -> None:
    codes = iter([code, 0])
    it = machine(lambda _: next(codes))
    it.turn()
    assert all(it.state(site).failures == 0 for site in SITES)
    it.turn()
    assert it.begun == [SITES, SITES]
    assert it.daemon.due() == [], "and then the next turn is waited for"


def test_a_run_has_more_sites_than_a_command_can_name(machine: Callable[[Ends], Machine]) -> None:
    it = machine(lambda _: 0)
    (site, *_) = it.config.enabled
    many = [site.model_copy(update={"id": f"{number:0100}"}) for number in range(1_600)]  # in argv: 160 kB
    run = crawl_process.start(it.config, it.archive, many, why=RunCause.SCHEDULED)
    run.child.kill()
    run.child.wait()
    with it.archive.read() as conn:
        record = records.get(conn, run.number)
    assert record is not None
    assert [part.site for part in record.sites] == [site.id for site in many]


def test_what_a_dead_run_had_claimed_keeps_no_host_from_others(machine: Callable[[Ends], Machine]) -> None:
    it = machine(lambda _: 0)
    dead = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def claim(conn: Connection) -> int:
        asked = requests.ask(conn, "https://calm.example/1", "calm", RequestWay.PAGE, NOW)
        requests.claim(conn, [asked.id], records.start(conn, [], NOW, owner="test", pid=dead.pid))
        return asked.id

    number = it.archive.write(claim).result()
    assert crawl_process.reap_dead_runs(it.config, it.archive) == []
    assert "calm" not in [site.id for site in it.daemon.due()]
    dead.communicate()
    assert crawl_process.reap_dead_runs(it.config, it.archive) != []
    with it.archive.read() as conn:
        outcome = requests.get(conn, number)
    assert outcome is not None
    assert outcome.state == RequestState.DONE
    assert "calm" in [site.id for site in it.daemon.due()]


@pytest.mark.parametrize("code", [-signal.SIGKILL, 1], ids=["killed", "failed"])
def test_the_site_that_kills_its_runs_is_found_and_set_aside(machine: Callable[[Ends], Machine], code: int) -> None:
    it = machine(lambda sites: code if "fatal" in sites else 0)
    for _ in range(2 + len(SITES)):
        it.turn()
    assert it.begun[:2] == [SITES, SITES]
    assert sorted(it.begun[2:]) == [(site,) for site in SITES], "by ones"
    assert it.daemon.due() == []
    for site in SITES:
        assert it.state(site).failures == (site == "fatal")
    fatal = it.state("fatal")
    assert fatal.verdict == Verdict.FAILING
    assert fatal.detail is not None
    assert (fatal.detail.code, fatal.detail.params) == (RunDetail.KILLS_RUNS, {"n": 3})


def test_the_site_that_kills_the_daemon_too_is_found_and_set_aside(machine: Callable[[Ends], Machine]) -> None:
    it = machine(lambda sites: -9 if "fatal" in sites else 0)
    for _ in range(2 + len(SITES)):
        it.turn_with_the_daemon()
    assert sorted(it.begun[2:]) == [(site,) for site in SITES], "by ones"
    assert it.daemon.due() == []
    assert {site: it.state(site).failures for site in SITES} == {site: int(site == "fatal") for site in SITES}


def test_a_run_that_ends_before_it_is_done_has_died(machine: Callable[[Ends], Machine]) -> None:
    """As by a SIGTERM that somebody else sent, or where the code of a site ends the process."""
    it = machine(lambda _: 0)
    it.turn(unfinished=True)
    it.turn()
    assert it.begun == [SITES, SITES], "made up for at once"
    assert all(it.state(site).failures == 0 for site in SITES)
    assert it.daemon.due() == []


def test_what_kept_a_run_from_its_archive_is_no_sites_fault(machine: Callable[[Ends], Machine]) -> None:
    it = machine(lambda _: ArchiveError.exit_code)
    for _ in range(4):
        it.turn()
    assert it.begun == [SITES] * 4


def test_runs_that_cannot_begin_are_no_sites_fault(machine: Callable[[Ends], Machine]) -> None:
    ends = [ConfigError.exit_code] * (2 + len(SITES))
    it = machine(lambda _: ends.pop() if ends else 0)
    while ends:
        it.turn()
    for _ in SITES:
        it.turn()
    assert sorted(it.begun[-len(SITES) :]) == [(site,) for site in SITES]
    assert it.daemon.due() == []
    assert all(it.state(site).failures == 0 for site in SITES)


def test_a_run_that_was_stopped_in_between_clears_nobody(machine: Callable[[Ends], Machine]) -> None:
    it = machine(lambda sites: -9 if "fatal" in sites else 0)
    it.turn()
    it.turn()
    it.turn(ended_by=RunStatus.STOPPED, unfinished=True)
    for _ in SITES:
        it.turn()
    assert all(len(sites) == 1 for sites in it.begun[2:])
    assert {site: it.state(site).failures for site in SITES} == {site: int(site == "fatal") for site in SITES}


def test_the_one_of_many_that_kills_runs_is_found_in_few_of_them(
    machine: Callable[[Ends], Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = machine(lambda sites: -9 if "fatal" in sites else 0)
    monkeypatch.setattr(it.daemon, "read_sites", lambda: None)
    fatal = it.config.sites["fatal"]
    many = {name: fatal.model_copy(update={"id": name}) for number in range(79) if (name := f"site-{number:02}")}
    it.daemon.config = replace(it.config, sites=many | {"fatal": fatal})
    for _ in range(2 + 16 + 5):  # all twice, then by fives, and at last those five that died
        it.turn()
    assert it.daemon.due() == []
    assert it.state("fatal").failures == 1
    assert not any(it.state(site).failures for site in many)


def test_sites_whose_runs_have_died_come_in_turns_with_others_that_are_always_due(
    machine: Callable[[Ends], Machine],
) -> None:
    it = machine(lambda sites: -9 if "fatal" in sites else 0)
    it.turn()
    it.turn()

    def calm_is_due_again() -> None:
        def forget(conn: Connection) -> None:
            conn.execute(delete(tables.run_sites).where(tables.run_sites.c.site == "calm"))
            turns.mark(conn, ["calm"])

        it.archive.write(forget).result()

    for _ in range(8):
        calm_is_due_again()
        it.turn()
    assert it.state("fatal").failures == 1
    assert it.begun[2:].count(("calm",)) >= 3
    assert {("fatal",), ("mild",), ("quiet",)} <= {*it.begun}


def test_a_site_set_aside_comes_alone_again_and_with_the_others_once_it_is_well(
    machine: Callable[[Ends], Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = True
    it = machine(lambda sites: -9 if ill and "fatal" in sites else 0)
    for _ in range(2 + len(SITES)):
        it.turn()
    with monkeypatch.context() as later:
        later.setattr(site_schedule, "back_off", lambda *_: timedelta(0))  # after its hour
        it.archive.write(turns.mark_all).result()
        it.turn()
        assert it.begun[-1] == ("fatal",)
        assert it.state("fatal").failures == 2
        ill = False
        it.turn()
        assert it.begun[-1] == ("fatal",)
    assert it.state("fatal").failures == 0
    with it.archive.read() as conn:
        assert records.deaths(conn, SITES) == {}


def test_a_run_that_goes_past_its_deadline_is_its_sites_fault(machine: Callable[[Ends], Machine]) -> None:
    it = machine(lambda _: -signal.SIGKILL)
    it.turn(ended_by=RunStatus.TIMED_OUT)
    assert all(it.state(site).failures == 1 for site in SITES)


def test_a_file_of_a_dead_run_to_which_nothing_refers_is_to_be_deleted(tmp_path: Path, place: Database) -> None:
    """The run was killed after a page was written, and before it was stored."""
    raw = tmp_path / "raw"

    def died(conn: Connection) -> list[int]:
        began = datetime.now(UTC) - HOUR
        return [records.start(conn, ["step"], began, owner="test", pid=1 << 22) for _ in range(3)]

    with Archive(place) as archive:
        stored, lost, foreign = archive.write(died).result()
        crawl(archive, raw, stored, 2)
        for run in (stored, lost, foreign):
            with WarcStore(raw, f"run-{run:06d}") as copies:
                copies.append(Response("https://step.example/lost", NOW, "HTTP/1.1 200 OK", [], b"lost"))
        before = file_names(raw)
        torn = raw / before[3]  # as a killed run of an earlier archive left it, whose numbers are given again
        torn.write_bytes(torn.read_bytes()[:-5])
        long_ago = (NOW - HOUR).timestamp()
        os.utime(torn, (long_ago, long_ago))
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "arshif.yaml").write_text("least_free: 1\n", "utf-8")
        config = load(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path)})
        assert crawl_process.reap_dead_runs(config, archive) == [stored, lost, foreign]
        with archive.read() as conn:
            assert warc_files.discarded(conn) == before[1:3]
        assert raw_files.sweep(archive, Folder(raw), lambda: None) == 2
        assert file_names(raw) == [before[0], before[3]], "that of another archive stays"
        assert whole(archive, WarcStore(raw)) == 2


def test_a_run_that_was_stopped_is_nobodys_fault(machine: Callable[[Ends], Machine]) -> None:
    it = machine(lambda _: -signal.SIGTERM)
    it.turn(ended_by=RunStatus.STOPPED)
    assert all(it.state(site).failures == 0 for site in SITES)
    with it.archive.read() as conn:
        assert records.deaths(conn, SITES) == {}
