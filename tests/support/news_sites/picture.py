"""Pictures: a small PNG for every article, painted in colours that its path decides."""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import lru_cache

WIDTH, HEIGHT = 640, 360  # px


@lru_cache(maxsize=512)
def png(name: str) -> bytes:
    """A PNG of 640 x 360 px with a sky over a ground, always the same for a name."""
    seed = hashlib.sha256(name.encode()).digest()
    sky, ground = seed[0:3], bytes(value // 3 + 40 for value in seed[3:6])
    horizon = HEIGHT // 2 + seed[6] % 80
    rows = b"".join(b"\x00" + (_shade(sky, y) if y < horizon else ground) * WIDTH for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 1)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _shade(colour: bytes, y: int) -> bytes:
    return bytes(min(255, value // 2 + 60 + y // 4) for value in colour)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
