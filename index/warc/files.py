"""The files of raw responses: their names, and where they lie."""

from __future__ import annotations

import re

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.warc\.gz")


def is_file_name(name: str) -> bool:
    """Whether this is the name of a WARC file as we write them, which leads to no place but its folder."""
    return _FILE.fullmatch(name) is not None
