"""arshif notes: what people write about articles."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import get_article, read, write
from crawler.cli.options import STDOUT, ArticleArgument, Json
from crawler.console import print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from index.archive.notes import Note

app = typer.Typer()


@app.command("list")
def list_notes(json: Json = False) -> None:
    """List all notes, the one that was changed last first."""
    from index.archive import notes

    found = read(notes.all_notes)
    if json:
        print_json([{"article": one.article, "note": one.text, "changed": one.changed} for one in found])
    elif not found:
        say("no notes yet: write one with `arshif notes set ARTICLE TEXT` or on an article's page")
    else:
        print_table(("article", "changed", "note"), ((one.article, one.changed, one.text) for one in found))


@app.command("show")
def show_note(article: ArticleArgument, json: Json = False) -> None:
    """Show the note on an article."""
    from index.archive import notes

    found = read(lambda conn: notes.note(conn, get_article(conn, article).article.id))
    if json:
        print_json({"note": found and found.text, "changed": found and found.changed})
    else:
        say(found.text if found else "no note")


@app.command("set")
def set_note(
    article: ArticleArgument,
    text: Annotated[str, typer.Argument(help="The note; - reads it from standard input.")],
    json: Json = False,
) -> None:
    """Write the note on an article, in place of any there."""
    _note(article, sys.stdin.read() if text == str(STDOUT) else text, json)


@app.command("remove")
def remove_note(article: ArticleArgument, json: Json = False) -> None:
    """Remove the note from an article."""
    _note(article, "", json)


def _note(article: str, text: str, json: bool) -> None:
    from index.archive import notes

    def work(conn: Connection) -> Note | None:
        known = get_article(conn, article).article.id
        notes.set_note(conn, known, text, datetime.now(UTC))
        return notes.note(conn, known)

    found = write(work)
    if json:
        print_json({"note": found and found.text})
    else:
        say("Saved." if found else "Removed.")
