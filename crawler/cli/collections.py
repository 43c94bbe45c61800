"""arshif collections: articles that people put together under a name."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import get_article, get_collection, open_existing_archive, print_articles, read, write
from crawler.cli.options import ArticlesArgument, CollectionArgument, Json
from crawler.console import cell, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from index.archive.collections import Collection

app = typer.Typer()


@app.command("list")
def list_collections(json: Json = False) -> None:
    """List all collections and the URLs of their feeds."""
    from crawler.config import load
    from index.archive import collections

    config = load(only=())
    with open_existing_archive(config) as archive, archive.read() as conn:
        found = collections.all_collections(conn)
    feeds = {one.id: f"{config.settings.web.address}feeds/collections/{one.id}.atom" for one in found}
    if json:
        print_json([asdict(one) | {"feed": feeds[one.id]} for one in found])
    elif not found:
        say("no collections yet: make one with `arshif collections create NAME` or on the search page")
    else:
        rows = ((one.id, one.name, one.articles, cell(one.created), feeds[one.id]) for one in found)
        print_table(("id", "name", "articles", "created", "feed"), rows)


@app.command("show")
def show_collection(collection: CollectionArgument, json: Json = False) -> None:
    """List the articles of a collection, the one put in last first."""
    from index.archive import collections

    def work(conn: Connection) -> None:
        print_articles(conn, list(collections.articles_of(conn, get_collection(conn, collection).id)), json)

    read(work)


@app.command("create")
def create_collection(name: Annotated[str, typer.Argument(help="Name of the collection.")], json: Json = False) -> None:
    """Make a collection."""
    from index.archive import collections

    number = write(lambda conn: collections.create(conn, name, datetime.now(UTC)))
    if json:
        print_json({"id": number})
    else:
        say(f"Created with id {number}.")


@app.command("rename")
def rename_collection(
    collection: CollectionArgument,
    name: Annotated[str, typer.Argument(help="The new name.")],
    json: Json = False,
) -> None:
    """Rename a collection."""
    from index.archive import collections

    def work(conn: Connection) -> Collection:
        number = get_collection(conn, collection).id
        collections.rename(conn, number, name)
        return get_collection(conn, str(number))

    _said(write(work), "Renamed.", json)


@app.command("delete")
def delete_collection(collection: CollectionArgument, json: Json = False) -> None:
    """Delete a collection; its articles stay in the archive."""
    from index.archive import collections

    def work(conn: Connection) -> Collection:
        one = get_collection(conn, collection)
        collections.remove(conn, one.id)
        return one

    _said(write(work), "Deleted.", json)


@app.command("add")
def add_to_collection(collection: CollectionArgument, articles: ArticlesArgument, json: Json = False) -> None:
    """Put articles into a collection."""
    from index.archive import collections

    def work(conn: Connection) -> Collection:
        number = get_collection(conn, collection).id
        collections.add(conn, number, [get_article(conn, one).article.id for one in articles], datetime.now(UTC))
        return get_collection(conn, str(number))

    _said(write(work), "Added.", json)


@app.command("remove")
def remove_from_collection(collection: CollectionArgument, articles: ArticlesArgument, json: Json = False) -> None:
    """Take articles out of a collection."""
    from index.archive import collections

    def work(conn: Connection) -> Collection:
        number = get_collection(conn, collection).id
        collections.take_out(conn, number, [get_article(conn, one).article.id for one in articles])
        return get_collection(conn, str(number))

    _said(write(work), "Removed.", json)


def _said(one: Collection, text: str, json: bool) -> None:
    if json:
        print_json(asdict(one))
    else:
        say(text)
