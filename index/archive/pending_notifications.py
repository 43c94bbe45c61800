"""Pending notifications: alerts and finds of saved searches list the addresses still to be notified of them.

An address is stored as a digest (`crawler/monitoring/notifications.py`), because it may contain a password. The list is
None once nobody is left to notify.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, select

from index.archive.upsert import change


def mark_notified(conn: Connection, table: Table, these: ColumnElement[bool], address: str) -> None:
    """Record that an address was notified of these rows."""
    _keep(conn, table, these, lambda one: one != address)


def drop_expired(conn: Connection, table: Table, addresses: Collection[str], before: datetime) -> None:
    """Drop all pending notifications older than `before`, and of the rest those to addresses other than these."""
    _keep(conn, table, table.c.at < before, lambda _: False)
    _keep(conn, table, table.c.at >= before, lambda one: one in addresses)


def _keep(conn: Connection, table: Table, these: ColumnElement[bool], stays: Callable[[str], bool]) -> None:
    rows = conn.execute(select(table).where(these, table.c.waiting.is_not(None)).with_for_update()).mappings().all()
    for row in rows:
        left = [one for one in row["waiting"] if stays(one)]
        if left != row["waiting"]:
            change(conn, table, {key.name: row[key.name] for key in table.primary_key}, {"waiting": left or None})
