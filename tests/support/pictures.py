"""Pictures made here, for those who must decode one."""

from __future__ import annotations

import struct
import zlib


def png(width: int, height: int, colour: bytes = b"\x10\x80\x30") -> bytes:
    """A PNG picture of one colour (red, green, blue)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = (b"\0" + colour * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def webp_size(data: bytes) -> tuple[int, int]:
    """The width and height of a WebP picture, lossy or extended (RFC 9649)."""
    assert (data[:4], data[8:12]) == (b"RIFF", b"WEBP")
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    width, height = struct.unpack("<HH", data[26:30])
    return width & 0x3FFF, height & 0x3FFF
