"""arshif tags: what people file articles under."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import get_article, print_articles, read, write
from crawler.cli.options import ArticleArgument, Json
from crawler.console import print_json, print_table, say
from crawler.errors import ArshifError
from index.model.message import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer()

TagsArgument = Annotated[list[str], typer.Argument(metavar="TAG...", help="Tags; one with spaces in quotes.")]


@app.command("list")
def list_tags(json: Json = False) -> None:
    """List all tags, each with its number of articles."""
    from index.archive import notes

    found = read(notes.all_tags)
    if json:
        print_json([{"tag": tag, "articles": n} for tag, n in found.items()])
    elif not found:
        say("no tags yet: add some with `arshif tags add ARTICLE TAG...` or on an article's page")
    else:
        print_table(("tag", "articles"), found.items())


@app.command("show")
def show_tag(tag: Annotated[str, typer.Argument(help="A tag.")], json: Json = False) -> None:
    """List the articles with a tag, newest first."""
    from index.archive import notes

    def work(conn: Connection) -> None:
        ids = notes.tagged(conn, tag)
        if not ids:
            raise ArshifError(Message("error.no_tag"))
        print_articles(conn, ids, json)

    read(work)


@app.command("add")
def add_tags(article: ArticleArgument, wanted: TagsArgument, json: Json = False) -> None:
    """Add tags to an article."""
    _change_tags(article, lambda there: [*there, *wanted], json)


@app.command("remove")
def remove_tags(article: ArticleArgument, wanted: TagsArgument, json: Json = False) -> None:
    """Remove tags from an article."""
    from index.archive.notes import tags_in

    gone = tags_in(wanted)
    _change_tags(article, lambda there: [tag for tag in there if tag not in gone], json)


def _change_tags(article: str, change: Callable[[list[str]], list[str]], json: bool) -> None:
    from index.archive import notes

    def work(conn: Connection) -> list[str]:
        known = get_article(conn, article).article.id
        notes.set_tags(conn, known, change(notes.tags_of(conn, known)))
        return notes.tags_of(conn, known)

    left = write(work)
    if json:
        print_json({"tags": left})
    else:
        say(f"tags: {', '.join(left)}" if left else "no tags")


@app.command("rename")
def rename_tag(
    tag: Annotated[str, typer.Argument(help="The tag as it is.")],
    name: Annotated[str, typer.Argument(help="The tag that comes in its place.")],
    json: Json = False,
) -> None:
    """Rename a tag on all articles that have it."""
    from index.archive import notes

    changed = write(lambda conn: notes.rename_tag(conn, tag, name))
    if not changed:
        raise ArshifError(Message("error.no_tag"))
    if json:
        print_json({"articles": changed})
    else:
        say(f"Renamed on {changed} article{'s' * (changed != 1)}.")
