"""Kinds of images that are kept and shown: pictures in pixels, told by their first bytes and not by what a server says.

SVG is none of them: it is a document, which can hold scripts and load other files.
"""

from __future__ import annotations

_SIGNATURES = (  # WHATWG MIME Sniffing, 6.1; AVIF has the brand of its ISO file
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def image_type(body: bytes) -> str | None:
    """The media type of an image; None if these bytes begin none of a kind that is kept."""
    for signature, media in _SIGNATURES:
        if body.startswith(signature):
            return media
    if body[:4] == b"RIFF" and body[8:14] == b"WEBPVP":
        return "image/webp"
    if body[4:8] == b"ftyp" and body[8:12] in (b"avif", b"avis"):
        return "image/avif"
    return None
