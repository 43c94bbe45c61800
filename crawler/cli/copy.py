"""arshif copy: move the archive from a file into a database, or back."""

from __future__ import annotations

from typing import Annotated

import typer

from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError
from index.model.message import Message

app = typer.Typer()

FILE = "file"


@app.command()
def copy(
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help=f"URL of an empty PostgreSQL database, or `{FILE}`.")
    ] = "",
    raw: Annotated[
        str, typer.Option("--raw", metavar="URL", help="New place of the raw copies, as in `raw.url`, or `files`.")
    ] = "",
    json: Json = False,
) -> None:
    """Copy the archive from its file into a PostgreSQL database, or back; or its raw copies to another place.

    Stop Arshif first. A copy that was broken off goes on where it was. Each row, or file, is compared with its
    original."""
    if bool(to) == bool(raw):
        raise ArshifError(Message(CommandMessage.COPY_WHAT))
    if raw:
        _copy_raw(raw, json=json)
        return
    from crawler.archive_place import database
    from crawler.config import load
    from crawler.settings_model import archive_problem
    from index.archive import copying
    from index.archive.database import SqliteFile
    from index.archive.postgresql import PostgresqlDatabase

    config = load(only=())
    source = database(config.settings)
    if to != FILE and (problem := archive_problem(to)):
        raise ArshifError(Message(CommandMessage.COPY_TO, {"problem": problem}))
    if (to == FILE) == isinstance(source, SqliteFile):
        raise ArshifError(Message(CommandMessage.COPY_THERE, {"name": source.name}))
    target = None if to == FILE else PostgresqlDatabase(to, config.settings.data)
    if copying.is_done(source, target):
        made = copying.Copied({})
    elif not source.exists():
        raise ArshifError(Message(CommandMessage.NO_ARCHIVE, {"place": source.name}))
    else:
        with progress() as shown:
            step = shown.begin("copy", "rows")
            if isinstance(source, SqliteFile):
                assert target is not None
                made = copying.into_database(source, target, step.update)
            else:
                assert isinstance(source, PostgresqlDatabase)
                made = copying.into_file(source, step.update)
    if json:
        tables = {name: {"rows": rows, "sha256": digest} for name, (rows, digest) in made.tables.items()}
        print_json({"tables": tables, "before": made.aside})
        return
    if made.tables:
        say(f"Copied {made.rows:,} rows of {len(made.tables)} tables, each of which equals its original.")
    else:
        say("All was copied and compared before, by a call that was broken off at its end.")
    if made.aside is not None:
        say(f"The file is now in {made.aside}.")
    setting = f"`archive: {to}`" if to != FILE else "`archive` empty"
    say(f"Next: have {setting} in the settings (or in ARSHIF_ARCHIVE), and start Arshif. The index stays as it is.")


def _copy_raw(to: str, *, json: bool) -> None:
    from crawler.cli.archive import open_existing_archive
    from crawler.cli.progress import BYTES
    from crawler.config import load
    from crawler.maintenance.raw_copying import copy as copy_raw
    from index.archive.raw_owner import FILES
    from index.locale import FALLBACK
    from index.locale.formats import size
    from index.warc.place_url import url_problem

    config, url = load(only=()), to if to != FILES else ""
    if url and (problem := url_problem(url)):
        raise ArshifError(Message(CommandMessage.COPY_RAW_TO, {"problem": problem}))
    if url == config.settings.raw.url:
        raise ArshifError(Message(CommandMessage.COPY_RAW_THERE, {"to": to}))
    with open_existing_archive(config) as archive, progress() as shown:
        made = copy_raw(archive, config, url, shown.begin("copy", BYTES).update)
    if json:
        print_json({"files": made.files, "bytes": made.bytes, "missing": made.missing, "before": made.before})
        return
    for name in made.missing:
        print_error(f"{name} was missing before: `arshif verify` lists what was in it")
    say(f"Copied {made.files:,} WARC files ({size(FALLBACK, made.bytes)}), each of which equals its original.")
    setting = f"`raw.url: {url}`" if url else "`raw.url` empty"
    say(f"Next: have {setting} in the settings (or in ARSHIF_RAW__URL), and start Arshif.")
    say(f"The originals are still in {made.before}: delete them once `arshif verify --within 0` finds nothing wrong.")
