"""Web archive collections (WACZ 1.1.1, https://specs.webrecorder.net/wacz/1.1.1/): raw responses with an index and a
list of pages in one ZIP file, which programs that replay archives open as it is, also from afar and in part."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from zipfile import ZipFile, ZipInfo

from index import jobs
from index.archive import Archive, warc_records
from index.archive.warc_records import ReplayRecord
from index.export.draft import WHOLE, Draft, draft
from index.export.sink import Sink
from index.export.surt import surt
from index.model.iso import iso
from index.warc.record import Record, WarcDamaged, pack_info
from index.warc.store import FILE_BYTES, WarcStore

VERSION = "1.1.1"
MEDIA = "application/wacz"
WARC, PAGES = "archive/data-{:05}.warc.gz", "pages/pages.jsonl"
INDEX, BLOCKS = "indexes/index.cdx.gz", "indexes/index.idx"
PACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"
LINES = 3_000  # of the index in one gzip member: a reader fetches only the members that it needs
_ARTICLES = 200  # whose records are looked up at a time
_PIECE = 50  # articles between two notes: as many are gathered again after an interruption
_CHUNK = 1024 * 1024
_TABLES = """
CREATE TABLE IF NOT EXISTS articles (n INTEGER PRIMARY KEY, id TEXT);
CREATE TABLE IF NOT EXISTS lines (
    file TEXT, at INTEGER, raw INTEGER, key TEXT, moment TEXT, said TEXT, PRIMARY KEY (file, at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pages (article TEXT, url TEXT, moment TEXT, title TEXT);
"""


@dataclass(slots=True)
class Gathered(jobs.Report):
    """What a collection has: records and pages of so many articles; and how many records were left out as `damaged`."""

    articles: int = 0
    records: int = 0
    pages: int = 0
    damaged: int = 0

    @property
    def done(self) -> int:
        """The articles."""
        return self.articles


class Collection:
    """The raw responses of articles as a web archive collection: of all their versions, and those that led to them.

    `about` are further fields of its description, such as `title` and `software`; `now` is aware. Once it is written,
    `report` says what it has.
    """

    def __init__(
        self,
        archive: Archive,
        raw: WarcStore,
        now: datetime,
        about: dict[str, str],
        *,
        lines: int = LINES,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        self.report = Gathered()
        self._archive, self._raw, self._now, self._about = archive, raw, now, about
        self._lines, self._file_bytes = lines, file_bytes

    def pieces(self, articles: Iterable[str]) -> Iterator[bytes]:
        """The bytes of the file, with what is stored of these articles (ids). It costs little memory, whatever its
        length: the index is sorted in a temporary file."""
        with closing(sqlite3.connect("", check_same_thread=False)) as listed:
            listed.executescript(_TABLES)
            yield from self._zipped(listed, lambda parts: self._warcs(parts, listed, articles))

    def write(
        self,
        file: Path,
        articles: Iterable[str],
        what: object = "",
        told: Callable[[Gathered, int | None], None] | None = None,
        packed: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        """Write the same into a new file.

        What a process that was killed at the same (`what`) has gathered is continued, with the articles that it was of,
        if all of it is still in the archive; else it is begun anew. Records are gathered in a folder beside the file
        and then put into it: `told` is called with what is gathered, and the number of articles, then `packed` with the
        bytes that are in the file and those there are. Until then, the disk has both.

        :raises FileThere: when the file exists already.
        :raises Busy: when another process writes it.
        :raises ArchiveError: when it cannot be written; then none is created.
        """

        def is_valid(listed: sqlite3.Connection) -> bool:
            with self._archive.read() as conn:
                return warc_records.are_there(conn, (row[0] for row in listed.execute("SELECT raw FROM lines")))

        with draft(file, (what, self._about, self._file_bytes), _TABLES, is_valid) as begun:
            at, counts = begun.noted
            self.report = Gathered.of(counts)
            if begun.published:
                return
            self.report.earlier = at
            asyncio.run(jobs.run(_Gathering(self, begun, articles), told=told, ahead=0))
            whole, done, total = begun.folder / WHOLE, 0, sum(length for _, length in begun.parts)
            with whole.open("wb") as out:
                for piece in self._zipped(begun.listed, lambda parts: _copied(parts, begun)):
                    out.write(piece)
                    done += len(piece)
                    packed(min(done, total), total)
                out.flush()
                os.fsync(out.fileno())
            begun.publish()

    def _zipped(self, listed: sqlite3.Connection, warcs: Callable[[_Parts], Iterator[None]]) -> Iterator[bytes]:
        sink = Sink()
        with ZipFile(sink, "w") as file:
            parts = _Parts(file, self._now)
            for written in (warcs(parts), self._index(parts, listed), _pages(parts, listed)):
                for _ in written:
                    yield sink.taken()
            package = self._package(parts.begun, _main(listed))
            with parts.begin(PACKAGE) as part:
                part.write(_json(package))
            with parts.begin(DIGEST) as part:
                part.write(_json({"path": PACKAGE, "hash": _digest(_json(package))}))
        yield sink.taken()

    def _warcs(self, parts: _Parts, listed: sqlite3.Connection, articles: Iterable[str]) -> Iterator[None]:
        given = self.records(articles)
        for number in count(1):
            with parts.begin(WARC.format(number)) as warc:
                warc.write(self.head(warc.base))
                for record in given:
                    self.add(listed, warc, record)
                    yield
                    if self.is_full(warc.size):
                        break
                else:
                    return

    def _index(self, parts: _Parts, listed: sqlite3.Connection) -> Iterator[None]:
        """Write the lines of the index in their order (that of bytes), and the first line of each of its members."""
        with parts.begin(INDEX) as index:
            blocks = [_line("!meta", "0", format="cdxj-gzip-1.0", filename=index.base)]
            rows = listed.execute("SELECT key, moment, said FROM lines ORDER BY key, moment")
            while some := rows.fetchmany(self._lines):
                text = "".join(f"{key} {moment} {said}\n" for key, moment, said in some)
                packed = gzip.compress(text.encode(), mtime=0)
                where: dict[str, Any] = {"offset": index.size, "length": len(packed), "digest": _digest(packed)}
                blocks.append(_line(some[0][0], some[0][1], **where, filename=index.base))
                index.write(packed)
                yield
        with parts.begin(BLOCKS) as part:
            part.write("".join(blocks).encode())

    def records(self, articles: Iterable[str]) -> Iterator[ReplayRecord]:
        """What is stored of these articles."""
        rest = iter(articles)
        while some := list(islice(rest, _ARTICLES)):
            with self._archive.read() as conn:
                found = warc_records.for_replay(conn, some)
            yield from found

    def head(self, name: str) -> bytes:
        """The record with which a WARC file begins."""
        return pack_info(name, self._about)

    def is_full(self, length: int) -> bool:
        """Whether a WARC file of so many bytes gets no further record."""
        return length >= self._file_bytes

    def add(self, listed: sqlite3.Connection, warc: _Warc, one: ReplayRecord) -> None:
        """Add a record, unless it is there: a page that said again what it had said before is one of two versions."""
        place = (one.ref.file, one.ref.offset)
        if listed.execute("SELECT 1 FROM lines WHERE file = ? AND at = ?", place).fetchone():
            return
        try:
            record = self._raw.record(one.ref, one.url)
        except WarcDamaged:
            self.report.damaged += 1
            return
        moment = "".join(filter(str.isdigit, record.date))[:14]
        said = {"url": record.url, "mime": _media_type(record), "status": str(record.status), "digest": record.digest}
        said |= {"length": str(len(record.packed)), "offset": str(warc.size), "filename": warc.base}
        row = (*place, one.ref.id, surt(record.url), moment, json.dumps(said))
        listed.execute("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?)", row)
        self.report.records += 1
        if one.headline is not None:
            seconds = f"{record.date[:19]}Z"  # as precise as the index
            listed.execute("INSERT INTO pages VALUES (?, ?, ?, ?)", (one.article, record.url, seconds, one.headline))
            self.report.pages += 1
        warc.write(record.packed)

    def _package(self, resources: Iterable[_Part], main: dict[str, str]) -> dict[str, Any]:
        files = [
            {"name": one.base, "path": one.name, "hash": f"sha256:{one.hash}", "bytes": one.size} for one in resources
        ]
        about = {"profile": "data-package", "wacz_version": VERSION, "created": iso(self._now)}
        return {**about, **self._about, **main, "resources": files}


class _Warc(Protocol):
    """A WARC file that is being written: its name, and its length in bytes."""

    @property
    def base(self) -> str: ...

    @property
    def size(self) -> int: ...

    def write(self, data: bytes) -> None: ...


class _Gathering:
    """The records of a collection into the files of its draft, as a job (`index/jobs.py`)."""

    def __init__(self, collection: Collection, begun: Draft, articles: Iterable[str]) -> None:
        self.collection, self.draft = collection, begun
        self.report = collection.report
        if not begun.parts:
            begun.begin()
            begun.listed.executemany("INSERT INTO articles (id) VALUES (?)", ((one,) for one in articles))
            self._next()
            begun.note(0, {})
        self.total: int | None = begun.listed.execute("SELECT COUNT(*) FROM articles").fetchone()[0]

    def pieces(self, _: object) -> Generator[list[str], None, None]:
        """Some articles at a time, of which as many are gathered again after an interruption."""
        query = "SELECT id FROM articles WHERE n > ? ORDER BY n LIMIT ?"
        while rows := self.draft.listed.execute(query, (self.report.articles, _PIECE)).fetchall():
            yield [row[0] for row in rows]

    async def read(self, some: list[str]) -> None:
        """They are read when they are written, so that one record is in memory at a time."""

    async def store(self, some: list[str], _: None, __: jobs.Note) -> None:
        """Append what is stored of these; what is noted is in the draft."""
        self.draft.begin()
        warc = _Drafted(self.draft, self.draft.parts[-1][0])
        for record in self.collection.records(some):
            if self.collection.is_full(warc.size):
                warc = self._next()
            self.collection.add(self.draft.listed, warc, record)
        self.report.articles += len(some)
        self.draft.note(self.report.articles, asdict(self.report))

    def _next(self) -> _Drafted:
        warc = _Drafted(self.draft, WARC.format(len(self.draft.parts) + 1).rpartition("/")[2])
        warc.write(self.collection.head(warc.base))
        return warc


class _Drafted:
    """A WARC file in a draft."""

    def __init__(self, begun: Draft, name: str) -> None:
        self.base, self._out = name, begun.part(name)

    @property
    def size(self) -> int:
        return self._out.tell()

    def write(self, data: bytes) -> None:
        self._out.write(data)


def _copied(parts: _Parts, begun: Draft) -> Iterator[None]:
    begun.close()
    for name, _ in begun.parts:
        with (begun.folder / name).open("rb") as file, parts.begin(f"archive/{name}") as part:
            while chunk := file.read(_CHUNK):
                part.write(chunk)
                yield


class _Parts:
    """The files in a ZIP file, one after the other."""

    def __init__(self, file: ZipFile, now: datetime) -> None:
        self.begun: list[_Part] = []
        self._file, self._now = file, now

    def begin(self, name: str) -> _Part:
        self.begun.append(_Part(self._file, name, self._now))
        return self.begun[-1]


class _Part:
    """A file in a ZIP file, not compressed so that a part of it can be fetched, with its length and SHA-256.

    It has less than 2 GiB, so that its header needs no extra field: ReplayWeb.page 2.4.6 takes a header that has one,
    where the directory at the end has none, for a part of the file (`findings/wabac-zip-extra.sh`).
    """

    def __init__(self, file: ZipFile, name: str, now: datetime) -> None:
        self.name, self.size, self._hash = name, 0, sha256()
        self._out = file.open(ZipInfo(name, now.timetuple()[:6]), "w")

    @property
    def base(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def hash(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self._hash.update(data)
        self.size += len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self._out.close()


def _pages(parts: _Parts, listed: sqlite3.Connection) -> Iterator[None]:
    with parts.begin(PAGES) as part:
        part.write(_json({"format": "json-pages-1.0", "id": "pages", "title": "Pages"}) + b"\n")
        for number, (url, moment, title) in enumerate(listed.execute("SELECT url, moment, title FROM pages"), 1):
            part.write(_json({"id": str(number), "url": url, "ts": moment, "title": title}) + b"\n")
            yield


def _main(listed: sqlite3.Connection) -> dict[str, str]:
    """The page to begin with, where all are of one article: its newest version."""
    if listed.execute("SELECT COUNT(DISTINCT article) FROM pages").fetchone()[0] != 1:
        return {}
    url, moment = listed.execute("SELECT url, moment FROM pages ORDER BY moment DESC LIMIT 1").fetchone()
    return {"mainPageUrl": url, "mainPageDate": moment}


def _media_type(record: Record) -> str:
    given = [value for name, value in record.headers if name.lower() == "content-type"]
    return (given[0].partition(";")[0].strip().lower() if given else "") or "unk"  # as pywb writes it


def _line(key: str, moment: str, **said: Any) -> str:
    return f"{key} {moment} {json.dumps(said)}\n"


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def _digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"
