"""arshif crawl: crawl sites once, now."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json, Since, SitesArgument
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError, Busy
from crawler.logging_setup import set_up_log
from index.model.codes import RunCause, RunDetail, RunStatus
from index.model.message import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crawler.site_config import Site
    from index.archive import Archive
    from index.archive.runs import Run
    from index.engines import Engine

app = typer.Typer()

LEAST_SINCE_DAYS = 30  # the least that is proposed for --since


@app.command()
def crawl(sites: SitesArgument = None, since: Since = "", json: Json = False) -> None:
    """Crawl sites once, now, whether or not they are due."""
    from crawler.config import load
    from crawler.processes import crawl_process
    from crawler.storage import open_archive, open_index
    from index.archive import runs

    config = load()
    set_up_log(form=config.settings.log)
    chosen = config.choose(",".join(sites or []))
    with open_archive(config) as archive, open_index(config) as engine:
        chosen = _without_forgotten(archive, chosen)
        first = _never_crawled(archive, chosen)
        run = crawl_process.start(config, archive, chosen, since, why=RunCause.REQUESTED)
        signal.signal(signal.SIGTERM, lambda *_: run.stop(RunStatus.STOPPED))
        signal.signal(signal.SIGINT, lambda *_: run.stop(RunStatus.STOPPED))
        while not run.watch(time.monotonic()):
            time.sleep(0.1)
        status = crawl_process.finish(archive, run)
        _index(archive, engine)
        with archive.read() as conn:
            record = next(record for record in runs.recent(conn, 50) if record.id == run.number)
            older = [] if since else list(_older(conn, first, config.settings.schedule.first_visit_days))
    _print_run(record, status, older, json)
    if status == RunStatus.OK:
        raise typer.Exit(int(any(site.status != RunStatus.OK for site in record.sites)))
    code = run.child.wait()
    raise typer.Exit(code if code in crawl_process.EXIT_CODES.values() else ArshifError.exit_code)


def _without_forgotten(archive: Archive, chosen: tuple[Site, ...]) -> tuple[Site, ...]:
    from index.archive import erasure

    with archive.read() as conn:
        forgotten = erasure.sites(conn)
    for site in chosen:
        if site.id in forgotten:
            print_error(f"{site.id}: not crawled, because `arshif forget` erased it")
    left = tuple(site for site in chosen if site.id not in forgotten)
    if chosen and not left:
        raise ArshifError(Message(CommandMessage.NO_SITE_LEFT))
    return left


def _never_crawled(archive: Archive, chosen: tuple[Site, ...]) -> list[str]:
    from index.archive import site_state

    with archive.read() as conn:
        return [site.id for site in chosen if site_state.state(conn, site.id).horizon is None]


def _older(conn: Connection, sites: list[str], days: float) -> Iterator[tuple[str, Message]]:
    """What the first crawls of these sites left out because of its age, and how to get it."""
    from index.archive import frontier

    for site in sites:
        n, oldest = frontier.left_out(conn, site)
        if oldest is not None:
            reach = max(LEAST_SINCE_DAYS, (datetime.now(UTC) - oldest).days + 1)
            yield site, Message(RunDetail.OLDER, {"n": n, "days": days, "since": f"{reach}d"})


def _index(archive: Archive, engine: Engine) -> None:
    from index.search import indexer

    try:
        indexer.index_pending(archive, engine)
    except Busy:
        pass  # the daemon is indexing it
    except ArshifError as error:
        print_error(f"stored, but not searchable yet: {error}")


def _print_run(record: Run, status: RunStatus, older: list[tuple[str, Message]], json: bool) -> None:
    from crawler.processes.crawl_process import summary
    from index.locale import FALLBACK, plain, translate

    if json:
        print_json(plain(record) | {"left_out": [plain({"site": site, "detail": why}) for site, why in older]})
        return
    if record.sites and all(site.status == RunStatus.OFFLINE for site in record.sites):
        print_error(translate(Message(RunDetail.NO_NETWORK), FALLBACK))
        return
    say(f"run {record.id}: {status}; {summary(record.sites)}")
    for site in record.sites:
        if site.detail or site.status != RunStatus.OK:
            detail = site.detail or Message(RunDetail.NO_ANSWER)
            print_error(f"{site.site}: {site.status}: {translate(detail, FALLBACK)}")
    for site_id, why in older:
        say(f"{site_id}: {translate(why, FALLBACK)}")
