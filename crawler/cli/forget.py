"""arshif forget: erase an article or a site for good."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler.cli.archive import index_changes, open_existing_archive
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_error, print_json, say, some_of
from crawler.errors import ArshifError

if TYPE_CHECKING:
    from crawler.maintenance.erasure import Erased

app = typer.Typer()


@app.command()
def forget(
    what: Annotated[str, typer.Argument(help="URL or id of an article, or id of a site.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    json: Json = False,
) -> None:
    """Erase an article or a site, and never crawl it again.

    It is removed from the archive, the raw copies and the index."""
    from crawler.config import load
    from crawler.maintenance.erasure import Erasure
    from crawler.storage import own_raw_place
    from index.locale import FALLBACK, translate

    config = load()
    with open_existing_archive(config) as archive:
        work = Erasure(archive, own_raw_place(config))
        found = work.resolve(what, config)
        if json:
            print_error(found.told)
        else:
            say(found.told)
        if not yes and json:
            raise ArshifError("nothing was erased: --json does not ask for confirmation, so it needs --yes")
        if not yes and not typer.confirm("Erase it for good and never crawl it again?"):
            raise typer.Exit(ArshifError.exit_code)
        with progress() as shown:
            done = work.forget(found, datetime.now(UTC), shown.begin("forget", "articles").update)
            index_changes(config, archive, shown)
    if json:
        print_json(_as_json(done))
        return
    say(f"Erased: {done.articles} articles, {done.versions} versions, {done.raws} raw copies, {done.urls} URLs.")
    say("Backups still contain it, and so do the index's files until `arshif index rebuild`.")
    if done.outside:
        say(f"{len(done.outside)} files of others still have it (raw.outside); the archive refers to it there no more:")
        for told in some_of(done.outside, str):
            say(f"  {told}")
    if done.left is not None:
        print_error(translate(done.left, FALLBACK))


def _as_json(done: Erased) -> dict[str, Any]:
    from index.locale import plain

    told = {field.name: getattr(done, field.name) for field in fields(done)}
    as_json: dict[str, Any] = plain(told | {"journal_emptied": done.left is None})
    return as_json
