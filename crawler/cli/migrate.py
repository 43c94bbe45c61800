"""arshif migrate: create the archive, or bring it to what this version of Arshif needs."""

from __future__ import annotations

import typer

from crawler.cli.options import Json
from crawler.console import print_json, say

app = typer.Typer()


@app.command()
def migrate(json: Json = False) -> None:
    """Create the archive, or bring one of an older version to what this one needs.

    Whatever opens an archive does that, too: this is for whoever wants to know when, such as before other machines
    start. Older versions refuse the archive from then on.
    """
    from crawler.config import load
    from crawler.storage import open_archive
    from index.archive.migrate import HEAD

    with open_archive(load(only=())) as archive:
        name = archive.database.name
    if json:
        print_json({"archive": name, "schema": HEAD})
        return
    say(f"The archive {name} has the schema {HEAD}, which this version of Arshif needs.")
