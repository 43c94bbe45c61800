"""The archive as several commands use it: opened where there is one, one article of it, its changes indexed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from crawler.console import print_error
from crawler.errors import ArshifError, Busy

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crawler.config import Config
    from index.archive import Archive
    from index.model.article import IndexDocument


def open_existing_archive(config: Config) -> Archive:
    """The archive of this configuration, which is not created here.

    :raises ArshifError: when there is none yet.
    """
    from crawler.storage import archive_file, open_archive

    if not archive_file(config).exists():
        where = "ARSHIF_CONFIG names another configuration"
        raise ArshifError(f"there is no archive in {config.settings.data} yet: `arshif crawl` makes one; {where}")
    return open_archive(config)


def get_article(conn: Connection, name: str) -> IndexDocument:
    """The article with this id, or with this address among its addresses.

    :raises ArshifError: when the archive has none.
    """
    from crawler.storage import find_article
    from index.archive import articles

    identifier = find_article(conn, name)
    document = articles.document(conn, identifier) if identifier else None
    if document is None:
        raise ArshifError(f"the archive has no article {name}: give the id or address of one (`arshif search`)")
    return document


def index_changes(config: Config, archive: Archive) -> None:
    """Brings what changed in the archive to the index, unless a shipper that runs does."""
    from crawler.storage import open_index
    from index.search import indexer

    try:
        with suppress(Busy), open_index(config) as engine:
            indexer.index_pending(archive, engine)
    except ArshifError as error:
        print_error(f"done in the archive; the index is told when it can be: {error}")
