"""arshif crawl: crawl sites once, now."""

from __future__ import annotations

import signal
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from crawler.cli.options import Json, Since, SitesArgument
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError, Busy
from crawler.logging_setup import set_up_log

if TYPE_CHECKING:
    from crawler.site_config import Site
    from index.archive import Archive
    from index.archive.runs import Run
    from index.engines import Engine

app = typer.Typer()


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
        run = crawl_process.start(config, archive, chosen, since, why="asked for")
        signal.signal(signal.SIGTERM, lambda *_: run.stop("stopped"))
        signal.signal(signal.SIGINT, lambda *_: run.stop("stopped"))
        while not run.watch(time.monotonic()):
            time.sleep(0.1)
        status = crawl_process.finish(archive, run)
        _index(archive, engine)
        with archive.read() as conn:
            record = next(record for record in runs.recent(conn, 50) if record.id == run.number)
    _print_run(record, status, json)
    if status == "ok":
        raise typer.Exit(int(any(site.status != "ok" for site in record.sites)))
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
        raise ArshifError("no site is left to crawl")
    return left


def _index(archive: Archive, engine: Engine) -> None:
    from index.search import indexer

    try:
        indexer.index_pending(archive, engine)
    except Busy:
        pass  # the daemon is indexing it
    except ArshifError as error:
        print_error(f"stored, but not searchable yet: {error}")


def _print_run(record: Run, status: str, json: bool) -> None:
    from crawler.processes.crawl_process import OFFLINE, summary

    if json:
        print_json(asdict(record))
        return
    say(f"run {record.id}: {status}; {summary(record.sites)}")
    for site in record.sites:
        if site.detail or site.status != "ok":
            print_error(f"{site.site}: {site.status}: {site.detail or 'no source answered'}")
    if record.sites and all(site.status == "offline" for site in record.sites):
        print_error(OFFLINE)
