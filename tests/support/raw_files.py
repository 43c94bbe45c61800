"""An archive with many small WARC files, as crawls leave them, and whether each of its raw responses is as it came."""

from __future__ import annotations

import os
import random
import zlib
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import select

from crawler.config import Config
from index.archive import Archive, articles, raw_owner
from index.archive import tables as t
from index.warc import files
from index.warc.place import Place
from index.warc.record import Response, WarcRef
from index.warc.store import WarcStore
from tests.support.archive_samples import NOW, article, page

# What each page's address begins with, before the number of its run; right behind a slash, one of four digits would
# be taken for the number of an article
RUN = "https://step.example/run"


def raw_folder(config: Config) -> Path:
    """The folder of the WARC files, where the settings name no other place."""
    return config.settings.data / raw_owner.OWN


def body(url: str) -> bytes:
    """The page at this address, which another one has no part of."""
    return f"<p>said at {url}</p>".encode() + random.Random(url).randbytes(3_000)


def crawl(archive: Archive, place: Place | Path, run: int, pages: int, when: datetime = NOW) -> list[str]:
    """Store so many articles, whose pages were fetched then, with a WARC file of this run; return their ids."""
    with WarcStore(place, f"run-{run:06d}") as raw:
        return [store(archive, raw, f"{RUN}{run}/{number}", when) for number in range(pages)]


def store(archive: Archive, raw: WarcStore, url: str, when: datetime = NOW) -> str:
    """Store the article at this address; return its id."""
    one = article(url, headline=f"Story of {url}", body=f"said at {url} " * 30)
    keep = partial(raw.append, Response(url, when, "HTTP/1.1 200 OK", [("A", "b")], body(url)))
    return archive.write(partial(articles.store, page=page(one, when, raw=keep))).result().id


def whole(archive: Archive, raw: WarcStore) -> int:
    """How many raw responses there are, after each was read and found to be as it came."""
    with archive.read() as conn:
        rows = conn.execute(select(t.raws)).all()
    for row in rows:
        assert raw.read(WarcRef(row.file, row.offset, row.length, row.id), row.url)[1] == body(row.url), row
    return len(rows)


def says(folder: Path, text: str) -> list[str]:
    """The files below this folder that have a text anywhere, compressed or not, whatever their names are; its server
    may write and delete some meanwhile."""
    found = []
    for at, _, names_there in os.walk(folder):  # rglob ends with an error where a folder is deleted under it
        for name in names_there:
            path = Path(at, name)
            with suppress(FileNotFoundError):
                if path.is_file() and text.encode() in _unpacked(path.read_bytes()):
                    found.append(path.relative_to(folder).as_posix())
    return sorted(found)


def _unpacked(data: bytes) -> bytes:
    """What all the gzip members hold, the last one as far as it goes."""
    found, rest = [data], data
    while rest:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
        try:
            found.append(unpacker.decompress(rest))
        except zlib.error:
            break
        rest = unpacker.unused_data
    return b"".join(found)


def names(folder: Path) -> list[str]:
    """All files below this folder, drafts and what was set aside too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def small(folder: Path) -> list[str]:
    """The files as crawls leave them."""
    return [name for name in files.names(folder) if "compacted" not in name]
