"""Cursors: the position after a result, from which the next page starts."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from index.errors import QueryError
from index.model.message import Message
from index.model.query import Query


def encode_cursor(sort: str, key: Sequence[float | int]) -> str:
    """The position after the result with that sort key, in URL-safe form."""
    return base64.urlsafe_b64encode(json.dumps([sort, *key], separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode_cursor(query: Query, sort: str, length: int) -> list[Any] | None:
    """The sort key, of that length, in the query's cursor; None without a cursor.

    :raises QueryError: when the cursor is not one of this search.
    """
    if query.cursor is None:
        return None
    try:
        padded = query.cursor.encode("ascii") + b"=" * (-len(query.cursor) % 4)
        of, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error):
        of, key = None, []
    if of != sort or len(key) != length or not all(type(part) in (int, float) and 0 <= part < 1 << 63 for part in key):
        raise QueryError(Message("error.cursor"), 0)
    return list(key)
