"""Checking an index's files, byte for byte, as far as tantivy's format tells.

Each file of a segment ends with a footer: JSON with tantivy's version and the CRC-32 of what comes before, the length
of that JSON and a magic number (https://github.com/quickwit-oss/tantivy/blob/main/src/directory/footer.rs). tantivy
itself checks it only when asked to, which its Python binding cannot. `meta.json` and `.managed.json` have no checksum:
they must be as tantivy would write their content.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tantivy

from index.engines.embedded.schema import schema

META, MANAGED = "meta.json", ".managed.json"
PARTS = ("fast", "fieldnorm", "idx", "pos", "store", "term")  # of each segment
_MAGIC = 1337
_END = struct.Struct("<II")  # length of the footer's JSON, magic number
_MAX_FOOTER = 1_000  # bytes of its JSON, which has 90
_CHUNK_BYTES = 1024 * 1024


def damaged_files(folder: Path) -> list[str]:
    """The names of the files in an index's folder that are missing or not as tantivy wrote them.

    A writer may be at work: files of a commit that replaces another one are looked at again.
    """
    for _ in range(10):
        before = _stamp(folder)
        found = sorted(set(_damaged(folder)))
        if not found or _stamp(folder) == before:
            break
    return found


def _stamp(folder: Path) -> int | None:
    try:
        return (folder / META).stat().st_mtime_ns
    except OSError:
        return None


def _damaged(folder: Path) -> Iterator[str]:
    try:
        text = (folder / META).read_text("utf-8")
        meta = json.loads(text)
        names = [name for segment in meta["segments"] for name in _files(segment)]
        whole = text.rstrip("\n") == json.dumps(meta, indent=2, ensure_ascii=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield META
        return
    empty = _empty_meta()
    if not whole or any(meta.get(key) != empty[key] for key in ("index_settings", "schema")):
        yield META
    if type(meta.get("opstamp")) is not int or meta.keys() != empty.keys():
        yield META
    versions = set()
    for name in names:
        version = _version(folder / name)
        if version is None:
            yield name
        versions.add(version)
    if len(versions - {None}) > 1:
        yield from (name for name in names if _version(folder / name) != max(versions - {None}, key=str))
    if not _lists(folder / MANAGED, names):
        yield MANAGED


def _files(segment: dict[str, Any]) -> Iterator[str]:
    id_ = str(segment["segment_id"]).replace("-", "")
    yield from (f"{id_}.{part}" for part in PARTS)
    if segment["deletes"] is not None:
        yield f"{id_}.{int(segment['deletes']['opstamp'])}.del"


def _version(file: Path) -> str | None:
    """The version in a file's footer; None if the file is missing, or is not as its footer says."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _END.size))
            length, magic = _END.unpack(stream.read())
            if magic != _MAGIC or length > min(_MAX_FOOTER, size - _END.size):
                return None
            stream.seek(size - _END.size - length)
            footer = stream.read(length)
            told = json.loads(footer)
            left = size - _END.size - length
            stream.seek(0)
            crc = 0
            while left and (piece := stream.read(min(left, _CHUNK_BYTES))):
                crc = zlib.crc32(piece, crc)
                left -= len(piece)
            as_written = json.dumps({"version": told["version"], "crc": crc}, separators=(",", ":")).encode()
            return json.dumps(told["version"]) if footer == as_written else None
    except (OSError, ValueError, KeyError, TypeError, struct.error, RecursionError):
        return None


def _lists(managed: Path, names: list[str]) -> bool:
    """Whether the list of files that tantivy may delete one day is readable, and has these."""
    try:
        text = managed.read_text("utf-8")
        listed = json.loads(text)
        return text.rstrip("\n") == json.dumps(listed, separators=(",", ":")) and {META, *names} <= set(listed)
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _empty_meta() -> dict[str, Any]:
    """The `meta.json` of an index with our schema and nothing in it."""
    with TemporaryDirectory() as folder:
        tantivy.Index(schema(), path=folder)
        found: dict[str, Any] = json.loads((Path(folder) / META).read_text("utf-8"))
        return found
