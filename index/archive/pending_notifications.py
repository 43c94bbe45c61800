"""Who waits for news: alerts and finds hold the addresses that were to be told of them and are not yet.

An address is known by a digest (`crawler/monitoring/notifications.py`): it may hold a password. What nobody waits for
holds None.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, select

from index.archive.upsert import change


def mark_notified(conn: Connection, table: Table, these: ColumnElement[bool], address: str) -> None:
    """That address was told of these rows."""
    _keep(conn, table, these, lambda one: one != address)


def drop_expired(conn: Connection, table: Table, addresses: Collection[str], before: datetime) -> None:
    """Nobody waits any more for what is older, nor does anybody but these addresses for the rest."""
    _keep(conn, table, table.c.at < before, lambda _: False)
    _keep(conn, table, table.c.at >= before, lambda one: one in addresses)


def _keep(conn: Connection, table: Table, these: ColumnElement[bool], stays: Callable[[str], bool]) -> None:
    rows = conn.execute(select(table).where(these, table.c.waiting.is_not(None))).mappings().all()
    for row in rows:
        left = [one for one in row["waiting"] if stays(one)]
        if left != row["waiting"]:
            change(conn, table, {key.name: row[key.name] for key in table.primary_key}, {"waiting": left or None})
