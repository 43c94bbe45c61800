"""What an import is given -> the files to read: WARC files as they are, what is in WACZ or Zstandard files unpacked."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from operator import attrgetter
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from fastwarc.stream_io import ZstdReader

from crawler.errors import ArshifError
from crawler.importing.address_lists import ENDINGS as ADDRESSES
from crawler.importing.saved_pages import ENDINGS as SAVED
from crawler.settings_model import PRODUCT

WARCS = (".warc", ".warc.gz")
PACKED = (".warc.zst", ".wacz")
LISTS = (".paths", ".paths.gz")  # of Common Crawl: one path of a WARC file per line
COMMON_CRAWL = "https://data.commoncrawl.org/"  # what the paths are relative to (https://commoncrawl.org/get-started)
WEB = ("http://", "https://")
_DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
TIMEOUT = 60.0  # seconds without a byte of a download


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read: a WARC file, or a saved page. `name` is how the user knows it, such as `news.wacz: data.warc`."""

    name: str
    file: Path
    saved_page: bool = False


def groups(given: list[str]) -> Iterator[list[str]]:
    """The given paths and URLs in groups that are imported one after the other: all local ones, then each file of the
    web alone, because a month of them is too much for one disk.

    :raises ArshifError: when there is no such file, or it is of a kind that cannot be read.
    """
    local = [path for path in given if not path.startswith(WEB) and not path.endswith(LISTS)]
    for path in local:
        _check(path)
    if local:
        yield local
    for path in given:
        if path.endswith(LISTS):
            yield from ([line] for line in _listed(path))
        elif path.startswith(WEB):
            yield [path]


def _check(path: str) -> None:
    if "://" in path:
        scheme = urlsplit(path).scheme
        raise ArshifError(f"{path}: {scheme} is not read directly: copy the file here, or give its https:// address")
    place = Path(path)
    if not place.exists():
        raise ArshifError(f"{path}: no such file or folder")
    if place.is_file() and not place.name.lower().endswith((*WARCS, *PACKED, *SAVED)):
        kinds = ", ".join((*WARCS, *PACKED, *LISTS, *SAVED, *ADDRESSES))
        raise ArshifError(f"{path}: its name ends in none of {kinds}")


def _listed(path: str) -> list[str]:
    """The addresses in a list of WARC files; a relative one is Common Crawl's, unless it lies beside a local list.

    :raises ArshifError: when there is no such list, or it is not whole.
    """
    if path.startswith(WEB):
        with _open(path) as answer, _whole(path):
            text = answer.read()
    else:
        if not Path(path).is_file():
            raise ArshifError(f"{path}: no such file")
        text = Path(path).read_bytes()
    if path.endswith(".gz"):
        try:
            text = gzip.decompress(text)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ArshifError(f"{path} is no whole gzip file ({error}): get it again") from error
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    beside = None if path.startswith(WEB) else Path(path).parent
    return [
        str(beside / line) if beside and (beside / line).exists() else urljoin(COMMON_CRAWL, line) for line in lines
    ]


def unpack(group: list[str], work: Path) -> list[Input]:
    """The files to read of a group, in the order of their names, whatever the order in which they were given; what has
    to be downloaded or unpacked goes into the folder `work`.

    :raises ArshifError: when a download fails or a container is damaged.
    """
    return sorted((one for path in group for one in _of(path, work)), key=attrgetter("name"))


def _of(path: str, work: Path) -> Iterator[Input]:
    if path.startswith(WEB):
        yield from _one(path, _download(path, work), work)
    elif Path(path).is_dir():
        for file in Path(path).rglob("*"):
            if file.is_file() and file.name.lower().endswith((*WARCS, *PACKED, *SAVED)):
                yield from _one(str(file), file, work)
    else:
        yield from _one(path, Path(path), work)


def _one(name: str, file: Path, work: Path) -> Iterator[Input]:
    kind = file.name.lower()
    if kind.endswith(SAVED):
        yield Input(name, file, saved_page=True)
    elif kind.endswith(".warc.zst"):
        yield Input(name, _unzstd(file, work))
    elif kind.endswith(".wacz"):
        yield from _in_wacz(name, file, work)
    else:
        yield Input(name, file)


def _in_wacz(name: str, file: Path, work: Path) -> Iterator[Input]:
    """The WARC files in a WACZ (https://specs.webrecorder.net/wacz/1.1.1/), which are below archive/."""
    own = _own_folder(work)
    with _as_wacz(name):
        container = zipfile.ZipFile(file)
    with container:
        members = sorted(one for one in container.namelist() if one.startswith("archive/"))
        for number, member in enumerate(one for one in members if one.endswith((*WARCS, ".warc.zst"))):
            ending = next(end for end in (*WARCS, ".warc.zst") if member.endswith(end))
            target = own / f"{number:04}{ending}"  # the member's own name may lead anywhere
            with target.open("wb") as copy:
                for chunk in _member(container, member, name):
                    copy.write(chunk)
            yield from _one(f"{name}: {member}", target, work)


def _member(container: zipfile.ZipFile, member: str, name: str) -> Iterator[bytes]:
    """The content of a member, in pieces."""
    with _as_wacz(name):
        source = container.open(member)
    with source:
        while True:
            with _as_wacz(name):
                chunk = source.read(64 * 1024)
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


def _unzstd(file: Path, work: Path) -> Path:
    target = _own_folder(work) / file.name.removesuffix(".zst")
    with file.open("rb") as packed, target.open("wb") as copy:
        for chunk in _unpacked(ZstdReader(packed)):
            copy.write(chunk)
    return target


def _unpacked(source: ZstdReader) -> Iterator[bytes]:
    """What can be unpacked of a frame, in pieces; if it is torn, the record that it ends in is told as damaged."""
    while True:
        try:
            chunk = source.read(64 * 1024)
        except OSError:
            return
        if not chunk:
            return
        yield chunk


def _download(url: str, work: Path) -> Path:
    target = _own_folder(work) / (Path(urlsplit(url).path).name or "download")
    with _open(url) as answer, target.open("wb") as copy:
        declared = answer.headers.get("Content-Length")
        with _whole(url):
            while chunk := answer.read(64 * 1024):
                copy.write(chunk)
    if declared is not None and target.stat().st_size != int(declared):
        raise ArshifError(f"{url}: the download broke off at {target.stat().st_size} of {declared} bytes; try again")
    return target


@contextmanager
def _whole(url: str) -> Iterator[None]:
    """:raises ArshifError: when the download that is made meanwhile breaks off."""
    try:
        yield
    except (HTTPException, ConnectionError, TimeoutError) as error:
        raise ArshifError(f"{url}: the download broke off: {error}; run the import again") from error


def _own_folder(work: Path) -> Path:
    """A folder for one input, so that files of the same name do not meet."""
    return Path(mkdtemp(dir=work))


def _open(url: str):  # type: ignore[no-untyped-def]
    try:
        return urlopen(Request(url, headers={"User-Agent": PRODUCT}), timeout=TIMEOUT)
    except (URLError, OSError) as error:
        raise ArshifError(f"{url} cannot be downloaded: {error}") from error
