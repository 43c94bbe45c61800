"""Checks of everything that a crawl needs, before something is missing: one function per check, which returns its
finding as a message."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, func, select

from crawler import disk_space
from crawler.archive_place import database
from crawler.config import Config, load
from crawler.errors import ArchiveError, ArshifError
from crawler.fetch.rendering.settings import find_browser, launch_options
from crawler.monitoring import notifications
from crawler.monitoring.doctor_messages import DoctorMessage
from crawler.scheduling.poll_interval import seconds
from crawler.storage import open_archive, open_index, raw_place, signing_key
from index.archive import documents, health, leases, manifests, outbox, source_state, warc_records
from index.archive import tables as t
from index.archive.clock import BUILT, SKEW
from index.archive.manifest_checks import chain_problems
from index.archive.postgresql import server
from index.model.message import Given, Message

Verdict = Literal["ok", "warning", "fail"]

TIGHT = 3  # times `least_free`; less free space than that is soon used up
LOOKED_INTO = 5  # newest WARC files that are checked: a crash tears the last one of a run
PATIENCE = 60.0  # seconds to check a database; a large one takes longer, which is reported
INDEX_DELAY = timedelta(hours=1)  # documents waiting for an index for longer are worth a warning
MANIFEST_DELAY = timedelta(days=2)  # a day's manifest that is not written so long after its end is worth a warning
DEAD = 5  # consecutive failures of a source: about two days
STARTING = 30.0  # seconds for a browser to show an empty page
MAX_LISTED = 5  # names that are listed out of many


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check: `ok`, `warning` (it works, but needs attention) or `fail` (it must be fixed)."""

    what: str
    verdict: Verdict
    told: Message


Found = tuple[Verdict, Message]
CheckFunction = Callable[[Config], Found]


def loaded(config_dir: Path | None = None, env: Mapping[str, str] = os.environ) -> Config:
    """The configuration as `load` gives it; where the archive cannot be read, of which a check tells, with the sites
    that files describe.

    :raises ConfigError: when something in it is wrong.
    """
    try:
        return load(config_dir, env)
    except ArchiveError:
        return load(config_dir, env, files_only=True)


def run_checks(config: Config, begin: Callable[[str], None] = lambda _: None) -> Iterator[Check]:
    """Run all checks and yield each result as it is ready; a check that cannot be carried out fails. `begin` is called
    with the name of each before it."""
    for what, look in CHECKS.items():
        begin(what)
        try:
            verdict, told = look(config)
        except ArshifError as error:
            verdict, told = "fail", error.message
        except OSError as error:
            params = {"file": str(error.filename or ""), "error": error.strerror or ""}
            verdict, told = "fail", Message(DoctorMessage.FILE_ERROR, params)
        yield Check(what, verdict, told)


# --- configuration and environment -----------------------------------------------------------------------------------


def _contact(config: Config) -> Found:
    if config.settings.contact:
        return _ok(DoctorMessage.CONTACT, user_agent=config.settings.user_agent)
    return _fail(DoctorMessage.NO_CONTACT)


def _sites(config: Config) -> Found:
    files, enabled = len(config.sites), len(config.enabled)
    if not enabled:
        return _warning(DoctorMessage.NO_SITES, files=files)
    if unverified := [site.id for site in config.enabled if not site.verify_tls]:
        return _ok(DoctorMessage.SITES_UNVERIFIED, files=files, n=enabled, sites=_named(unverified))
    return _ok(DoctorMessage.SITES, files=files, n=enabled)


def _zones(config: Config) -> Found:
    zones = {site.time_zone for site in config.sites.values()}
    try:
        for zone in zones:
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        return _fail(DoctorMessage.NO_ZONE, error=str(error))
    return _ok(DoctorMessage.ZONES, n=len(zones))


def _clock(config: Config) -> Found:
    now = datetime.now(UTC)
    if now < BUILT:
        return _fail(DoctorMessage.CLOCK_PAST, now=now)
    if database(config.settings).exists():
        with open_archive(config) as archive, archive.read() as conn:
            newest = conn.execute(select(func.max(t.runs.c.started))).scalar()
        if newest is not None and newest > now + SKEW:
            return _fail(DoctorMessage.CLOCK_BEHIND, now=now, ahead=seconds(newest - now))
    return _ok(DoctorMessage.CLOCK, now=now)


def _alerts(config: Config) -> Found:
    if not config.settings.notify:
        return _warning(DoctorMessage.NO_RECIPIENTS)
    notifications.known(config)
    return _ok(DoctorMessage.RECIPIENTS, n=len(config.settings.notify))


# --- disk ------------------------------------------------------------------------------------------------------------


def _data(config: Config) -> Found:
    folder = config.settings.data
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(b"x")
        file.flush()
        os.fsync(file.fileno())
    return _ok(DoctorMessage.WRITABLE, folder=str(folder))


def _disk(config: Config) -> Found:
    settings = config.settings
    if lack := disk_space.shortage(settings):
        return "fail", lack
    free = disk_space.free(settings)
    told = Message(DoctorMessage.DISK, {"free": free, "least": settings.least_free})
    return ("ok" if free > TIGHT * settings.least_free else "warning"), told


def _raw(config: Config) -> Found:
    place = raw_place(config)
    files = place.listed()
    latest = sorted(files, key=lambda name: files[name].modified, reverse=True)[:LOOKED_INTO]
    bad = [name for name in latest if place.torn_bytes(name)]
    with open_archive(config) as archive, archive.read() as conn:
        extent = warc_records.extent(conn, datetime.now(UTC))
        damaged = warc_records.damaged(conn)
    told = disk_space.raw_copies(config.settings, extent)
    if damaged:
        versions = _named([f"{one.url} ({one.version})" if one.version else one.url for one in damaged])
        return _warning(DoctorMessage.RECORDS_DAMAGED, copies=told, n=len(damaged), versions=versions)
    if bad:  # the next crawl mends it, so it must not hide what is lost
        return _warning(DoctorMessage.TORN, copies=told, files=_named(bad))
    free = place.free()
    if free is not None and extent.month > free - config.settings.least_free:
        return _warning(DoctorMessage.MONTH_TOO_LARGE, copies=told)
    return "ok", told


def _manifests(config: Config) -> Found:
    signing_key(config)
    with open_archive(config) as archive:
        wrong = next(chain_problems(archive, whole=False), None)
        with archive.read() as conn:
            newest, waiting = manifests.newest(conn), manifests.current(conn, datetime.now(UTC))
    if wrong is not None:
        return "fail", wrong
    if waiting is not None and waiting.end + MANIFEST_DELAY < datetime.now(UTC):
        return _warning(DoctorMessage.MANIFEST_LATE, day=waiting.day.isoformat())
    if newest is None:
        return _ok(DoctorMessage.NO_MANIFEST)
    if config.settings.manifest.authority and newest.stamp is None:
        return _warning(DoctorMessage.MANIFEST_NOT_STAMPED, n=newest.number, day=newest.day)
    return _ok(DoctorMessage.MANIFESTS, n=newest.number, day=newest.day)


def _archive(config: Config) -> Found:
    with open_archive(config) as archive:
        with archive.read() as conn:
            count = documents.count(conn)
            if config.settings.archive:
                return _on_server(conn, archive.name, count)
        path = archive.path
    problem = _integrity(str(path))
    if problem:
        raise ArchiveError(Message(DoctorMessage.DAMAGED, {"file": str(path), "error": problem}))
    told = DoctorMessage.ARCHIVE_NOT_READ if problem is None else DoctorMessage.ARCHIVE
    return _ok(told, file=str(path), n=count, size=path.stat().st_size, limit=PATIENCE)


def _on_server(conn: Connection, name: str, count: int) -> Found:
    said = server(conn)
    told = Message(DoctorMessage.SERVER, {"name": name, "n": count, "size": said.bytes, "version": said.version})
    if said.unsafe:
        return _warning(DoctorMessage.SERVER_UNSAFE, server=told, settings=_named(list(said.unsafe)))
    return "ok", told


def _integrity(path: str) -> str | None:
    """What is wrong with the database's pages and indexes, "" if nothing; None if there was no time to check it all."""
    end = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.set_progress_handler(lambda: int(time.monotonic() > end), 100_000)
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            return None if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT else str(error)
    return "" if found == "ok" else str(found)


# --- index and browser -----------------------------------------------------------------------------------------------


def _index(config: Config) -> Found:
    with open_index(config) as engine:
        lacking: list[str] = []
        unchanged: list[str] = []  # privileges without which `index.replicas` is of new indexes only
        if engine.name == "elasticsearch":
            from index.engines.elastic import REPLICAS_INDICES, ElasticEngine, missing

            assert isinstance(engine, ElasticEngine)
            lacking = missing(engine.server, engine.prefix)
            if config.settings.index.replicas is not None:
                unchanged = missing(engine.server, engine.prefix, (), REPLICAS_INDICES)
        if lacking or unchanged:
            tell = _fail if lacking else _warning
            return tell(DoctorMessage.INDEX_PRIVILEGES, engine=engine.name, privileges=_named(lacking + unchanged))
        current = engine.current()
        if current is None and engine.targets():
            return _warning(DoctorMessage.INDEX_MAPPING, engine=engine.name)
        if not current:
            return _ok(DoctorMessage.NO_INDEX, engine=engine.name)
        return _ok(DoctorMessage.INDEX, engine=engine.name, n=engine.count())


def _outbox(config: Config) -> Found:
    with open_archive(config) as archive, archive.read() as conn:
        oldest = conn.execute(select(func.min(t.outbox.c.added))).scalar()
        count = conn.execute(select(func.count()).select_from(t.outbox)).scalar_one()
        refused = len(outbox.quarantined(conn))
    told = Message(DoctorMessage.OUTBOX_EMPTY)
    late = False
    if oldest is not None:
        age = max(datetime.now(UTC) - oldest, timedelta())
        late = age > INDEX_DELAY
        told = Message(DoctorMessage.OUTBOX_LATE if late else DoctorMessage.OUTBOX, {"n": count, "age": seconds(age)})
    if refused:
        told = Message(DoctorMessage.OUTBOX_REFUSED, {"outbox": told, "n": refused})
    return ("warning" if refused or late else "ok"), told


def _browser(config: Config) -> Found:
    needing = [site.id for site in config.enabled if site.rendering == "browser" or site.facsimile]
    found = find_browser(config.settings.browser.path)
    if not found:
        if needing:
            return _fail(DoctorMessage.BROWSER_NEEDED, sites=_named(needing))
        return _warning(DoctorMessage.NO_BROWSER)
    why = _start(found)
    if why is None:
        return _ok(DoctorMessage.BROWSER, file=found)
    return ("fail" if needing else "warning"), Message(DoctorMessage.BROWSER_BROKEN, {"file": found, "why": why})


def _start(browser: str) -> Message | None:
    """Why a browser does not show an empty page, started as a crawl starts it; None where it does."""
    from playwright.sync_api import Error, sync_playwright
    from playwright.sync_api import TimeoutError as Late

    try:
        with sync_playwright() as playwright:
            started = playwright.chromium.launch(**launch_options(browser), timeout=STARTING * 1000)
            started.new_page().goto("about:blank")
            started.close()
    except Late:
        return Message(DoctorMessage.BROWSER_TIMEOUT, {"limit": STARTING})
    except Error as error:
        said = re.findall(r"\[err\] (.+)", error.message)  # by the browser itself, in Playwright's log of the launch
        said.sort(key=lambda line: ":FATAL:" in line)  # Chromium's crash handler complains after that one
        return Message(DoctorMessage.BROWSER_ERROR, {"error": said[-1] if said else error.message.partition("\n")[0]})
    return None


# --- sites -----------------------------------------------------------------------------------------------------------


def _feeds(config: Config) -> Found:
    dead = []
    with open_archive(config) as archive, archive.read() as conn:
        for site in config.enabled:
            states = source_state.some(conn, site.id, [str(source.url) for source in site.sources])
            dead += [state.url for state in states if state.failures >= DEAD]
        ill = [site for site, state in health.states(conn).items() if state.verdict and site in config.sites]
    failing = Message(DoctorMessage.SOURCES_FAILING, {"n": len(dead), "times": DEAD, "urls": _named(dead)})
    unwell = Message(DoctorMessage.SITES_UNWELL, {"sites": _named(ill)})
    if dead and ill:
        return _warning(DoctorMessage.BOTH, first=failing, second=unwell)
    if dead or ill:
        return "warning", failing if dead else unwell
    return _ok(DoctorMessage.SOURCES)


def _leases(config: Config) -> Found:
    with open_archive(config) as archive, archive.read() as conn:
        held = list(conn.execute(select(t.leases.c.site).where(t.leases.c.owner.is_not(None))).scalars())
        stale = [site for site in held if leases.holder(conn, site) is None]
    if stale:
        return _ok(DoctorMessage.STALE_LEASES, n=len(stale), sites=_named(stale))
    return _ok(DoctorMessage.LEASES, n=len(held))


def _named(names: list[str]) -> Message:
    if (more := len(names) - MAX_LISTED) > 0:
        return Message(DoctorMessage.NAMES_AND_MORE, {"names": [*names[:MAX_LISTED]], "n": more})
    return Message(DoctorMessage.NAMES, {"names": [*names]})


def _ok(code: DoctorMessage, **params: Given) -> Found:
    return "ok", Message(code, params)


def _warning(code: DoctorMessage, **params: Given) -> Found:
    return "warning", Message(code, params)


def _fail(code: DoctorMessage, **params: Given) -> Found:
    return "fail", Message(code, params)


CHECKS: dict[str, CheckFunction] = {
    "contact": _contact,
    "sites": _sites,
    "time zones": _zones,
    "clock": _clock,
    "data folder": _data,
    "disk": _disk,
    "archive": _archive,
    "raw copies": _raw,
    "manifests": _manifests,
    "leases": _leases,
    "index": _index,
    "outbox": _outbox,
    "browser": _browser,
    "sources": _feeds,
    "alerts": _alerts,
}
