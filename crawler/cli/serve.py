"""arshif serve: the search page without a crawler."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from crawler.cli.options import Parent
from crawler.console import say
from crawler.logging_setup import set_up_log

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.", show_default="from arshif.yaml")] = "",
    port: Annotated[int, typer.Option(help="TCP port to listen on.", show_default="from arshif.yaml")] = 0,
    parent: Parent = 0,
) -> None:
    """Serve the search page without crawling."""
    from crawler.config import load
    from crawler.onboarding.site_desk import SiteDesk
    from crawler.requested.desk import Desk
    from crawler.requested.fetcher import AddressFetcher
    from crawler.requested.previewer import SitePreviewer
    from crawler.storage import open_archive, open_index, open_raw
    from index.web.app import create_app
    from index.web.app import serve as serve_web

    config = load()
    set_up_log(form=config.settings.log)
    web = config.settings.web
    host, port = host or web.host, port or web.port
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again once every response is sent
        signal.signal(number, lambda *_: sys.exit(0))
    with open_archive(config) as archive, open_index(config) as engine:
        if not parent:  # the daemon has printed it already
            say(f"Search page: {web.url or f'http://{host}:{port}/'}")
        raw, token = open_raw(config, archive), web.token.get_secret_value()
        page = create_app(
            archive,
            engine,
            hosts=[host, *web.hosts],
            raw=raw,
            token=token,
            url=web.url,
            site_files=config.site_files,
            ask=Desk(config, archive),
            site_desk=SiteDesk(config, archive),
        )
        # the daemon, if it is our parent, does what is asked for
        works = () if parent else (AddressFetcher(config, archive), SitePreviewer(config, archive))

        def tick() -> None:
            for work in works:
                work.tick()

        try:
            serve_web(page, host, port, token, tick)
        finally:
            for work in works:
                work.end()
