"""Writing rows by key, whether they exist or not, and whoever writes the same ones meanwhile."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Executable, Row, Select, Table, Update, bindparam, select, update

from index.archive import dialect

T = TypeVar("T")
CHUNK = 500  # values per IN (...): SQLite allows 32,766 parameters, older builds 999


def change(conn: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Set these columns in the rows with this key; return how many there are."""
    by = {f"by_{name}": value for name, value in key.items()}
    return conn.execute(_changing(table, *key), {**by, **values}).rowcount


@cache
def _changing(table: Table, *key: str) -> Update:
    """Built once: building a statement costs as much as running it."""
    return update(table).where(*(table.c[name] == bindparam(f"by_{name}") for name in key))


def upsert(conn: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Set these columns in the row with this key; a new row gets the table's defaults in the others."""
    there: object
    if values:
        there = change(conn, table, key, values)
    else:
        there = conn.execute(select(*table.primary_key).where(*(table.c[n] == v for n, v in key.items()))).first()
    if not there:
        conn.execute(_upserting(dialect.of(conn), table, tuple(key), tuple(values)), {**key, **values})


@cache
def _upserting(here: dialect.Dialect, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Executable:
    new = here.insert(table)
    if not names:
        return cast(Executable, new.on_conflict_do_nothing(index_elements=key))
    return cast(
        Executable, new.on_conflict_do_update(index_elements=key, set_={name: new.excluded[name] for name in names})
    )


def insert_missing(
    conn: Connection, table: Table, key: Mapping[str, Any], column: str, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Insert the rows whose value of `column` no row with this key has yet; return how many. The values must differ."""
    added = 0
    for piece in chunks(rows):
        among = table.c[column].in_([row[column] for row in piece])
        query = select(table.c[column]).where(*(table.c[name] == value for name, value in key.items()), among)
        there = set(conn.execute(query).scalars())
        if new := [{**key, **row} for row in piece if row[column] not in there]:
            conn.execute(dialect.of(conn).insert(table).on_conflict_do_nothing(), new)
        added += len(new)
    return added


def streamed(conn: Connection, query: Select[Any]) -> Generator[Row[Any], None, None]:
    """The rows of a query, of which never more than a chunk are in memory."""
    with conn.execute(query.execution_options(yield_per=CHUNK)) as rows:
        yield from rows


def chunks(items: Sequence[T]) -> Iterator[list[T]]:
    """The items in lists short enough for one statement."""
    rest = iter(items)
    while piece := list(islice(rest, CHUNK)):
        yield piece
