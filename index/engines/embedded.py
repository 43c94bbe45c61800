"""The embedded index: tantivy, in folders of its own, with no server.

`<directory>/<target>/` is one index; `<directory>/current` names the one that searches go to and is replaced in one
step. Readers look at both before each search, so that they see what another process wrote. tantivy is fed with our
words, parted by blanks: its own analyzers cannot fold Arabic, and its Arabic stemmer takes معارك for معار.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tantivy
from tantivy import FieldType, Occur
from tantivy import Query as TantivyQuery

from index.analysis import words
from index.article import Document, Match, Matches, Query
from index.engines.base import Record, cursor, is_ours, must_be_ours, place, record
from index.engines.older import is_made_with, without_unknown
from index.engines.plan import All, AnyOf, Between, Clause, OneOf, Plan, Row, plan
from index.errors import IndexMismatch, IndexUnavailable

HEAP_BYTES = 64_000_000  # of the writer, before it spills a segment; a batch of 500 articles takes about 10 MB
KEYWORDS = ("id", "lead", "site", "country", "language")
TEXTS = ("headline", "body", "headline_stem", "body_stem", "author", "section")
MOST = (1 << 64) - 1
PAGE = 1_000  # hits read at once where ties or all documents have to be read
BUSY = "LockBusy"  # in the message of tantivy's ValueError
# The same, where the disk is what is wrong: no permission, too many files open, file too big, disk full, over quota
FULL = re.compile(r"PermissionDenied|StorageFull|(?:code: |os error )(?:13|24|27|28|122)\b")
REBUILD = "run `arshif index rebuild`: it makes a new one from the archive"

Searcher = Any  # tantivy's stubs lack `SearchResult.count` and give every value as optional


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in KEYWORDS:
        builder.add_text_field(name, stored=name == "id", tokenizer_name="raw", index_option="basic")
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in ("order", "version"):
        builder.add_unsigned_field(name, fast=True)
    return builder.build()


class EmbeddedEngine:
    """`Engine` over a folder (data/index). One process writes at a time; any number reads."""

    name = "embedded"

    def __init__(self, directory: Path, *, prefix: str = "arshif") -> None:
        self.directory = directory
        self.prefix = prefix
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._opened: dict[str, tuple[tantivy.Index, int]] = {}  # target -> index, its meta.json's time in ns

    # --- targets ---

    def create(self, target: str) -> None:
        must_be_ours(target, self.prefix)
        path = self.directory / target
        with self._told(target):
            path.mkdir(parents=True, exist_ok=True)
            if not tantivy.Index.exists(str(path)):
                tantivy.Index(_schema(), path=str(path))

    def publish(self, target: str) -> None:
        before = self._named()
        self._index(target)  # it must be whole before anybody is sent there
        temporary = self.directory / "current.new"
        with self._told(target):
            with temporary.open("w", encoding="utf-8") as file:
                file.write(target + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.directory / "current")
            _sync_folder(self.directory)
        if before is not None and before != target:
            self.drop(before)

    def drop(self, target: str) -> None:
        if target == self._named():
            raise IndexMismatch(f"{target} is the index that searches go to: publish another one before.")
        with self._lock:
            self._opened.pop(target, None)
        with self._told(target), contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.directory / target)

    def targets(self) -> list[str]:
        if not self.directory.is_dir():
            return []
        return sorted(p.name for p in self.directory.iterdir() if p.is_dir() and p.name.startswith(f"{self.prefix}-v"))

    def current(self) -> str | None:
        name = self._named()
        return name if name is not None and is_ours(name, self.prefix) else None

    def _named(self) -> str | None:
        with contextlib.suppress(FileNotFoundError):
            return (self.directory / "current").read_text(encoding="utf-8").strip() or None
        return None

    def close(self) -> None:
        with self._lock:
            self._opened.clear()

    # --- writing ---

    def apply(self, target: str, upserts: Sequence[Document], deletes: Sequence[str]) -> dict[str, str]:
        refused: dict[str, str] = {}
        records: dict[str, Record] = {}
        for document in upserts:
            try:
                made = record(document)
            except ValueError as error:
                refused[document.article.id] = str(error)
                continue
            if made.id not in records or made.version >= records[made.id].version:
                records[made.id] = made
        with self._writing:
            self._write(target, records, deletes)
        return refused

    def _write(self, target: str, records: dict[str, Record], deletes: Sequence[str]) -> None:
        index = self._index(target)
        known = self._versions(index, [*records])
        with self._told(target), index.writer(heap_size=HEAP_BYTES, num_threads=1) as writer:
            for id_ in deletes:
                writer.delete_documents_by_term("id", id_)
            for id_, made in records.items():
                if made.version >= known.get(id_, 0):
                    writer.delete_documents_by_term("id", id_)
                    writer.add_document(_document(made))
            writer.commit()

    def _versions(self, index: tantivy.Index, ids: list[str]) -> dict[str, int]:
        if not ids:
            return {}
        searcher: Searcher = index.searcher()
        found = searcher.search(TantivyQuery.term_set_query(index.schema, "id", ids), limit=len(ids), count=False)
        return dict(_ids_versions(searcher, [address for _, address in found.hits]))

    # --- reading ---

    def search(self, query: Query) -> Matches:
        asked = plan(query)
        target = self._searched()
        try:
            index = self._index(target)
        except IndexMismatch:
            if target == (target := self._searched()):
                raise
            index = self._index(target)  # another one was published just now, and the one before it dropped
        if not is_ours(target, self.prefix):
            asked = without_unknown(asked, self._fields(target))
        searcher: Searcher = index.searcher()
        base = _translate(index.schema, asked)
        with self._told(target):
            if asked.sort == "relevance":
                return _by_relevance(searcher, base, query)
            return _by_date(searcher, index.schema, base, query, asked)

    def count(self, target: str | None = None) -> int:
        return int(self._index(target or self._searched()).searcher().num_docs)

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        searcher: Searcher = self._index(target).searcher()
        if searcher.num_docs:
            hits = searcher.search(TantivyQuery.all_query(), limit=searcher.num_docs, count=False).hits
            for start in range(0, len(hits), PAGE):
                yield from _ids_versions(searcher, [address for _, address in hits[start : start + PAGE]])

    def _searched(self) -> str:
        """The target that is searched: the published one, of an older mapping too while a new one is on its way."""
        if (named := self._named()) is None or not is_made_with(named, self.prefix):
            raise IndexUnavailable(f"There is no index in {self.directory} yet: {REBUILD}.")
        return named

    def _fields(self, target: str) -> frozenset[str]:
        with self._told(target):
            meta = json.loads((self.directory / target / "meta.json").read_text("utf-8"))
            return frozenset(field["name"] for field in meta["schema"])

    def _index(self, target: str) -> tantivy.Index:
        """The index of a target with all that was committed so far, by whichever process."""
        path = self.directory / target
        with self._told(target), self._lock:
            changed = (path / "meta.json").stat().st_mtime_ns
            index, seen = self._opened.get(target, (None, 0))
            if index is None:
                index = tantivy.Index.open(str(path))
                index.config_reader("manual")
            if seen != changed:
                index.reload()
                self._opened = {target: (index, changed), **{t: i for t, i in self._opened.items() if t != target}}
            return index

    @contextlib.contextmanager
    def _told(self, target: str) -> Iterator[None]:
        """What tantivy and the disk say, as what a person can act on."""
        where = f"The index {target} in {self.directory}"
        try:
            yield
        except FileNotFoundError as error:
            raise IndexMismatch(f"{where} lacks {error.filename or 'a file'}: {REBUILD}.") from error
        except OSError as error:
            raise IndexUnavailable(f"{where} cannot be used now: {error}.") from error
        except ValueError as error:
            if BUSY in str(error):
                raise IndexUnavailable(f"{where} is being written by another process: wait for it.") from error
            if FULL.search(str(error)):
                raise IndexUnavailable(f"{where} cannot be used now: {error}.") from error
            raise IndexMismatch(f"{where} is damaged ({error}): {REBUILD}.") from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of pyo3, and no Exception
                raise
            raise IndexMismatch(f"{where} is damaged ({error}): {REBUILD}.") from error


def _document(made: Record) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("id", made.id)
    for name, values in made.keywords.items():
        for value in values:
            document.add_text(name, value)
    for name, values in made.texts.items():
        for value in values:  # one by one: a phrase does not reach from one author into the next
            document.add_text(name, " ".join(words(value)))
    for name, stems in made.stems.items():
        document.add_text(name, stems)
    document.add_unsigned("order", made.order)
    document.add_unsigned("version", made.version)
    return document


def _ids_versions(searcher: Searcher, addresses: list[Any]) -> Iterator[tuple[str, int]]:
    versions = searcher.fast_field_values("version", addresses)
    for address, version in zip(addresses, versions, strict=True):
        yield searcher.doc(address).get_first("id"), int(version)


# --- queries -------------------------------------------------------------------------------------------------------


def _translate(schema: tantivy.Schema, asked: Plan) -> TantivyQuery:
    parts = [(Occur.Must, _silent(_clause(schema, clause))) for clause in asked.filters]
    scored = _clause(schema, asked.scored) if asked.scored is not None else _silent(TantivyQuery.all_query())
    return TantivyQuery.boolean_query([(Occur.Must, scored), *parts])


def _silent(query: TantivyQuery) -> TantivyQuery:
    return TantivyQuery.const_score_query(query, 0.0)


def _clause(schema: tantivy.Schema, clause: Clause) -> TantivyQuery:
    match clause:
        case Row(field, row, weight):
            return TantivyQuery.boost_query(_row(schema, field, row), weight) if weight else _row(schema, field, row)
        case OneOf(field, values):
            return _silent(TantivyQuery.term_set_query(schema, field, list(values)))
        case Between(field, low, high):
            return _between(schema, field, low, high)
        case AnyOf(clauses):
            return TantivyQuery.boolean_query([(Occur.Should, _clause(schema, c)) for c in clauses])
        case All(clauses, without):
            wanted = [_clause(schema, c) for c in clauses] or [_silent(TantivyQuery.all_query())]
            unwanted = [_clause(schema, c) for c in without]
            return TantivyQuery.boolean_query(
                [*((Occur.Must, q) for q in wanted), *((Occur.MustNot, q) for q in unwanted)]
            )


def _row(schema: tantivy.Schema, field: str, row: tuple[str, ...]) -> TantivyQuery:
    if len(row) == 1:
        return TantivyQuery.term_query(schema, field, row[0], index_option="freq")
    return TantivyQuery.phrase_query(schema, field, list(row))


def _between(schema: tantivy.Schema, field: str, low: int | None, high: int | None) -> TantivyQuery:
    least, most = low or 0, MOST if high is None else high - 1
    if least > most:
        return TantivyQuery.empty_query()
    return _silent(TantivyQuery.range_query(schema, field, FieldType.Unsigned, least, most))


def _by_date(searcher: Searcher, schema: tantivy.Schema, base: TantivyQuery, query: Query, asked: Plan) -> Matches:
    newest = asked.sort == "newest"
    key = place(query, asked.sort, 1)
    limited = base
    if key is not None:
        last = int(key[0])
        rest = _between(schema, "order", None, last) if newest else _between(schema, "order", last + 1, None)
        limited = TantivyQuery.boolean_query([(Occur.Must, base), (Occur.Must, rest)])
    order = tantivy.Order.Desc if newest else tantivy.Order.Asc
    found = searcher.search(limited, limit=query.limit + 1, count=key is None, order_by_field="order", order=order)
    total = found.count if key is None else searcher.search(base, limit=1, count=True).count
    page = found.hits[: query.limit]
    ids = tuple(Match(searcher.doc(address).get_first("id"), 0.0) for _, address in page)
    more = len(found.hits) > query.limit
    return Matches(int(total), ids, cursor(asked.sort, [int(page[-1][0])]) if more else None)


def _by_relevance(searcher: Searcher, base: TantivyQuery, query: Query) -> Matches:
    """Ordered by (score, order), both falling, after the cursor's; as Elasticsearch's search_after.

    tantivy cannot start after a score, and orders equal ones by place: so the top is read as far as the page needs,
    with all that share the last score."""
    key = place(query, "relevance", 3)
    seen = min(int(key[2]), searcher.num_docs) if key is not None else 0  # whoever writes a cursor cannot ask for more
    size = seen + query.limit + 1
    while True:
        found = searcher.search(base, limit=size, count=True)
        ranked = _ranked(searcher, found.hits)
        rest = [hit for hit in ranked if key is None or hit[:2] < (key[0], key[1])]
        complete = len(found.hits) < size
        settled = len(rest) > query.limit and rest[query.limit][0] > ranked[-1][0]
        if complete or settled:
            break
        size *= 2
    page = rest[: query.limit]
    ids = tuple(Match(searcher.doc(address).get_first("id"), score) for score, _, address in page)
    more = len(rest) > query.limit
    after = cursor("relevance", [page[-1][0], page[-1][1], seen + len(page)]) if more else None
    return Matches(int(found.count), ids, after)


def _ranked(searcher: Searcher, hits: list[Any]) -> list[tuple[float, int, Any]]:
    orders = searcher.fast_field_values("order", [address for _, address in hits])
    scored = [(float(score), int(order), address) for (score, address), order in zip(hits, orders, strict=True)]
    return sorted(scored, key=lambda hit: hit[:2], reverse=True)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
