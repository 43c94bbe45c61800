"""arshif runs: the last crawls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from crawler.cli.options import Json, Limit
from crawler.console import format_duration, print_json, print_table, say

if TYPE_CHECKING:
    from index.archive.runs import Run

app = typer.Typer()


@app.command()
def runs(limit: Limit = 20, json: Json = False) -> None:
    """List the last runs and the outcome of their pages."""
    from crawler.config import load
    from crawler.storage import open_archive
    from index.archive.runs import recent
    from index.locale import plain

    with open_archive(load(only=())) as archive, archive.read() as conn:
        found = recent(conn, limit)
    if json:
        print_json(plain(found))
        return
    if not found:
        say("no runs yet: start one with `arshif run` or `arshif crawl`")
        return
    print_table(
        ("run", "started", "took", "status", "sites", "pages"),
        ((run.id, run.started, _duration(run), run.status, len(run.sites), _outcome(run)) for run in found),
    )


def _duration(run: Run) -> str:
    return format_duration(run.ended - run.started) if run.ended else ""


def _outcome(run: Run) -> str:
    from crawler.processes.crawl_process import summary
    from index.locale import FALLBACK, translate

    detail = [translate(run.detail, FALLBACK)] if run.detail else []
    return "; ".join([summary(run.sites), *detail]) if run.ended else ""
