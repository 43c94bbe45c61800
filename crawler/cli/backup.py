"""arshif backup, arshif restore: back up the archive and restore it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.cli.progress import BYTES, indexing, progress
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError
from index.model.message import Message

if TYPE_CHECKING:
    from index.archive.backup import Backup

app = typer.Typer()


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="New or empty folder for the backup.")], json: Json = False
) -> None:
    """Back up the archive and its raw copies, even during a crawl."""
    from crawler.archive_place import database
    from crawler.cli.archive import open_existing_archive
    from crawler.config import load
    from crawler.storage import raw_place
    from index.archive.backup import back_up
    from index.locale import FALLBACK
    from index.locale.formats import size

    config = load(only=())
    if config.settings.archive:
        params = {"name": database(config.settings).name, "raw": raw_place(config).name}
        raise ArshifError(Message(CommandMessage.NO_BACKUP, params))
    with open_existing_archive(config) as archive, progress() as shown:
        step = shown.begin("backup", BYTES)
        made = back_up(archive, raw_place(config), folder, step.update)
    if json:
        print_json({"folder": folder, **_as_json(made)})
        return
    for name in made.short:
        print_error(f"{name} was damaged before the backup, and is backed up as far as it can be read")
    if made.damaged:
        print_error(f"{len(made.damaged)} raw copies were damaged before the backup: `arshif verify` lists them")
    if made.outside:
        say(f"{len(made.outside)} files of others have further raw copies (raw.outside): not backed up, so keep them.")
    say(f"Backed up {made.articles} articles, {made.versions} versions and their raw copies to {folder}:")
    say(f"{size(FALLBACK, made.bytes)} in {len(made.parts)} files. `arshif restore {folder}` restores them.")


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="Folder that `arshif backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Move an existing archive aside first.")] = False,
    json: Json = False,
) -> None:
    """Verify a backup, restore the archive and rebuild the index."""
    from crawler.archive_place import database
    from crawler.config import load
    from crawler.storage import open_archive, open_index, own_raw_place
    from index.archive import backup as backups
    from index.search import indexer

    config = load(only=())
    if config.settings.archive:
        raise ArshifError(Message(CommandMessage.NO_RESTORE, {"name": database(config.settings).name}))
    with progress() as shown:
        step = shown.begin("restore", BYTES)
        elsewhere = own_raw_place(config) if config.settings.raw.url else None
        made, aside = backups.restore(folder, config.settings.data, elsewhere=elsewhere, force=force, told=step.update)
    problem = ""
    with open_archive(config) as archive, open_index(config) as engine, progress() as shown:
        try:
            indexer.rebuild(archive, engine, told=indexing(shown))
        except ArshifError as error:
            problem = str(error)
    if json:
        print_json({"data": config.settings.data, "before": aside, "indexed": not problem, **_as_json(made)})
    else:
        _print_restored(made, aside, problem)
    if problem:
        raise typer.Exit(ArshifError.exit_code)


def _print_restored(made: Backup, aside: Path | None, problem: str) -> None:
    when = made.made.astimezone().strftime("%Y-%m-%d %H:%M")
    say(f"Restored {made.articles} articles and {made.versions} versions as of {when}.")
    if aside is not None:
        say(f"The previous archive is now in {aside}.")
    if problem:
        print_error(
            f"The archive is restored but not searchable yet: {problem}; fix this, then run `arshif index rebuild`."
        )
    else:
        say("The index is rebuilt.")


def _as_json(made: Backup) -> dict[str, object]:
    return {
        "made": made.made,
        "articles": made.articles,
        "versions": made.versions,
        "files": len(made.parts),
        "short": made.short,
        "damaged": made.damaged,
        "outside": made.outside,
        "bytes": made.bytes,
    }
