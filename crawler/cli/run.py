"""arshif run: the daemon, in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crawler.console import print_error, say
from crawler.errors import ConfigError
from crawler.logging_setup import set_up_log

if TYPE_CHECKING:
    from crawler.config import Config

app = typer.Typer()


@app.command()
def run(web: Annotated[bool, typer.Option(help="Serve the search page too.")] = True) -> None:
    """Crawl sites as they fall due, and serve the search page.

    Runs until it is stopped, with Ctrl-C or SIGTERM.
    """
    from crawler.cli import child
    from crawler.config import load
    from crawler.daemon import Daemon, only_daemon
    from crawler.processes import crawl_process
    from crawler.storage import open_archive

    config = load()
    set_up_log(form=config.settings.log)
    # The server holds no lock, and has no thread
    with crawl_process.fork_server(pages=True, commands=child.FORKED) as server, only_daemon(config) as still_alone:
        _print_start(config, web)
        with open_archive(config) as archive:
            Daemon(config, archive, web, server, still_alone).run()


def _print_start(config: Config, web: bool) -> None:
    from crawler.monitoring import notifications
    from index.locale import FALLBACK, translate
    from index.web.bind import resolve_bind

    for warning in config.warnings:
        print_error(f"note: {translate(warning, FALLBACK)}")
    try:
        notifications.known(config)
    except ConfigError as error:  # crawling works without notifications
        print_error(f"note: {error}: no notifications are sent to it")
    say(f"Crawling {len(config.enabled)} sites into {config.settings.data}; stop with Ctrl-C.")
    if web:
        page = config.settings.web
        # fail now, not in a child that is started again and again
        resolve_bind(page.host, page.port, page.token.get_secret_value())
        say(f"Search page: {page.address}")
