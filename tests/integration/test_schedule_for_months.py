"""Two months of the daemon in seconds, or half a year: every turn of every site comes once, whatever clocks and crawls
do.

The daemon, its schedule, runs, leases and archive are the real ones. Simulated are the clock that they read, and the
crawl's process: it takes its leases and writes its end as a crawl does, and fetches nothing. Those that hang are real.
"""

from __future__ import annotations

import bisect
import random
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from crawler import daemon
from crawler.config import Config, load
from crawler.processes import crawl_process
from crawler.scheduling.poll_interval import share
from crawler.scheduling.site_schedule import EPOCH
from crawler.session.site_progress import SiteProgress
from crawler.storage import open_archive
from index.archive import Archive, leases
from index.archive import runs as records
from index.model.codes import RunStatus
from tests.support.long_form import LONG, LONG_MARKS

BEGIN = datetime(2026, 9, 20, 12, tzinfo=UTC)
# The clocks go forward in Sydney, back in Berlin and New York; in half a year, forward again in New York
DAYS = 180 if LONG else 60
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney")
CRONS = {"night": time(1, 30), "gap": time(2, 30)}  # the hour that comes twice, and the one that is left out
TWICE = ZONES[0]  # where there are two sites of a kind, which are due at once
EVERY = 720  # minutes, of the sites with an interval
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SLACK = 45 * MINUTE  # after a turn, in which its crawl must have begun: two run at once, and a hung one takes 30 min
TROUBLED = 3 * HOUR  # after a fault, in which a crawl may come again, or be the next turn's already
NO_PROCESS = 1 << 23  # beyond what a kernel gives: whoever signals such a process meets nobody

pytestmark = LONG_MARKS


class Moment(datetime):
    """`datetime` for those whose clock is simulated."""

    clock: Clock

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.clock.shown.astimezone(tz)


@dataclass
class Clock:
    """True time, by how much the wall clock is wrong, and the monotonic clock, which stands still in sleep."""

    true: datetime = BEGIN
    wrong: timedelta = timedelta()
    running: timedelta = DAY

    @property
    def shown(self) -> datetime:
        return self.true + self.wrong

    def monotonic(self) -> float:
        return self.running.total_seconds()

    def time(self) -> float:
        return self.shown.timestamp()

    def go(self, to: datetime) -> None:
        self.running += to - self.true
        self.true = to


class Crawl:
    """A crawl's process, as the daemon sees it."""

    def __init__(self, months: Months, run: int, sites: Sequence[str], lasts: timedelta) -> None:
        self.pid = NO_PROCESS + run
        self.months, self.run, self.sites = months, run, sites
        self.ends = months.clock.true + lasts
        self.over = False
        self.held = months.write(lambda c: leases.acquire(c, sites, f"run {run}", months.clock.shown))
        assert len(self.held) == len(sites), "another crawl is at one of these sites"

    def poll(self) -> int | None:
        if self.months.clock.true < self.ends:
            return None
        if not self.over:
            self.over = True
            self.months.write(self._end)
        return 0

    def wait(self) -> int:
        code = self.poll()
        assert code is not None
        return code

    def _end(self, conn: Any) -> None:
        for site in self.sites:
            SiteProgress(self.months.config.sites[site]).end(conn, self.run, RunStatus.OK, self.months.clock.shown)
        leases.release(conn, self.held)


@dataclass
class Months:
    """The daemon, what happens to it, and when crawls of each site began, by the clock that it saw."""

    config: Config
    archive: Archive
    clock: Clock = field(default_factory=Clock)
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    began: dict[str, list[datetime]] = field(default_factory=dict)
    crawls: list[Any] = field(default_factory=list)
    hangs: int = 0  # how many of the next crawls do
    deaf: list[subprocess.Popen[bytes]] = field(default_factory=list)
    troubles: list[tuple[datetime, datetime]] = field(default_factory=list)
    woke: list[datetime] = field(default_factory=list)

    def write(self, work: Any) -> Any:
        return self.archive.write(work).result()

    def start(self, arguments: Sequence[str], _: int | None = None) -> Any:
        """In place of `start_child`."""
        run = int(arguments[arguments.index("--run") + 1])
        with self.archive.read() as conn:
            record = records.get(conn, run)
        assert record is not None
        sites = [part.site for part in record.sites]
        for site in sites:
            self.began.setdefault(site, []).append(self.clock.shown)
        if self.hangs:
            self.hangs -= 1
            self.trouble()
            deaf = subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 1000 & wait; wait"], start_new_session=True)
            self.write(lambda c: leases.acquire(c, sites, f"run {run}", self.clock.shown, pid=deaf.pid))
            self.deaf.append(deaf)
            return deaf
        self.crawls.append(Crawl(self, run, sites, MINUTE * self.dice.uniform(1, 8)))
        return self.crawls[-1]

    def trouble(self, since: datetime | None = None) -> None:
        """What the clock shows from then until now, and some hours longer, may come again or be left out."""
        now = self.clock.shown
        first, last = sorted((since or now, now))
        if last - first < 7 * DAY:
            self.troubles.append((first, last + TROUBLED))
        else:  # nobody lives through what is between
            self.troubles += [(first, first + TROUBLED), (last, last + TROUBLED)]

    def troubled(self, moment: datetime) -> bool:
        return any(begin <= moment <= end for begin, end in self.troubles)


def configured(directory: Path) -> Config:
    for zone in ZONES:
        city = zone.partition("/")[2].lower().replace("_", "-")
        for kind, when in CRONS.items():
            for number in range(1 + (zone == TWICE)):
                cron = {"cron": f"{when.minute} {when.hour} * * *"}
                _write_site(directory, f"{city}-{kind}-{number}", zone, cron)
    _write_site(directory, "interval-0", "UTC", {"every": EVERY})
    _write_site(directory, "interval-1", "UTC", {"every": EVERY})
    (directory / "config" / "arshif.yaml").write_text("contact: test@arshif.example\n", "utf-8")
    return load(directory / "config", {})


def _write_site(directory: Path, name: str, zone: str, schedule: dict[str, Any]) -> None:
    folder = directory / "config" / "sites"
    folder.mkdir(parents=True, exist_ok=True)
    home = f"http://{name}.example/"
    site = {
        "name": name, "homepage": home, "country": "SY", "languages": ["en"], "time_zone": zone, "enabled": True,
        "schedule": schedule, "sources": [{"kind": "feed", "url": f"{home}feed"}],
    }  # fmt: skip
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(site), "utf-8")


@pytest.fixture(scope="module")
def months() -> Iterator[Months]:
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        config = configured(Path(directory))
        with open_archive(config) as archive:
            months = Months(config, archive)
            Moment.clock = months.clock
            ticking = SimpleNamespace(monotonic=months.clock.monotonic, time=months.clock.time)
            for module in (daemon, crawl_process):
                patch.setattr(module, "datetime", Moment)
                patch.setattr(module, "time", ticking)
            patch.setattr(crawl_process, "start_child", months.start)
            patch.setattr(crawl_process.expiry, "RUNS_FOR", timedelta(days=36_500))  # all are looked at
            live(months)
            yield months


def live(months: Months) -> None:
    """The daemon ticks at each turn, at each end of a crawl and now and then between; what happens, happens."""
    it = daemon.Daemon(months.config, months.archive, web=False)
    it.helpers = []
    scheduler: Any = SimpleNamespace(get_jobs=list)  # it rings no bell here: we tick
    clock, end = months.clock, BEGIN + DAYS * DAY
    moments = sorted({turn for site in months.config.sites for turn in turns(months.config, site)})
    happens = [(BEGIN + days * DAYS / 180 * DAY, what) for days, what in HAPPENS]
    while clock.true < end:
        while happens and clock.true >= happens[0][0]:
            happens.pop(0)[1](months)
        it.watch_clock(scheduler)
        it.tick()
        at_work = [crawl for crawl in months.crawls[-4:] if not crawl.over]
        after = [crawl.ends - clock.true for crawl in at_work]
        after += [turn - clock.shown for turn in moments[bisect.bisect_right(moments, clock.shown) :][:1]]
        after += [happens[0][0] - clock.true] if happens else []
        after.append(10 * MINUTE if months.troubled(clock.shown) else 6 * HOUR)
        if len(at_work) < len(it.running):  # one hangs: its deadline and its grace must not be overslept
            after.append(timedelta(seconds=31))
        clock.go(min(clock.true + max(min(after), timedelta(seconds=1)), end))


def hang(months: Months) -> None:
    """The next two crawls do, and hear no SIGTERM."""
    months.hangs = 2


def sleep(months: Months) -> None:
    """The machine sleeps for three days, which the monotonic clock does not count."""
    fell_asleep = months.clock.shown
    months.clock.true += 3 * DAY
    months.trouble(fell_asleep)
    months.woke.append(months.clock.shown)


def jump(months: Months, by: timedelta) -> None:
    """The wall clock is set, rightly or wrongly."""
    before = months.clock.shown
    months.clock.wrong += by
    months.trouble(before)


HAPPENS = (  # days of half a year -> what; in two months, each sooner in proportion
    (20, hang),
    (45, sleep),
    (70, lambda months: jump(months, 5 * HOUR)),
    (80, lambda months: jump(months, -5 * HOUR)),
    (110, hang),
    (130, lambda months: jump(months, 366 * DAY)),
    (130 + 180 / DAYS * (10 * MINUTE / DAY), lambda months: jump(months, -366 * DAY)),
    (150.54, sleep),
    (165, lambda months: jump(months, -3 * HOUR)),
    (170, lambda months: jump(months, 3 * HOUR)),
)


def turns(config: Config, name: str) -> list[datetime]:
    """When a site's turns are: of a cron, computed from its zone's own days; of an interval, its grid."""
    site = config.sites[name]
    if not site.schedule.cron:
        first = EPOCH + EVERY * MINUTE * share(name)
        step = EVERY * MINUTE
        begin = first + ((BEGIN - first) // step + 1) * step
        return [begin + n * step for n in range(DAYS * DAY // step)]
    minute, hour = map(int, site.schedule.cron.split()[:2])
    zone = ZoneInfo(site.time_zone)
    days = (BEGIN.date() + timedelta(days=n) for n in range(-1, DAYS + 2))
    found = (datetime.combine(day, time(hour, minute), zone).astimezone(UTC) for day in days)
    return [turn for turn in found if BEGIN < turn < BEGIN + DAYS * DAY]


def crawled(months: Months) -> dict[str, list[datetime]]:
    return {name: months.began[name] for name, site in months.config.sites.items() if site.schedule.cron}


def test_all_that_was_to_happen_did(months: Months) -> None:
    assert sum(map(len, months.began.values())) >= 9 * DAYS
    assert len(months.woke) == 2
    assert len(months.deaf) == 4


def test_no_turn_is_missed(months: Months) -> None:
    for site, began in crawled(months).items():
        for turn in turns(months.config, site):
            if not months.troubled(turn):
                assert any(turn <= start <= turn + SLACK for start in began), f"{site}: {turn}"


def test_none_is_doubled(months: Months) -> None:
    for site, began in crawled(months).items():
        of_turns = turns(months.config, site)
        at = [bisect.bisect_right(of_turns, start) for start in began[1:] if not months.troubled(start)]
        assert len(at) == len(set(at)), site


def test_intervals_are_kept(months: Months) -> None:
    for site in ("interval-0", "interval-1"):
        pairs = [pair for pair in pairwise(months.began[site][1:]) if not any(map(months.troubled, pair))]
        gaps = [later - earlier for earlier, later in pairs]
        assert len(gaps) > DAYS
        kept = [gap for gap in gaps if abs(gap - EVERY * MINUTE) < SLACK]
        assert len(kept) > 0.95 * len(gaps)
        assert EVERY * MINUTE / 2 - SLACK < min(gaps) <= max(gaps) < 1.5 * EVERY * MINUTE + SLACK


def test_after_a_sleep_each_site_is_crawled_once(months: Months) -> None:
    for woke in months.woke:
        for site, began in crawled(months).items():
            soon = [start for start in began if woke <= start <= woke + TROUBLED]
            missed = [turn for turn in turns(months.config, site) if woke < turn <= woke + TROUBLED]
            assert 1 <= len(soon) <= 1 + len(missed), f"{site}: {soon}"
            assert soon[0] <= woke + SLACK


def test_a_clock_that_is_wrong_costs_a_crawl_or_two(months: Months) -> None:
    for begin, end in months.troubles:
        for site, began in crawled(months).items():
            inside = [start for start in began if begin <= start <= end]
            due = [turn for turn in turns(months.config, site) if begin <= turn <= end]
            assert len(inside) <= min(len(due), 1) + 2, f"{site}: {inside}"


def test_hung_crawls_were_killed_and_their_sites_came_again(months: Months) -> None:
    with months.archive.read() as conn:
        found = records.recent(conn, 100_000)
    assert {run.status for run in found[1:]} == {"ok", "timed out"}
    hung = [run for run in found if run.status == "timed out"]
    assert len(hung) == len(months.deaf)
    for run, deaf in zip(reversed(hung), months.deaf, strict=True):
        assert deaf.returncode == -signal.SIGKILL
        assert run.ended is not None
        assert run.ended - run.started < 32 * MINUTE
        for part in run.sites:
            later = [start for start in months.began[part.site] if start > run.ended]
            assert later[0] < run.ended + 2 * HOUR, part.site
