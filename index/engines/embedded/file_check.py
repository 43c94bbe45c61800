"""Checking an index's files, byte for byte, as far as tantivy's format tells.

Each file of a segment ends with a footer: JSON with tantivy's version and the CRC-32 of what comes before, the length
of that JSON and a magic number (https://github.com/quickwit-oss/tantivy/blob/main/src/directory/footer.rs). tantivy
itself checks it only when asked to, which its Python binding cannot. `meta.json` and `.managed.json` have no checksum:
they must be as tantivy would write their content. As a whole file of another segment, or of another kind, would pass
all that, we note after each commit which checksum each file has.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import tantivy

from index.atomic_files import replace_file
from index.engines.embedded.schema import schema

META, MANAGED = "meta.json", ".managed.json"  # tantivy's
CHECKSUMS = "checksums.json"  # ours: the commit's number and the checksum of each of its files, then its own in a line
EARLIER = "versions"  # the folder of earlier versions, within a target's
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
        found = sorted({*_damaged(folder), *_unusable(folder)})
        if not found or _stamp(folder) == before:
            break
    return found


def must_be_files(folder: Path) -> None:
    """Make sure that what an index's folder holds can be opened: tantivy would wait at a pipe for ever.

    :raises OSError: when the folder cannot be read.
    :raises ValueError: when something in it is neither a file nor a folder.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a writer has just deleted it
                mode = entry.stat().st_mode
                if not S_ISREG(mode) and not S_ISDIR(mode):
                    raise ValueError(f"{entry.name} is no file")


def note_checksums(folder: Path) -> None:
    """Note which checksum each file of the last commit has, once all that it led to is written.

    :raises OSError: when that cannot be written.
    """
    text = (folder / META).read_text("utf-8")
    meta = json.loads(text)
    names = [name for segment in meta["segments"] for name in _files(segment)]
    files = {META: zlib.crc32(text.encode())}
    for name in names:
        with (folder / name).open("rb") as stream:
            files[name] = _footer(stream)[1]
    noted = json.dumps({"opstamp": meta["opstamp"], "files": files})
    replace_file(folder / CHECKSUMS, f"{noted}\n{zlib.crc32(noted.encode())}\n".encode())


def _stamp(folder: Path) -> int | None:
    try:
        return (folder / META).stat().st_mtime_ns
    except OSError:
        return None


def _unusable(folder: Path) -> Iterator[str]:
    """What lies in the folder and is no file that can be read, as tantivy's locks may be, which hold nothing."""
    with suppress(OSError), os.scandir(folder) as entries:  # without the folder, `meta.json` is missing, too
        yield from (one.name for one in entries if one.name != EARLIER and not _is_usable(one))


def _is_usable(entry: os.DirEntry[str]) -> bool:
    try:
        return S_ISREG(entry.stat().st_mode) and os.access(entry.path, os.R_OK)
    except FileNotFoundError:  # a writer has just deleted it; or a link to nothing, where a lock can be made
        return True
    except OSError:
        return False


def _damaged(folder: Path) -> Iterator[str]:
    try:
        text = _text(folder / META)
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
    checked = {name: _check(folder / name) for name in names}
    yield from (name for name, found in checked.items() if found is None)
    written = {name: found for name, found in checked.items() if found is not None}
    if written:
        newest = max(version for version, _ in written.values())
        yield from (name for name, (version, _) in written.items() if version != newest)
    if not _lists(folder / MANAGED, names):
        yield MANAGED
    yield from _others(
        folder, meta, {META: zlib.crc32(text.encode())} | {name: crc for name, (_, crc) in written.items()}
    )


def _others(folder: Path, meta: dict[str, Any], found: dict[str, int]) -> Iterator[str]:
    """The files that have other checksums than were noted; those of a later commit were not yet, and those of an index
    that no release since has written to never."""
    if not (folder / CHECKSUMS).exists():
        return
    try:
        noted, own, end = _text(folder / CHECKSUMS).split("\n")
        if (own, end) != (str(zlib.crc32(noted.encode())), ""):
            raise ValueError
        opstamp, files = json.loads(noted)["opstamp"], json.loads(noted)["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        yield CHECKSUMS
        return
    if meta.get("opstamp") != opstamp:
        found.pop(META)
    yield from (name for name, crc in found.items() if files.get(name, crc) != crc)


def _files(segment: dict[str, Any]) -> Iterator[str]:
    id_ = str(segment["segment_id"]).replace("-", "")
    yield from (f"{id_}.{part}" for part in PARTS)
    if segment["deletes"] is not None:
        yield f"{id_}.{int(segment['deletes']['opstamp'])}.del"


def _check(file: Path) -> tuple[str, int] | None:
    """The version and the checksum in a file's footer; None if the file is missing, or is not as its footer says."""
    try:
        with _regular(file).open("rb") as stream:
            version, told, left = _footer(stream)
            stream.seek(0)
            crc = 0
            while left and (piece := stream.read(min(left, _CHUNK_BYTES))):
                crc = zlib.crc32(piece, crc)
                left -= len(piece)
            return (version, crc) if crc == told else None
    except (OSError, ValueError, KeyError, TypeError, struct.error, RecursionError):
        return None


def _footer(stream: BinaryIO) -> tuple[str, int, int]:
    """The version and the checksum that a file's footer tells, and how many bytes it is of.

    :raises ValueError: when it is not one that tantivy writes; so KeyError, TypeError, struct.error, RecursionError.
    """
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END.size))
    length, magic = _END.unpack(stream.read())
    left = size - _END.size - length
    if magic != _MAGIC or length > _MAX_FOOTER or left < 0:
        raise ValueError("no footer")
    stream.seek(left)
    footer = stream.read(length)
    told = json.loads(footer)
    if footer != json.dumps({"version": told["version"], "crc": told["crc"]}, separators=(",", ":")).encode():
        raise ValueError("another footer")
    return json.dumps(told["version"]), told["crc"], left


def _text(file: Path) -> str:
    return _regular(file).read_text("utf-8")


def _regular(file: Path) -> Path:
    """The file, if it is one.

    :raises OSError: when it is something else, such as a pipe, which nobody could open.
    """
    if not file.is_file():
        raise FileNotFoundError(file)
    return file


def _lists(managed: Path, names: list[str]) -> bool:
    """Whether the list of files that tantivy may delete one day is readable, and has these."""
    try:
        text = _text(managed)
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
