"""What several commands do with the archive: open an existing one, look up an article, index changes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from crawler.cli.messages import CommandMessage
from crawler.console import print_error
from crawler.errors import ArshifError, Busy
from index.model.message import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crawler.config import Config
    from index.archive import Archive
    from index.model.article import IndexDocument


def open_existing_archive(config: Config) -> Archive:
    """The archive of this configuration, which must exist already.

    :raises ArshifError: when it does not.
    """
    from crawler.storage import database, open_archive

    place = database(config)
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


def index_changes(config: Config, archive: Archive) -> None:
    """Indexes what changed in the archive, unless a running daemon does; prints why where that fails."""
    from crawler.storage import open_index
    from index.search import indexer

    try:
        with suppress(Busy), open_index(config) as engine:
            indexer.index_pending(archive, engine)
    except ArshifError as error:
        print_error(f"done in the archive; the index will follow when it is available: {error}")
