"""arshif explain: the lifecycle of one URL."""

from __future__ import annotations

from typing import Annotated

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.options import Json
from crawler.console import cell, print_json, say

app = typer.Typer()


@app.command()
def explain(
    address: Annotated[str, typer.Argument(help="URL of a page, or id of an article.")], json: Json = False
) -> None:
    """Trace one URL through all stages: why it is stored or not."""
    from crawler import explain as lifecycle
    from crawler.config import load
    from crawler.storage import open_raw
    from index.locale import FALLBACK, plain, translate

    config = load()
    with open_existing_archive(config) as archive, archive.read() as conn, open_raw(config, archive) as raw:
        steps = lifecycle.explain(conn, config, raw, address)
    if json:
        print_json(plain(steps))
        return
    last = ""
    for step in steps:
        label = "" if step.stage == last else f"{lifecycle.STAGES.index(step.stage) + 1} {step.stage}"
        last, told = step.stage, translate(step.told, FALLBACK)
        say(f"{label:<11}{cell(step.at):<20} {told}" if step.at else f"{label:<11}{told}")
