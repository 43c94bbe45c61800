"""arshif init: a configuration of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crawler.cli.options import Json
from crawler.console import print_json, say

app = typer.Typer()


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="A folder; config/ is made in it.")], json: Json = False
) -> None:
    """Write a configuration of your own, with all shipped sites."""
    from crawler.config import write_starter

    target = write_starter(directory)
    if json:
        print_json({"config": target})
        return
    say(f"Wrote {target}: settings in arshif.yaml, sites in sites/, your own in sites.local/.")
    say(f"Next: write your contact into arshif.yaml, then  cd {directory} && arshif doctor && arshif run")
