"""`Engine` on tantivy.

`<directory>/<target>/` is one index, with that of earlier versions in its `versions/`; `<directory>/current` names the
one that is searched, and is replaced atomically. Readers check both before each search, so that they see what another
process wrote. tantivy gets our words, separated by spaces: its own analyzers cannot fold Arabic, and its Arabic stemmer
turns معارك into معار.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Query as TantivyQuery

from index.atomic_files import sync_folder
from index.engines.base import REBUILD, IndexedDocument, PartLimits, is_made_with, is_ours, must_be_ours
from index.engines.embedded import tantivy_query
from index.engines.embedded.file_check import EARLIER, damaged_files, must_be_files, note_checksums
from index.engines.embedded.schema import FIELDS, document, schema
from index.engines.embedded.tantivy_query import Part, Searcher
from index.engines.legacy_mapping import without_unknown
from index.engines.query_plan import Plan, plan
from index.engines.record import IndexRecord, UnfitDocument, is_earlier, record
from index.errors import IndexMismatch, IndexUnavailable
from index.model.article import IndexDocument
from index.model.message import Message
from index.model.query import Query
from index.model.results import Matches

HEAP_BYTES = 64_000_000  # of the writer, before it flushes a segment; a batch of 500 articles takes about 10 MB
DROPPED = "dropped-"  # before the name of a target whose folder is being deleted
PAGE = 1_000  # hits read at a time when all documents are read
LOCK_BUSY = "LockBusy"  # in the message of tantivy's ValueError
# Likewise, if the disk is the cause: no permission, too many open files, file too large, disk full, quota exceeded
FULL = re.compile(r"PermissionDenied|StorageFull|(?:code: |os error )(?:13|24|27|28|122)\b")


class EmbeddedEngine:
    """`Engine` in a folder (data/index). One process at a time can write, any number can read."""

    name = "embedded"
    limits: PartLimits | None = None
    layout = None

    def __init__(self, directory: Path, *, prefix: str = "arshif") -> None:
        self.directory = directory
        self.prefix = prefix
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._opened: dict[str, tuple[tantivy.Index, int]] = {}  # by target: the index, and its meta.json's mtime in ns

    # --- targets ---

    def create(self, target: str) -> None:
        must_be_ours(target, self.prefix)
        if (self.directory / target).exists():
            return
        unfinished = self.directory / f"making-{target}"  # so that a failed or killed creation leaves no index
        with self._translating_errors(target):
            shutil.rmtree(unfinished, ignore_errors=True)
            for path in (unfinished, unfinished / EARLIER):
                path.mkdir(parents=True)
                tantivy.Index(schema(), path=str(path))
            unfinished.rename(self.directory / target)
            sync_folder(self.directory)

    def copy_as_told(self) -> None:
        """It has no copies."""

    def add_part(self, target: str, begin: datetime) -> None:
        raise NotImplementedError("an embedded index is in one part")

    def parts(self, target: str) -> list[datetime] | None:
        return [] if (self.directory / target).is_dir() else None

    def drop_empty_part(self, target: str, begin: datetime) -> bool:
        raise NotImplementedError("an embedded index is in one part")

    def is_full(self, target: str, begin: datetime | None) -> bool:  # noqa: ARG002 - it has no limits
        return False

    def activate(self, target: str) -> None:
        before = self.searched()
        self._index(target)  # it must be complete before it is searched
        temporary = self.directory / "current.new"
        with self._translating_errors(target):
            with temporary.open("w", encoding="utf-8") as file:
                file.write(target + "\n")
                file.flush()
                os.fsync(file.fileno())
            if (self.directory / "current").is_dir():  # whoever put it there: it is the place of a file
                shutil.rmtree(self.directory / "current")
            temporary.replace(self.directory / "current")
            sync_folder(self.directory)
        if before is not None and before != target:
            self.drop(before)

    def drop(self, target: str) -> None:
        if target == self.searched():
            raise IndexMismatch(f"{target} is the index that searches go to: publish another one before.")
        with self._lock:
            for name in (target, f"{target}/{EARLIER}"):
                self._opened.pop(name, None)
        with self._translating_errors(target):
            # Under its own name, whoever opens it for a search would write a lock into the folder while it is emptied
            with contextlib.suppress(FileNotFoundError):
                (self.directory / target).rename(self.directory / f"{DROPPED}{target}")
            for left in self.directory.glob(f"{DROPPED}*"):  # also what a process that was killed left
                with contextlib.suppress(FileNotFoundError):
                    shutil.rmtree(left)

    def targets(self) -> list[str]:
        if not self.directory.is_dir():
            return []
        return sorted(p.name for p in self.directory.iterdir() if p.is_dir() and p.name.startswith(f"{self.prefix}-v"))

    def current(self) -> str | None:
        name = self.searched()
        return name if name is not None and is_ours(name, self.prefix) else None

    def searched(self) -> str | None:
        current = self.directory / "current"
        with self._translating_errors("current"):
            named = current.read_text("utf-8", "replace").strip() if current.is_file() else ""
        return named if is_made_with(named, self.prefix) else None

    def close(self) -> None:
        with self._lock:
            self._opened.clear()

    # --- writing ---

    def bulk(
        self,
        target: str,
        upserts: Sequence[IndexDocument],
        deletes: Sequence[str],
        parts: Sequence[datetime] = (),  # noqa: ARG002 - of which there are none
    ) -> dict[str, Message]:
        refused: dict[str, Message] = {}
        records: dict[str, dict[str, IndexRecord]] = {target: {}, f"{target}/{EARLIER}": {}}
        for one in upserts:
            try:
                made = record(one)
            except UnfitDocument as error:
                refused[one.article.id] = error.message
                continue
            held = records[target if one.current else f"{target}/{EARLIER}"]
            if made.id not in held or made.version >= held[made.id].version:
                held[made.id] = made
        if not is_ours(target, self.prefix):  # of an older mapping, which has no earlier versions
            del records[f"{target}/{EARLIER}"]
        with self._writing:
            for name, held in records.items():
                if held or deletes:
                    self._write(name, held, deletes)
        return refused

    def _write(self, target: str, records: dict[str, IndexRecord], deletes: Sequence[str]) -> None:
        index = self._index(target)
        with self._translating_errors(target):
            known = self._versions(index, [*records])
        fields = FIELDS if is_ours(target, self.prefix) else self._fields(target)
        whole = "article" if "article" in fields else "id"
        with self._translating_errors(target), index.writer(heap_size=HEAP_BYTES, num_threads=1) as writer:
            for article in deletes:
                writer.delete_documents_by_term("id" if is_earlier(article) else whole, article)
            for id_, made in records.items():
                if made.version >= known.get(id_, 0):
                    writer.delete_documents_by_term("id", id_)
                    writer.add_document(document(made, fields))
            writer.commit()
        with self._translating_errors(target):
            note_checksums(self.directory / target)

    def _versions(self, index: tantivy.Index, ids: list[str]) -> dict[str, int]:
        if not ids:
            return {}
        searcher: Searcher = index.searcher()
        found = searcher.search(TantivyQuery.term_set_query(index.schema, "id", ids), limit=len(ids), count=False)
        return dict(_ids_versions(searcher, [address for _, address in found.hits]))

    # --- reading ---

    def search(self, query: Query) -> Matches:
        parts, asked, target = self._plan_for(query)
        with self._translating_errors(target):
            if asked.sort == "relevance":
                return tantivy_query.by_relevance(parts, query, asked)
            return tantivy_query.by_date(parts, query, asked)

    def facet_counts(self, query: Query, fields: Sequence[str]) -> dict[str, dict[str, int]]:
        parts, asked, target = self._plan_for(query)
        known = self._fields(target)  # an index of an older mapping lacks some
        with self._translating_errors(target):
            return tantivy_query.tally(parts, asked, [field for field in fields if field in known])

    def _plan_for(self, query: Query) -> tuple[list[Part], Plan, str]:
        """The indexes to search, the plan, and the target that they belong to."""
        asked = plan(query)
        target = self._searched()
        while True:
            try:
                return *self._parts_for(query, asked, target), target
            except IndexMismatch:
                if target == (target := self._searched()):
                    raise
                # Another one was just activated, and its predecessor dropped

    def _parts_for(self, query: Query, asked: Plan, target: str) -> tuple[list[Part], Plan]:
        index = self._index(target)
        parts = [Part(index.searcher(), index.schema)]
        if not is_ours(target, self.prefix):  # an older mapping, which has no earlier versions either
            return parts, without_unknown(asked, self._fields(target))
        if query.versions:
            earlier = self._index(f"{target}/{EARLIER}")
            parts.append(Part(earlier.searcher(), earlier.schema, earlier=True))
        return parts, asked

    def count(self, target: str | None = None) -> int:
        return int(self._index(target or self._searched()).searcher().num_docs)

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        with self._translating_errors(target):
            for searcher, addresses in self._pages(target):
                yield from _ids_versions(searcher, addresses)

    def scan(self, target: str) -> Iterator[IndexedDocument]:
        for name in (target, f"{target}/{EARLIER}"):
            with self._translating_errors(target):
                for searcher, addresses in self._pages(name):
                    digests = searcher.fast_field_values("digest", addresses)
                    for (id_, version), said in zip(_ids_versions(searcher, addresses), digests, strict=True):
                        yield IndexedDocument(id_, version, int(said))

    def _pages(self, target: str) -> Iterator[tuple[Searcher, list[Any]]]:
        """The addresses of all documents, some at a time, with what reads them."""
        searcher: Searcher = self._index(target).searcher()
        if searcher.num_docs:
            hits = searcher.search(TantivyQuery.all_query(), limit=searcher.num_docs, count=False).hits
            for start in range(0, len(hits), PAGE):
                yield searcher, [address for _, address in hits[start : start + PAGE]]

    def damage(self, target: str) -> list[str]:
        parts = (target, f"{target}/{EARLIER}")
        found = [f"{part}/{name}" for part in parts for name in damaged_files(self.directory / part)]
        return found if self.searched() == target else ["current", *found]

    def _searched(self) -> str:
        """The target that is searched; it may be of an older mapping while its replacement is built."""
        if (named := self.searched()) is None:
            raise IndexUnavailable(f"There is no index in {self.directory} yet: {REBUILD}.")
        return named

    def _fields(self, target: str) -> frozenset[str]:
        with self._translating_errors(target):
            must_be_files(self.directory / target)
            meta = json.loads((self.directory / target / "meta.json").read_text("utf-8"))
            return frozenset(field["name"] for field in meta["schema"])

    def _index(self, target: str) -> tantivy.Index:
        """The index of a target with everything committed so far, by any process."""
        path = self.directory / target
        with self._translating_errors(target), self._lock:
            changed = (path / "meta.json").stat().st_mtime_ns
            index, seen = self._opened.get(target, (None, 0))
            if seen != changed:
                must_be_files(path)
            if index is None:
                index = tantivy.Index.open(str(path))
                index.config_reader("manual")
            if seen != changed:
                index.reload()
                self._opened[target] = (index, changed)
            return index

    @contextlib.contextmanager
    def _translating_errors(self, target: str) -> Iterator[None]:
        """Turn errors of tantivy and the disk into ones that a person can act on."""
        where = f"The index {target} in {self.directory}"
        try:
            yield
        except FileNotFoundError as error:
            raise IndexMismatch(f"{where} lacks {error.filename or 'a file'}: {REBUILD}.") from error
        except OSError as error:
            raise IndexUnavailable(f"{where} cannot be used now: {error}.") from error
        except ValueError as error:
            if LOCK_BUSY in str(error):
                raise IndexUnavailable(f"{where} is being written by another process: wait for it.") from error
            if FULL.search(str(error)):
                raise IndexUnavailable(f"{where} cannot be used now: {error}.") from error
            raise IndexMismatch(f"{where} is damaged ({error}): {REBUILD}.") from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of pyo3, and not an Exception
                raise
            raise IndexMismatch(f"{where} is damaged ({error}): {REBUILD}.") from error


def _ids_versions(searcher: Searcher, addresses: list[Any]) -> Iterator[tuple[str, int]]:
    versions = searcher.fast_field_values("version", addresses)
    for address, version in zip(addresses, versions, strict=True):
        yield searcher.doc(address).get_first("id"), int(version)
