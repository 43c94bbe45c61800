"""What an import is given -> the files to read: those of a folder or a list, downloaded where they are elsewhere."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections import defaultdict
from collections.abc import Iterator
from hashlib import file_digest
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from crawler.errors import ArshifError
from crawler.importing import downloads
from crawler.importing.address_lists import ENDINGS as ADDRESSES
from crawler.importing.downloads import file_name, is_remote
from crawler.importing.saved_pages import ENDINGS as SAVED
from crawler.importing.unpacking import WACZ, WARCS, Input, own_folder, warcs
from index.warc.outside import NOWHERE, Outside
from index.warc.record import WarcDamaged

log = logging.getLogger("arshif.import")

READ = (*WARCS, WACZ, *SAVED)
LISTS = (".paths", ".paths.gz")  # of Common Crawl: one path of a WARC file per line
# What a JSON list of WACZ files says it is (https://specs.webrecorder.net/multi-wacz/0.1.0/)
COLLECTIONS = "multi-wacz-package"
COMMON_CRAWL = "https://data.commoncrawl.org/"  # what the paths are relative to (https://commoncrawl.org/get-started)
_INDEXES = (".cdx", ".cdx.gz", ".cdxj", ".cdxj.gz", ".idx")


def groups(given: list[str]) -> Iterator[list[str]]:
    """The given paths and addresses in groups that are imported one after the other: all local ones, then each file
    from elsewhere alone, because a month of them is too much for one disk.

    :raises ArshifError: when there is no such file, or it is of a kind that cannot be read.
    """
    lists = {path: _listed(path) for path in given if _is_list(path)}
    local = [path for path in given if not is_remote(path) and path not in lists]
    for path in local:
        _check(path)
    if local:
        yield local
    for one in dict.fromkeys(one for path in given if path not in local for one in lists.get(path, [path])):
        _check(one)
        yield [one]


def _check(path: str) -> None:
    if is_remote(path):
        return
    if "://" in path:
        scheme = urlsplit(path).scheme
        raise ArshifError(f"{path}: {scheme} is not read directly: copy the file here, or give an https or s3 address")
    place, name = Path(path), file_name(path)
    if not place.exists():
        raise ArshifError(f"{path}: no such file or folder")
    if place.is_dir() or name.endswith(READ):
        return
    if name.endswith(_INDEXES):
        raise ArshifError(f"{path} is an index, which is not needed: give the files that it is of, or their folder")
    kinds = ", ".join((*READ, *LISTS, *ADDRESSES))
    raise ArshifError(f"{path}: its name ends in none of {kinds}")


def is_collection(path: str) -> bool:
    """Whether this is a list of WACZ files, one collection in several (https://specs.webrecorder.net/multi-wacz/0.1.0/).

    :raises ArshifError: when there is no such file.
    """
    return file_name(path).endswith(".json") and _collection(path) is not None


def _collection(path: str) -> list[str] | None:
    try:
        found: Any = json.loads(downloads.content(path))
        return [one["path"] for one in found["resources"]] if found["profile"] == COLLECTIONS else None
    except (LookupError, RecursionError, TypeError, ValueError):
        return None


def _is_list(path: str) -> bool:
    return file_name(path).endswith(LISTS) or is_collection(path)


def _listed(path: str) -> list[str]:
    """The paths and addresses in a list of files; a relative one of a local list is Common Crawl's, unless it lies
    beside it.

    :raises ArshifError: when there is no such list, or it is not whole.
    """
    if not file_name(path).endswith(LISTS):
        files = _collection(path) or []
        return [urljoin(path, one) if is_remote(path) else str(Path(path).parent / one) for one in files]
    text = downloads.content(path)
    if file_name(path).endswith(".gz"):
        try:
            text = gzip.decompress(text)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ArshifError(f"{path} is no whole gzip file ({error}): get it again") from error
    lines = [line.strip() for line in text.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    if is_remote(path):
        return [downloads.beside(path, line) for line in lines]
    folder = Path(path).parent
    return [str(folder / line) if (folder / line).exists() else downloads.beside(COMMON_CRAWL, line) for line in lines]


def unpack(group: list[str], work: Path, outside: Outside = NOWHERE) -> list[Input]:
    """The files to read of a group, in the order of their names, whatever the order in which they were given; what has
    to be downloaded or unpacked goes into the folder `work`. The records of those that lie `outside` are referred to.

    :raises ArshifError: when a download fails, a container is damaged, or no part of what is referred to can be read.
    """
    return list(_once(sorted((one for path in group for one in _of(path, work, outside)), key=attrgetter("name"))))


def _once(files: list[Input]) -> Iterator[Input]:
    """Each file once, whatever paths lead to it, and of copies of a WARC file one. A saved page that is the same as
    another was saved at another time."""
    seen, sizes = dict[object, Input](), defaultdict[int, list[Input]](list)
    for one in files:
        sizes[one.file.stat().st_size].append(one)
    for one in files:
        status = one.file.stat()
        key: object = (status.st_dev, status.st_ino)
        if not one.saved_page and len(sizes[status.st_size]) > 1:
            with one.file.open("rb") as stream:
                key = file_digest(stream, "sha256").digest()
        if key in seen:
            log.warning("%s is the same as %s, and read once", one.name, seen[key].name)
        else:
            seen[key] = one
            yield one


def _of(path: str, work: Path, outside: Outside) -> Iterator[Input]:
    if is_remote(path):
        file, address = _download(path, work), outside.address(path)
        if address is not None:
            _check_parts(outside, address, file)
        yield from _one(path, file, address, work)
    elif Path(path).is_dir():
        files = [file for file in Path(path).rglob("*") if file.name.lower().endswith(READ) and file.is_file()]
        if not files:
            raise ArshifError(f"{path}: no file in it has a name that ends in one of {', '.join(READ)}")
        for file in files:
            yield from _one(str(file), file, outside.address(str(file)), work)
    else:
        yield from _one(path, Path(path), outside.address(path), work)


def _check_parts(outside: Outside, address: str, file: Path) -> None:
    try:
        outside.check(address, file)
    except WarcDamaged as problem:
        raise ArshifError(f"{problem}: take it out of `raw.outside`, and its records are copied") from problem


def _one(name: str, file: Path, address: str | None, work: Path) -> Iterator[Input]:
    if file.name.lower().endswith(SAVED):
        yield Input(name, file, saved_page=True)
    else:
        yield from warcs(name, file, address, work)


def _download(address: str, work: Path) -> Path:
    target = own_folder(work) / (file_name(address) or "download")
    with target.open("wb") as copy:
        downloads.fetch(address, copy)
    return target
