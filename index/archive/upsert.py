"""Write a row by its key, whether it is there or not, in SQL that every database reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, insert, select, update

T = TypeVar("T")
CHUNK = 500  # values in one IN (...): SQLite takes 32,766, older builds 999


def upsert(conn: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Set these columns in the row of that key; a new row has the table's defaults in the others."""
    mine = [table.c[name] == value for name, value in key.items()]
    there: object = (
        conn.execute(update(table).where(*mine).values(**values)).rowcount
        if values
        else conn.execute(select(*table.primary_key).where(*mine)).first()
    )
    if not there:
        conn.execute(insert(table).values(**key, **values))


def chunks(items: Sequence[T]) -> Iterator[list[T]]:
    """The items in pieces short enough for one statement."""
    rest = iter(items)
    while piece := list(islice(rest, CHUNK)):
        yield piece
