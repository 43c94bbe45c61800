"""What a crawl needs, looked at before it is missed: one function a thing, each gives what it found in a sentence."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, select

from crawler import disk_space
from crawler.config import Config
from crawler.errors import ArchiveError, ArshifError
from crawler.fetch.rendering.settings import find_browser, launch_options
from crawler.monitoring import notifications
from crawler.scheduling.poll_interval import in_words
from crawler.scheduling.site_schedule import SKEW
from crawler.storage import archive_file, open_archive, open_index, raw_folder
from index.archive import documents, health, leases, outbox, source_state, warc_records
from index.archive import tables as t
from index.warc.store import torn_bytes

Verdict = Literal["ok", "warning", "fail"]

TIGHT = 3  # times the least free disk that is soon used up
LOOKED_INTO = 5  # files of raw copies, the newest: a crash tears the last one of a run
PATIENCE = 60.0  # seconds for reading a database through; a large one takes longer, which is told
INDEX_DELAY = timedelta(hours=1)  # that something waits for an index, until that is worth a word
DEAD = 5  # failures of a source in a row: some two days
STARTING = 30.0  # seconds that a browser may take to show an empty page
BUILT = datetime(2026, 11, 1, tzinfo=UTC)  # no clock can be before this program
MAX_LISTED = 5  # of many, that are told


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: `ok`, `warning` (it runs, but look at it) or `fail` (mend it), and a sentence."""

    what: str
    verdict: Verdict
    told: str


CheckFunction = Callable[[Config], tuple[Verdict, str]]


def run_checks(config: Config) -> Iterator[Check]:
    """All of them, as they are looked at; what cannot be looked at is a finding too."""
    for what, look in CHECKS.items():
        try:
            verdict, told = look(config)
        except ArshifError as error:
            verdict, told = "fail", str(error)
        except OSError as error:
            verdict, told = "fail", f"{error.filename or ''}: {error.strerror}"
        yield Check(what, verdict, told)


# --- who we are and where we stand -----------------------------------------------------------------------------------


def _contact(config: Config) -> tuple[Verdict, str]:
    if config.settings.contact:
        return "ok", f"sites see {config.settings.user_agent}"
    return "fail", "empty: write an e-mail or web address into arshif.yaml, for sites' operators"


def _sites(config: Config) -> tuple[Verdict, str]:
    told = f"{len(config.sites)} files are valid, {len(config.enabled)} sites enabled"
    if not config.enabled:
        return "warning", f"{told}: write `enabled: true` into the file of one"
    shown = [site.id for site in config.enabled if not site.verify_tls]
    return "ok", told + (f"; certificates are not checked of {_named(shown)}" if shown else "")


def _zones(config: Config) -> tuple[Verdict, str]:
    zones = {site.time_zone for site in config.sites.values()}
    try:
        for zone in zones:
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        return "fail", f"{error}: install the package tzdata"
    return "ok", f"{len(zones)} of the sites are known"


def _clock(config: Config) -> tuple[Verdict, str]:
    now = datetime.now(UTC)
    if now < BUILT:
        return "fail", f"it says {now:%Y-%m-%d %H:%M} UTC, which is long ago: set it, and keep it by NTP"
    if archive_file(config).exists():
        with open_archive(config) as archive, archive.read() as conn:
            newest = conn.execute(select(func.max(t.runs.c.started))).scalar()
        if newest is not None and newest > now + SKEW:
            ahead = in_words(newest - now)
            return "fail", f"it says {now:%Y-%m-%d %H:%M} UTC, and a crawl is noted {ahead} later: one of them is wrong"
    return "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC"


def _alerts(config: Config) -> tuple[Verdict, str]:
    if not config.settings.notify:
        return "warning", "nobody is told when a site fails: name an address under `notify`; `arshif alerts` has them"
    notifications.known(config)
    return "ok", f"{len(config.settings.notify)} addresses; `arshif alerts --test` sends a message"


# --- disk ------------------------------------------------------------------------------------------------------------


def _data(config: Config) -> tuple[Verdict, str]:
    folder = config.settings.data
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(b"x")
        file.flush()
        os.fsync(file.fileno())
    return "ok", f"{folder} can be written"


def _disk(config: Config) -> tuple[Verdict, str]:
    settings = config.settings
    if lack := disk_space.shortage(settings):
        return "fail", lack
    free = disk_space.free(settings)
    told = f"{disk_space.size(free)} free; below {disk_space.size(settings.least_free)} (least_free) no crawl starts"
    return ("ok" if free > TIGHT * settings.least_free else "warning"), told


def _raw(config: Config) -> tuple[Verdict, str]:
    files = sorted(raw_folder(config).glob("*.warc.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    bad = [path.name for path in files[:LOOKED_INTO] if torn_bytes(path)]
    with open_archive(config) as archive, archive.read() as conn:
        extent = warc_records.extent(conn, datetime.now(UTC))
    told = disk_space.raw_copies(config.settings, extent)
    if bad:
        return "warning", f"{told}; a crash tore {_named(bad)}: the next crawl mends it"
    if extent.month > disk_space.free(config.settings) - config.settings.least_free:
        return "warning", f"{told}: that is more than the disk has"
    return "ok", told


def _archive(config: Config) -> tuple[Verdict, str]:
    with open_archive(config) as archive:
        with archive.read() as conn:
            count = documents.count(conn)
        path = archive.path
    told = f"{path}: {count} articles, {disk_space.size(path.stat().st_size)}"
    problem = _integrity(str(path))
    if problem is None:
        return "ok", f"{told}; not read through, which takes longer than {PATIENCE:g} s"
    if problem:
        raise ArchiveError(f"{path} is damaged ({problem}): restore a copy (`arshif restore`)")
    return "ok", f"{told}; sound"


def _integrity(path: str) -> str | None:
    """What is wrong with the database's pages and indexes; None where there was no time to read all of it."""
    end = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.set_progress_handler(lambda: int(time.monotonic() > end), 100_000)
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                return None
            return str(error)
    return "" if found == "ok" else str(found)


# --- index and browser -----------------------------------------------------------------------------------------------


def _index(config: Config) -> tuple[Verdict, str]:
    with open_index(config) as engine:
        lacking: list[str] = []
        if engine.name == "elasticsearch":
            from index.engines.elastic import ElasticEngine, missing

            assert isinstance(engine, ElasticEngine)
            lacking = missing(engine.server, engine.prefix)
        if lacking:
            return "fail", f"{engine.name}: the key or user may not {_named(lacking)} (`arshif index role`)"
        current = engine.current()
        if current is None and engine.targets():
            return (
                "warning",
                f"{engine.name}: of another mapping; `arshif run` builds it anew, or `arshif index migrate`",
            )
        told = f"{engine.count()} documents" if current else "none yet; a crawl makes it"
    return "ok", f"{engine.name}: {told}"


def _outbox(config: Config) -> tuple[Verdict, str]:
    with open_archive(config) as archive, archive.read() as conn:
        oldest = conn.execute(select(func.min(t.outbox.c.added))).scalar()
        count = conn.execute(select(func.count()).select_from(t.outbox)).scalar_one()
        refused = len(outbox.quarantined(conn))
    bad = f"; {refused} documents were refused (`arshif index status`)" if refused else ""
    if oldest is None:
        return ("warning" if refused else "ok"), f"nothing waits for the index{bad}"
    age = max(datetime.now(UTC) - oldest, timedelta())
    told = f"{count} documents wait for the index, the oldest for {in_words(age)}{bad}"
    if age > INDEX_DELAY:
        return "warning", f"{told}: does `arshif run` run, and the index answer?"
    return ("warning" if refused else "ok"), told


def _browser(config: Config) -> tuple[Verdict, str]:
    needing = [site.id for site in config.enabled if site.rendering == "browser"]
    found = find_browser(config.settings.browser.path)
    if not found:
        told = "no Chromium found (Debian: apt install chromium)"
        return ("fail", f"{told}; needed by {_named(needing)}") if needing else ("warning", f"{told}; no site needs it")
    flags = ("--headless", "--dump-dom", "about:blank")
    try:
        done = subprocess.run(
            [found, *launch_options(found)["args"], *flags], capture_output=True, timeout=STARTING, check=False
        )
        works = b"<html>" in done.stdout
        why = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    except subprocess.TimeoutExpired:
        works, why = False, f"nothing within {STARTING:g} s"
    if works:
        return "ok", f"{found} starts"
    return ("fail" if needing else "warning"), f"{found} does not start ({why}): reinstall it"


# --- sites -----------------------------------------------------------------------------------------------------------


def _feeds(config: Config) -> tuple[Verdict, str]:
    dead = []
    with open_archive(config) as archive, archive.read() as conn:
        for site in config.enabled:
            states = source_state.some(conn, site.id, [str(source.url) for source in site.sources])
            dead += [state.url for state in states if state.failures >= DEAD]
        ill = [site for site, state in health.states(conn).items() if state.verdict and site in config.sites]
    told = [f"{len(dead)} sources have failed {DEAD} times or more in a row: {_named(dead)}"] * bool(dead)
    told += [f"not well: {_named(ill)}"] * bool(ill)
    return (
        ("warning", f"{'; '.join(told)} (`arshif status`)") if told else ("ok", "all sources answer, as far as asked")
    )


def _leases(config: Config) -> tuple[Verdict, str]:
    with open_archive(config) as archive, archive.read() as conn:
        held = list(conn.execute(select(t.leases.c.site).where(t.leases.c.owner.is_not(None))).scalars())
        stale = [site for site in held if leases.holder(conn, site) is None]
    if stale:
        return "ok", f"{len(stale)} are left of crawls that died; the next ones take them over: {_named(stale)}"
    return "ok", f"{len(held)} sites are being crawled"


def _named(names: list[str]) -> str:
    return ", ".join(names[:MAX_LISTED]) + (f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else "")


CHECKS: dict[str, CheckFunction] = {
    "contact": _contact,
    "sites": _sites,
    "time zones": _zones,
    "clock": _clock,
    "data folder": _data,
    "disk": _disk,
    "archive": _archive,
    "raw copies": _raw,
    "leases": _leases,
    "index": _index,
    "outbox": _outbox,
    "browser": _browser,
    "sources": _feeds,
    "alerts": _alerts,
}
