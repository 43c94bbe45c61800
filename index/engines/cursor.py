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

MAX_CURSOR = 200  # characters; the longest of ours has 100. Nested brackets cannot exhaust the parser's stack in so few


def encode_cursor(sort: str, key: Sequence[float | int]) -> str:
    """The position after the result with that sort key, in URL-safe form."""
    return base64.urlsafe_b64encode(json.dumps([sort, *key], separators=(",", ":")).encode()).rstrip(b"=").decode()


def decode_cursor(query: Query, sort: str, length: int) -> list[Any] | None:
    """The sort key, of that length, in the query's cursor; None without a cursor.

    :raises QueryError: when the cursor is not one of this search.
    """
    if query.cursor is None:
        return None
    if len(query.cursor) > MAX_CURSOR:
        raise QueryError(Message("error.cursor"), 0)
    try:
        padded = query.cursor.encode("ascii") + b"=" * (-len(query.cursor) % 4)
        of, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error):
        of, key = None, []
    score = [float] if sort == "relevance" else []
    if of != sort or len(key) != length or not all(map(_is_sort_value, key, [*score, *[int] * length])):
        raise QueryError(Message("error.cursor"), 0)
    return list(key)


def _is_sort_value(part: Any, kind: type) -> bool:
    return type(part) in (int, kind) and 0 <= part < 1 << 63
