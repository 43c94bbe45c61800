"""What several commands do with the archive: open an existing one, look up an article, index changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from crawler.cli.messages import CommandMessage
from crawler.console import print_error, print_json, print_table
from crawler.errors import ArshifError, Busy
from index.model.message import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crawler.cli.progress import Shown
    from crawler.config import Config
    from index.archive import Archive
    from index.archive.collections import Collection
    from index.model.article import IndexDocument


T = TypeVar("T")


def open_existing_archive(config: Config) -> Archive:
    """The archive of this configuration, which must exist already.

    :raises ArshifError: when it does not.
    """
    from crawler.archive_place import database
    from crawler.storage import open_archive

    place = database(config.settings)
    if not place.exists():
        raise ArshifError(Message(CommandMessage.NO_ARCHIVE, {"place": place.name}))
    return open_archive(config)


def get_article(conn: Connection, name: str) -> IndexDocument:
    """The article with this id, or with this URL among its URLs.

    :raises ArshifError: when the archive has no such article.
    """
    from crawler.storage import find_article
    from index.archive import documents

    identifier = find_article(conn, name)
    document = documents.document(conn, identifier) if identifier else None
    if document is None:
        raise ArshifError(Message(CommandMessage.NO_ARTICLE, {"given": name}))
    return document


def write(work: Callable[[Connection], T]) -> T:
    """What this work returns, in a transaction of the existing archive.

    :raises ArshifError: when there is no archive, or the work raises it.
    """
    from crawler.config import load

    with open_existing_archive(load(only=())) as archive:
        return archive.write(work).result()


def read(work: Callable[[Connection], T]) -> T:
    """What this work returns, which only reads the existing archive.

    :raises ArshifError: when there is no archive, or the work raises it.
    """
    from crawler.config import load

    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        return work(conn)


def get_collection(conn: Connection, given: str) -> Collection:
    """The collection with this number, else the one of this name.

    :raises ArshifError: when there is none.
    """
    from index.archive import collections

    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 20 else 0
    found = collections.get(conn, number) or collections.by_name(conn, given)
    if found is None:
        raise ArshifError(Message(CommandMessage.NO_COLLECTION, {"given": given}))
    return found


def print_articles(conn: Connection, ids: Sequence[str], json: bool) -> None:
    """Prints these articles with what people added to them."""
    from index.archive import documents, notes
    from index.export.schema_org import annotation_fields

    found = notes.annotated(conn, documents.documents(conn, ids))
    if json:
        print_json(
            [
                {"article": one.article.id, "url": one.article.url, "headline": one.article.headline}
                | annotation_fields(one.annotations)
                for one in found
            ]
        )
        return
    rows = ((one.article.id, one.article.site, ", ".join(one.annotations.tags), one.article.headline) for one in found)
    print_table(("id", "site", "tags", "headline"), rows)


def index_changes(config: Config, archive: Archive, shown: Shown | None = None) -> None:
    """Indexes what changed in the archive, unless a running daemon does, and shows how far that is; prints why where it
    fails."""
    from crawler.cli.progress import indexing
    from crawler.storage import open_index
    from index.search import indexer

    try:
        with suppress(Busy), open_index(config) as engine:
            indexer.index_pending(archive, engine, told=indexing(shown) if shown else None)
    except ArshifError as error:
        print_error(f"done in the archive; the index will follow when it is available: {error}")
