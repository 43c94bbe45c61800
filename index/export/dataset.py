"""The whole archive as a folder of Parquet files by month and language, as DuckDB, Spark, pyarrow and Hugging Face's
datasets read them: `month=2026-11/language=ar/articles.parquet`, the naming of Hive's partitions
(https://arrow.apache.org/docs/python/generated/pyarrow.dataset.HivePartitioning.html).

A month is written whole or not at all, and noted with a digest of what it holds: an export that was broken off goes on,
and one into the folder of an earlier export writes the months that have changed since, and deletes what was erased.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from index import jobs
from index.archive import Archive, documents
from index.archive.upsert import chunks
from index.atomic_files import new_file, replace_file
from index.errors import ArchiveError, FileThere, WrongPlace
from index.export.columns import COLUMNS
from index.export.parquet import ParquetFile
from index.file_lock import hold
from index.model.article import IndexDocument

STATE = "_arshif.json"  # readers of datasets skip names that begin with `_`
_NEW, _LOCK = "_new", "_arshif.lock"
_MONTH = "month="
_OWN = ("tags", "note", "collections")  # what people here added: no part of what sites published
_COLUMNS = {name: value for name, value in COLUMNS.items() if name not in _OWN}
_LANGUAGE = re.compile(r"[a-z]{2,8}")
_FORM = 1  # of the files: months written in another one are written anew


@dataclass(slots=True)
class Written(jobs.Report):
    """What an export did: the articles and months of the dataset, and how many months were written or deleted. The
    articles of the others are `earlier` ones."""

    articles: int = 0
    months: int = 0
    changed: int = 0

    @property
    def done(self) -> int:
        """The articles."""
        return self.articles


@dataclass(frozen=True, slots=True)
class _Month:
    """A month, such as 2026-11, with the id and document version of each of its articles; without any, they were all
    erased."""

    name: str
    held: Sequence[tuple[str, int]]


@dataclass(slots=True)
class Dataset:
    """A folder with a dataset, or for one; bringing it up to date is a job (`index/jobs.py`).

    :raises FileThere: when the folder holds something else.
    :raises ArchiveError: when it cannot be read.
    """

    folder: Path
    report: Written = field(default_factory=Written, init=False)
    total: int | None = field(default=None, init=False)
    _conn: Connection = field(init=False)
    _digests: dict[str, str] = field(init=False)  # of the months that are complete

    def __post_init__(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._digests = self._noted()
        except (FileExistsError, NotADirectoryError):
            raise WrongPlace(f"{self.folder} is or lies in a file: name a folder") from None
        except OSError as error:
            raise ArchiveError(f"cannot write {error.filename or self.folder}: {error.strerror}") from error

    def _noted(self) -> dict[str, str]:
        state = self.folder / STATE
        if not state.exists():
            if any(self.folder.iterdir()):
                raise FileThere(str(self.folder))
            replace_file(state, b"{}")
        try:
            noted = json.loads(state.read_bytes())
            return {str(month): str(digest) for month, digest in noted.items()}
        except (ValueError, AttributeError):
            return {}  # everything is written anew

    def update(self, archive: Archive, told: Callable[[Written, int | None], None] | None = None) -> Written:
        """Write the months whose articles have changed, all of one moment; `told` is called with what is done so far,
        and the number of all articles.

        :raises Busy: when another process is writing to the folder.
        :raises ArchiveError: when the archive cannot be read, or a file not be written.
        """
        try:
            with hold(self.folder / _LOCK, wait=False), archive.read() as self._conn:
                self.report, self.total = Written(), documents.count(self._conn)
                asyncio.run(jobs.run(self, told=told, ahead=0))
                return self.report
        except OSError as error:
            raise ArchiveError(f"cannot write {error.filename or self.folder}: {error.strerror}") from error

    def pieces(self, _: object) -> Generator[_Month, None, None]:
        """The months, those that are in the archive first."""
        left = {folder.name.removeprefix(_MONTH) for folder in self.folder.glob(f"{_MONTH}*")}  # noted or not
        for first, held in documents.months(self._conn):
            month = _Month(f"{first:%Y-%m}", held)
            left.discard(month.name)
            yield month
        yield from (_Month(name, ()) for name in sorted(left))

    async def read(self, month: _Month) -> str:
        """The digest of what a month is to hold."""
        return _digest(month.held)

    async def store(self, month: _Month, digest: str, _: jobs.Note) -> None:
        """Have the dataset hold a month as the archive does; what is noted is in the folder."""
        changed = 1
        if not month.held:
            self._delete(month.name)
        elif self._digests.get(month.name) != digest or not (self.folder / f"{_MONTH}{month.name}").exists():
            self._replace(self._conn, month.name, [article for article, _ in month.held], digest)
        else:
            self.report.earlier += len(month.held)
            changed = 0
        self.report.changed += changed
        self.report.months += bool(month.held)
        self.report.articles += len(month.held)

    def _replace(self, conn: Connection, month: str, ids: Sequence[str], digest: str) -> None:
        """Write a month beside the dataset, and put it in the place of the one there."""
        draft = self.folder / _NEW
        if draft.exists():  # of an export that was broken off
            shutil.rmtree(draft)
        with ExitStack() as stack:
            files: dict[str, ParquetFile] = {}
            for piece in chunks(ids):
                for language, rows in _by_language(documents.documents(conn, piece)).items():
                    if language not in files:
                        files[language] = stack.enter_context(_table(draft / f"language={language}"))
                    files[language].add(rows)
        self._delete(month)
        draft.rename(self.folder / f"{_MONTH}{month}")
        self._note({**self._digests, month: digest})

    def _delete(self, month: str) -> None:
        """Delete a month, once it is no longer noted as complete."""
        self._note({name: digest for name, digest in self._digests.items() if name != month})
        folder = self.folder / f"{_MONTH}{month}"
        if folder.exists():
            shutil.rmtree(folder)

    def _note(self, digests: dict[str, str]) -> None:
        if digests != self._digests:
            replace_file(self.folder / STATE, json.dumps(digests, indent=1, sort_keys=True).encode())
            self._digests = digests


@contextmanager
def _table(folder: Path) -> Iterator[ParquetFile]:
    folder.mkdir(parents=True)
    with new_file(folder / "articles.parquet") as out:
        table = ParquetFile(out, _COLUMNS)
        yield table
        table.close()


def _by_language(rows: Sequence[IndexDocument]) -> dict[str, list[IndexDocument]]:
    """The articles by language, such as `ar` for ar-SY, or `und` (undetermined, ISO 639-2) where none is known."""
    found: dict[str, list[IndexDocument]] = {}
    for row in rows:
        language = _LANGUAGE.match((row.article.language or "").lower())
        found.setdefault(language[0] if language else "und", []).append(row)
    return found


def _digest(held: Sequence[tuple[str, int]]) -> str:
    """Of the articles of a month and their document versions, which grow with each change of a row."""
    digest = sha256(f"{_FORM}\n".encode())
    for article, revision in held:
        digest.update(f"{article} {revision}\n".encode())
    return digest.hexdigest()
