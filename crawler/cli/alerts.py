"""arshif alerts: the last changes in the health of sites, and a test of the notifications."""

from __future__ import annotations

from typing import Annotated

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.options import Json, Limit
from crawler.console import cell, print_json, say

app = typer.Typer()


@app.command()
def alerts(
    limit: Limit = 20,
    test: Annotated[bool, typer.Option("--test", help="Send a test message to every address in `notify`.")] = False,
    json: Json = False,
) -> None:
    """List the last changes in the health of sites.

    They are sent to the addresses in `notify` of arshif.yaml. Exits with 1 if a test message could not be sent.
    """
    if test:
        _send_test(json)
    else:
        _list(limit, json)


def _send_test(json: bool) -> None:
    from crawler.config import load
    from crawler.monitoring import notifications

    failed = notifications.test(load(only=()))
    if json:
        print_json({"sent": not failed, "failed": failed})
    elif failed:
        hint = "check the address, and that its server is up"
        say(f"could not send to {', '.join(failed)}: {hint}", "red")
    else:
        say("sent")
    if failed:
        raise typer.Exit(1)


def _list(limit: int, json: bool) -> None:
    from crawler.config import load
    from crawler.monitoring import notifications
    from index.archive import health
    from index.locale import plain

    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        found = health.recent_alerts(conn, limit)
    if json:
        print_json([plain(alert) | {"waiting": len(alert.waiting)} for alert in found])
        return
    for alert in found:
        pending = "  (not sent to all yet)" if alert.waiting else ""
        say(f"{cell(alert.at)}  {notifications.line(alert)}{pending}")
    if not found:
        say("no site has changed its state yet; `arshif run` checks every 10 minutes")
