"""arshif run: the daemon, in the foreground."""

from __future__ import annotations

from typing import Annotated

import typer

from crawler.console import print_error, say
from crawler.errors import ConfigError
from crawler.logging_setup import set_up_log

app = typer.Typer()


@app.command()
def run(web: Annotated[bool, typer.Option(help="Serve the search page as well.")] = True) -> None:
    """Crawl what is due until you end it, and serve the search page."""
    from crawler.config import load
    from crawler.monitoring import notifications
    from crawler.processes.daemon import Daemon
    from crawler.storage import open_archive
    from index.web.bind import resolve_bind

    config = load()
    set_up_log(form=config.settings.log)
    for warning in config.warnings:
        print_error(f"note: {warning}")
    try:
        notifications.known(config)
    except ConfigError as error:  # no reason not to crawl
        print_error(f"note: {error}: nobody is told there")
    say(f"Crawling {len(config.enabled)} sites into {config.settings.data}; end it with Ctrl-C.")
    if web:
        page = config.settings.web
        # better told now than by a child again and again
        resolve_bind(page.host, page.port, page.token.get_secret_value())
        say(f"Search page: {page.address}")
    with open_archive(config) as archive:
        Daemon(config, archive, web).run()
