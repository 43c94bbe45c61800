"""Hidden commands: the processes that the daemon starts beside `arshif serve`. They end when it does."""

from __future__ import annotations

import signal
from threading import Event
from typing import Annotated

import typer

from crawler.cli.options import Parent
from crawler.console import print_error
from crawler.errors import ArshifError, Busy
from crawler.logging_setup import set_up_log
from index.model.codes import RunStatus

app = typer.Typer()


@app.command("_crawl", hidden=True)
def child_crawl(
    run: Annotated[str, typer.Option()],
    since: Annotated[str, typer.Option()] = "",
    _parent: Parent = 0,
) -> None:
    """Run one crawl in a process of its own."""
    from crawler.processes import crawl_process

    raise typer.Exit(crawl_process.crawl(run, since))


@app.command("_archive", hidden=True)
def child_archive(_parent: Parent = 0) -> None:
    """Fetch the addresses that people have asked for."""
    raise typer.Exit(_archive())


def _archive() -> int:
    from crawler.cli.archive import index_changes
    from crawler.config import load
    from crawler.requested import fetcher
    from crawler.storage import open_archive

    config = load()
    set_up_log(form=config.settings.log)
    with open_archive(config) as archive:
        _, status = fetcher.fetch(config, archive)
        index_changes(config, archive)
    return int(status == RunStatus.FAILED)


@app.command("_preview", hidden=True)
def child_preview(_parent: Parent = 0) -> None:
    """Look at the site that a person wants to add."""
    raise typer.Exit(_preview())


def _preview() -> int:
    from crawler.config import load
    from crawler.onboarding import preview
    from crawler.storage import open_archive

    config = load()
    set_up_log(form=config.settings.log)
    with open_archive(config) as archive:
        preview.make_next(config, archive)
    return 0


FORKED = {"_archive": _archive, "_preview": _preview}  # what the daemon's fork server does beside crawls


@app.command("_ship", hidden=True)
def child_ship(_parent: Parent = 0) -> None:
    """Index what is pending in the outbox, until stopped."""
    from crawler.config import load
    from crawler.storage import open_archive, open_index
    from index.search import indexer

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config = load(only=())
    set_up_log(form=config.settings.log)
    with open_archive(config) as archive, open_index(config) as engine:
        while not stop.is_set():
            try:
                indexer.run(archive, engine, stop, indexers=config.settings.index.indexers)
            except Busy:  # an `arshif crawl` is indexing, or our predecessor has not exited yet
                stop.wait(indexer.TURN)
        try:
            indexer.index_pending(archive, engine)  # what was stored before we were stopped
        except Busy:
            pass  # who is indexing does it
        except ArshifError as error:
            print_error(f"not everything was indexed; the rest stays in the outbox: {error}")
