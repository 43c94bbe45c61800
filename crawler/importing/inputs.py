"""What an import is given -> the files to read: WARC files as they are; what is in WACZ or Zstandard files, or was
compressed as a whole, unpacked."""

from __future__ import annotations

import gzip
import logging
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from operator import attrgetter
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO
from urllib.parse import urlsplit

from fastwarc.stream_io import ZstdReader
from fastwarc.warc import ArchiveIterator

from crawler.errors import ArshifError
from crawler.importing import downloads
from crawler.importing.address_lists import ENDINGS as ADDRESSES
from crawler.importing.downloads import file_name, is_remote
from crawler.importing.saved_pages import ENDINGS as SAVED
from index.warc.outside import NOWHERE, Outside
from index.warc.record import MEMBER, WarcDamaged

log = logging.getLogger("arshif.import")

WARCS = (".warc", ".warc.gz")
PACKED = (".warc.zst", ".wacz")
LISTS = (".paths", ".paths.gz")  # of Common Crawl: one path of a WARC file per line
COMMON_CRAWL = "https://data.commoncrawl.org/"  # what the paths are relative to (https://commoncrawl.org/get-started)
_CHUNK = 64 * 1024  # bytes read at a time
_DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read: a WARC file, or a saved page. `name` is how the user knows it, such as `news.wacz: data.warc`.

    Where its records are referred to and not copied, `address` is that of the file which they lie in, and `start` where
    this one begins there."""

    name: str
    file: Path
    saved_page: bool = False
    address: str | None = None
    start: int = 0


def groups(given: list[str]) -> Iterator[list[str]]:
    """The given paths and addresses in groups that are imported one after the other: all local ones, then each file
    from elsewhere alone, because a month of them is too much for one disk.

    :raises ArshifError: when there is no such file, or it is of a kind that cannot be read.
    """
    local = [path for path in given if not is_remote(path) and not _is_list(path)]
    for path in local:
        _check(path)
    if local:
        yield local
    for path in given:
        for one in _listed(path) if _is_list(path) else [path] if is_remote(path) else []:
            _check(one)
            yield [one]


def _check(path: str) -> None:
    if is_remote(path):
        return
    if "://" in path:
        scheme = urlsplit(path).scheme
        raise ArshifError(f"{path}: {scheme} is not read directly: copy the file here, or give an https or s3 address")
    place = Path(path)
    if not place.exists():
        raise ArshifError(f"{path}: no such file or folder")
    if place.is_file() and not place.name.lower().endswith((*WARCS, *PACKED, *SAVED)):
        kinds = ", ".join((*WARCS, *PACKED, *LISTS, *SAVED, *ADDRESSES))
        raise ArshifError(f"{path}: its name ends in none of {kinds}")


def _is_list(path: str) -> bool:
    return file_name(path).endswith(LISTS)


def _listed(path: str) -> list[str]:
    """The paths and addresses in a list of WARC files; a relative one of a local list is Common Crawl's, unless it lies
    beside it.

    :raises ArshifError: when there is no such list, or it is not whole.
    """
    text = downloads.content(path)
    if file_name(path).endswith(".gz"):
        try:
            text = gzip.decompress(text)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ArshifError(f"{path} is no whole gzip file ({error}): get it again") from error
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    if is_remote(path):
        return [downloads.beside(path, line) for line in lines]
    folder = Path(path).parent
    return [str(folder / line) if (folder / line).exists() else downloads.beside(COMMON_CRAWL, line) for line in lines]


def unpack(group: list[str], work: Path, outside: Outside = NOWHERE) -> list[Input]:
    """The files to read of a group, in the order of their names, whatever the order in which they were given; what has
    to be downloaded or unpacked goes into the folder `work`. The records of those that lie `outside` are referred to.

    :raises ArshifError: when a download fails, a container is damaged, or no part of what is referred to can be read.
    """
    return sorted((one for path in group for one in _of(path, work, outside)), key=attrgetter("name"))


def _of(path: str, work: Path, outside: Outside) -> Iterator[Input]:
    if is_remote(path):
        file, address = _download(path, work), outside.address(path)
        if address is not None:
            _check_parts(outside, address, file)
        yield from _one(path, file, address, work)
    elif Path(path).is_dir():
        for file in Path(path).rglob("*"):
            if file.is_file() and file.name.lower().endswith((*WARCS, *PACKED, *SAVED)):
                yield from _one(str(file), file, outside.address(str(file)), work)
    else:
        yield from _one(path, Path(path), outside.address(path), work)


def _check_parts(outside: Outside, address: str, file: Path) -> None:
    try:
        outside.check(address, file)
    except WarcDamaged as problem:
        raise ArshifError(f"{problem}: take it out of `raw.outside`, and its records are copied") from problem


def _one(name: str, file: Path, address: str | None, work: Path) -> Iterator[Input]:
    kind = file.name.lower()
    if kind.endswith(SAVED):
        yield Input(name, file, saved_page=True)
    elif kind.endswith(".warc.zst"):
        yield Input(name, _unzstd(name, file, work))
    elif kind.endswith(".gz") and not _is_by_record(file):
        yield Input(name, _gunzip(name, file, work))
    elif kind.endswith(".wacz"):
        yield from _in_wacz(name, file, address, work)
    else:
        yield Input(name, file, address=address)


def _in_wacz(name: str, file: Path, address: str | None, work: Path) -> Iterator[Input]:
    """The WARC files in a WACZ (https://specs.webrecorder.net/wacz/1.1.1/), which are below archive/. One that is not
    compressed there, as the specification has it, can be referred to."""
    own = _own_folder(work)
    with _as_wacz(name):
        container = zipfile.ZipFile(file)
    with container:
        named = sorted(one for one in container.namelist() if one.startswith("archive/"))
        members = [one for one in named if one.lower().endswith((*WARCS, ".warc.zst"))]
        if not members:
            log.warning("%s has no WARC file in its folder archive/", name)
        for number, member in enumerate(members):
            ending = next(end for end in (*WARCS, ".warc.zst") if member.lower().endswith(end))
            target = own / f"{number:04}{ending}"  # the member's own name may lead anywhere
            with target.open("wb") as copy:
                for chunk in _member(container, member, name):
                    copy.write(chunk)
            info = container.getinfo(member)
            within = address if info.compress_type == zipfile.ZIP_STORED else None
            for one in _one(f"{name}: {member}", target, within, work):
                yield replace(one, start=_start(file, info)) if one.address is not None else one


def _start(file: Path, member: zipfile.ZipInfo) -> int:
    """Where the content of a member begins: after its header, whose name and further fields have the lengths in it."""
    with file.open("rb") as stream:
        stream.seek(member.header_offset)
        name, more = struct.unpack("<26x2H", stream.read(30))
    return int(member.header_offset + 30 + name + more)


def _member(container: zipfile.ZipFile, member: str, name: str) -> Iterator[bytes]:
    """The content of a member, in pieces."""
    with _as_wacz(name):
        source = container.open(member)
    with source:
        while True:
            with _as_wacz(name):
                chunk = source.read(_CHUNK)
            if not chunk:
                return
            yield chunk


@contextmanager
def _as_wacz(name: str) -> Iterator[None]:
    """:raises ArshifError: when what is read meanwhile is damaged."""
    try:
        yield
    except _DAMAGED_ZIP as error:
        raise ArshifError(f"{name} cannot be read as a WACZ file: {error}") from error


def _is_by_record(file: Path) -> bool:
    """Whether each record is in a gzip member of its own, as the specification asks, so that it can be read by itself;
    told by the second one."""
    with file.open("rb") as stream:
        try:
            second = next(islice(ArchiveIterator(stream, parse_http=False), 1, None), None)
        except OSError:
            return True  # what is damaged is told when it is looked through
        if second is None:
            return True
        stream.seek(second.stream_pos)
        return stream.read(len(MEMBER)) == MEMBER


def _gunzip(name: str, file: Path, work: Path) -> Path:
    target = _own_folder(work) / file.stem
    with gzip.open(file) as packed, target.open("wb") as copy:
        try:
            while chunk := packed.read(_CHUNK):
                copy.write(chunk)
        except (OSError, EOFError, zlib.error) as error:
            log.warning("%s: damaged, and read up to there: %s", name, error)
    return target


def _unzstd(name: str, file: Path, work: Path) -> Path:
    target = _own_folder(work) / file.stem
    with file.open("rb") as packed, target.open("wb") as copy:
        for size in (_CHUNK, 1):  # a read that meets damage gives nothing of what is before it
            try:
                for chunk in _unpacked(packed, copy.tell(), size):
                    copy.write(chunk)
                return target
            except OSError as error:
                problem = error
    log.warning("%s: damaged, and read up to there: %s", name, problem)
    return target


def _unpacked(packed: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """What a Zstandard file has unpacked from a position on, in pieces of up to `size` bytes.

    :raises OSError: where it is damaged.
    """
    packed.seek(0)
    source = ZstdReader(packed)
    while start and (skipped := source.read(min(start, _CHUNK))):
        start -= len(skipped)
    while chunk := source.read(size):
        yield chunk


def _download(address: str, work: Path) -> Path:
    target = _own_folder(work) / (file_name(address) or "download")
    with target.open("wb") as copy:
        downloads.fetch(address, copy)
    return target


def _own_folder(work: Path) -> Path:
    """A folder for one input, so that files of the same name do not meet."""
    return Path(mkdtemp(dir=work))
