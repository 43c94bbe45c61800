"""arshif searches: saved searches, each with a feed on the search page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crawler.cli.archive import open_existing_archive, write
from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.cli.query import PARTLY_READ, WORDS, check_words, print_query_problems
from crawler.console import cell, print_json, print_table, say
from crawler.errors import ArshifError
from index.model.codes import Digest
from index.model.message import Message
from index.text.typed import one_line

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer()

Often = Literal["now", "hour", "day", "week"]

NumberArgument = Annotated[
    int, typer.Argument(metavar="ID", help="Id of the search, as `arshif searches list` shows it.")
]


@app.command("list")
def list_searches(json: Json = False) -> None:
    """List the saved searches and the URLs of their feeds."""
    from crawler.config import load
    from index.archive import saved_searches

    config = load(only=())
    with open_existing_archive(config) as archive, archive.read() as conn:
        saved = saved_searches.all_saved(conn)
    feeds = {one.id: f"{config.settings.web.address}feeds/{one.id}.atom" for one in saved}
    if json:
        print_json([{**asdict(one), "feed": feeds[one.id]} for one in saved])
    elif not saved:
        say("no saved searches yet: add one with `arshif searches add NAME QUERY` or on the search page")
    else:
        rows = [
            (str(one.id), one.name, one.query, one.digest or "at once", cell(one.created), feeds[one.id])
            for one in saved
        ]
        print_table(("id", "name", "query", "told", "saved", "feed"), rows)


@app.command("add", context_settings=WORDS)
def add_search(
    name: Annotated[str, typer.Argument(help="Name of the search.")],
    query: Annotated[list[str], typer.Argument(callback=check_words, help="Query, as for `arshif search`.")],
    digest: Annotated[Often, typer.Option(help="When to notify: at once, or of all of an hour, day or week.")] = "now",
    json: Json = False,
) -> None:
    """Save a search, and be notified of new articles that match.

    Each article is sent once to the addresses in `notify` of arshif.yaml. Exits with 2 if part of the query could not
    be parsed; the error says which, and the rest is searched.
    """
    from crawler.config import load
    from index.archive import saved_searches
    from index.search import query_language

    text = " ".join(query)
    parsed = query_language.parse(text)
    print_query_problems(parsed)
    with open_existing_archive(load(only=())) as archive:
        number = archive.write(
            lambda conn: saved_searches.add(conn, name, text, datetime.now(UTC), _digest(digest))
        ).result()
    if json:
        print_json({"id": number})
    else:
        say(f"Saved with id {number}.")
    if parsed.problems:
        raise typer.Exit(PARTLY_READ)


@app.command("rename")
def rename_search(
    number: NumberArgument,
    name: Annotated[str, typer.Argument(help="The new name.")],
    json: Json = False,
) -> None:
    """Rename a saved search."""
    from index.archive import saved_searches

    _change(number, lambda conn: saved_searches.rename(conn, number, name))
    if json:
        print_json({"id": number, "name": one_line(name)})
    else:
        say("Renamed.")


@app.command("digest")
def set_digest(
    number: NumberArgument,
    often: Annotated[Often, typer.Argument(help="When to notify: at once, or of all of an hour, day or week.")],
    json: Json = False,
) -> None:
    """Set how often you are notified of what is new to a saved search.

    A digest of a day comes at 7 in the morning, that of a week on Monday, in this machine's time zone.
    """
    from index.archive import saved_searches

    _change(number, lambda conn: saved_searches.set_digest(conn, number, _digest(often)))
    if json:
        print_json({"id": number, "digest": _digest(often)})
    else:
        say("Saved.")


@app.command("remove")
def remove_search(number: NumberArgument, json: Json = False) -> None:
    """Delete a saved search."""
    from index.archive import saved_searches

    _change(number, lambda conn: saved_searches.remove(conn, number))
    if json:
        print_json({"removed": number})
    else:
        say("Deleted.")


def _change(number: int, work: Callable[[Connection], bool]) -> None:
    """Does this work on a saved search.

    :raises ArshifError: when it says that there is none of that number.
    """
    if not write(work):
        raise ArshifError(Message(CommandMessage.NO_SEARCH, {"id": number}))


def _digest(often: Often) -> Digest | None:
    return None if often == "now" else Digest(often)
