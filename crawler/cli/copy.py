"""arshif copy: move the archive from a file into a database, or back."""

from __future__ import annotations

from typing import Annotated

import typer

from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_json, say
from crawler.errors import ArshifError
from index.model.message import Message

app = typer.Typer()

FILE = "file"


@app.command()
def copy(
    to: Annotated[str, typer.Option("--to", metavar="URL", help=f"URL of an empty PostgreSQL database, or `{FILE}`.")],
    json: Json = False,
) -> None:
    """Copy the archive from its file into a PostgreSQL database, or back.

    Stop Arshif first. A copy that was broken off goes on where it was. Each row is compared with its original."""
    from crawler.cli.archive import open_existing_archive
    from crawler.config import load
    from crawler.settings_model import archive_problem
    from crawler.storage import database
    from index.archive import copying
    from index.archive.database import SqliteFile
    from index.archive.postgresql import PostgresqlDatabase

    config = load()
    source = database(config)
    if to != FILE and (problem := archive_problem(to)):
        raise ArshifError(Message(CommandMessage.COPY_TO, {"problem": problem}))
    if (to == FILE) == isinstance(source, SqliteFile):
        raise ArshifError(Message(CommandMessage.COPY_THERE, {"name": source.name}))
    open_existing_archive(config).close()
    with progress() as shown:
        step = shown.begin("copy", "rows")
        if isinstance(source, SqliteFile):
            made = copying.into_database(source, PostgresqlDatabase(to, config.settings.data), step.update)
        else:
            assert isinstance(source, PostgresqlDatabase)
            made = copying.into_file(source, step.update)
    if json:
        tables = {name: {"rows": rows, "sha256": digest} for name, (rows, digest) in made.tables.items()}
        print_json({"tables": tables, "before": made.aside})
        return
    say(f"Copied {made.rows:,} rows of {len(made.tables)} tables, each of which equals its original.")
    if made.aside is not None:
        say(f"The file is now in {made.aside}.")
    setting = f"`archive: {to}`" if to != FILE else "`archive` empty"
    say(f"Next: have {setting} in the settings (or in ARSHIF_ARCHIVE), and start Arshif. The index stays as it is.")
