"""What people type, in the form in which it is stored and compared."""

from __future__ import annotations

import unicodedata


def one_line(text: str) -> str:
    """The text in NFC on one line, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def lines(text: str) -> str:
    """The text in NFC with its lines, without spaces at their ends and empty lines around it."""
    return "\n".join(line.rstrip() for line in unicodedata.normalize("NFC", text).splitlines()).strip("\n")
