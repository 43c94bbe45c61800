"""arshif sites load, save, unload: sites that are described in the archive, so that all machines have them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import open_existing_archive, write
from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_error, print_json, say
from crawler.errors import ConfigError
from index.model.message import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer()

MAX_LISTED = 5  # names that are listed out of many


@app.command("load")
def load_sites(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with site files, or one such file.")],
    json: Json = False,
) -> None:
    """Store the sites that files describe in the archive, for all machines that crawl into it.

    All files are checked first: if one has a mistake, nothing is stored. Sites that are there like that stay as they
    are, so a call that was broken off is made again; those of other ids stay, too. Keys of a file in sites.local/ win
    over those of the archive, and these over those of the files that come with Arshif. A running daemon takes changes
    up by itself. Exits with 2 if a file has a mistake.
    """
    from crawler import site_layers
    from crawler.config import load
    from crawler.storage import open_archive
    from index.archive import site_documents
    from index.archive.upsert import chunks

    config = load(only=())
    texts = site_layers.to_store(config.directory, source)
    own = sorted(texts.keys() & site_layers.files(config.directory / site_layers.OWN_SITES).keys())
    with open_archive(config) as archive, progress() as shown:
        step, changed = shown.begin("load", "sites", len(texts)), 0
        for ids in chunks(sorted(texts)):
            piece = {site: texts[site] for site in ids}
            changed += archive.write(partial(site_documents.put, new=piece, now=datetime.now(UTC))).result()
            step.advance(len(ids))
    if json:
        print_json({"sites": len(texts), "stored": changed, "also_in_files": own})
        return
    say(f"Stored {changed:,} sites; {len(texts) - changed:,} were there like that.")
    if own:
        more = ", …" if len(own) > MAX_LISTED else ""
        print_error(f"note: what files in sites.local/ say wins over it: {', '.join(own[:MAX_LISTED])}{more}")


@app.command("save")
def save_sites(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write the files to.")], json: Json = False
) -> None:
    """Write the sites that are described in the archive to files, as `arshif sites load` reads them.

    A file that is there already and says something else is not replaced: then nothing is written.
    """
    from crawler.config import load
    from crawler.errors import ArshifError
    from index.archive import site_documents
    from index.atomic_files import new_file
    from index.errors import FileThere

    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        files = {folder / f"{site}.yaml": text.encode() for site, text in site_documents.texts(conn).items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = {file for file in files if file.exists()}
        if differing := [file for file in sorted(there) if file.read_bytes() != files[file]]:
            raise FileThere(str(differing[0]))
    except OSError as error:
        raise ArshifError(f"cannot use {error.filename or folder}: {error.strerror}") from error
    for file in files.keys() - there:
        with new_file(file) as out:
            out.write(files[file])
    if json:
        print_json({"folder": folder, "sites": len(files)})
    else:
        say(f"{len(files):,} sites are in {folder}.")


@app.command("unload")
def unload_sites(
    sites: Annotated[list[str], typer.Argument(metavar="SITE...", help="Ids of sites that the archive describes.")],
    json: Json = False,
) -> None:
    """Remove the descriptions of sites from the archive; what was crawled of them stays.

    A site that has a file, too, is crawled as that says. `arshif sites save` writes the others to files first.
    """
    from index.archive import site_documents

    def unload(conn: Connection) -> None:
        there = site_documents.digests(conn, sites)
        if missing := [site for site in sites if site not in there]:
            raise ConfigError(Message(CommandMessage.NO_STORED_SITE, {"given": missing[0]}))
        site_documents.remove(conn, sites)

    write(unload)
    removed = len(set(sites))
    if json:
        print_json({"removed": removed})
    else:
        say(f"Removed {removed:,} sites from the archive's.")
