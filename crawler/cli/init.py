"""arshif init: create a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crawler.cli.options import Json
from crawler.console import print_json, say

app = typer.Typer()


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Folder in which config/ is created.")], json: Json = False
) -> None:
    """Create a configuration of your own, with all shipped sites."""
    from crawler.config import write_starter

    target = write_starter(directory)
    if json:
        print_json({"config": target})
        return
    say(f"Created {target}: settings in arshif.yaml, shipped sites in sites/, your own in sites.local/.")
    say(f"Next: set your contact in arshif.yaml, then  cd {directory} && arshif doctor && arshif run")
