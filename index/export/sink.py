"""A file that is passed on in pieces while it is written."""

from __future__ import annotations

import io
from typing import Any


class Sink(io.RawIOBase):
    """A file whose content is taken while it is written; it cannot be sought in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """The bytes written since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
