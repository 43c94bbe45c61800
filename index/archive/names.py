"""Names that people give to what they make, of which no two of a table are the same."""

from __future__ import annotations

from sqlalchemy import Connection, Table, select

from index.errors import InvalidValue
from index.model.message import Message
from index.text.typed import one_line

MAX_NAME = 100  # characters


def free_name(conn: Connection, table: Table, name: str, number: int, *, wrong: str, taken: str) -> str:
    """The name as it is stored, which no row of the table other than this one (0: a new one) has.

    :raises InvalidValue: when it is empty or too long (with the code `wrong`), or another row's (`taken`).
    """
    name = one_line(name)
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidValue(Message(wrong, {"n": MAX_NAME}))
    if conn.execute(select(table.c.id).where(table.c.name == name, table.c.id != number)).first() is not None:
        raise InvalidValue(Message(taken, {"name": name}))
    return name
