"""File formats: pages of articles are written as the bytes of a file, piece by piece."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.export.columns import COLUMNS, cell, row
from index.export.format_names import Name
from index.export.parquet import ParquetFile, check_installed
from index.export.schema_org import document_fields
from index.export.sink import Sink
from index.model.article import IndexDocument

Pages = Iterable[Sequence[IndexDocument]]
BOM = b"\xef\xbb\xbf"  # without it, Excel takes UTF-8 for its local encoding


@dataclass(frozen=True, slots=True)
class Format:
    """A file format: its name, which is also the file extension, its media type, and its writer."""

    name: Name
    media: str
    write: Callable[[Pages], Iterator[bytes]]


def open_format(name: Name) -> Format:
    """The format of this name.

    :raises ArshifError: when it is Parquet and pyarrow is not installed.
    """
    if name == "parquet":
        check_installed()
    return _KINDS[name]


def _jsonl(pages: Pages) -> Iterator[bytes]:
    """One article per line, as in the API."""
    for page in pages:
        lines = (json.dumps(document_fields(d), ensure_ascii=False, separators=(",", ":")) + "\n" for d in page)
        yield "".join(lines).encode("utf-8", "backslashreplace")  # a lone surrogate becomes its JSON escape


def _csv(pages: Pages) -> Iterator[bytes]:
    """A table for spreadsheets, with every cell quoted and none a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield BOM + text.getvalue().encode()
    for page in pages:
        text.seek(0)
        text.truncate()
        writer.writerows([cell(value) for value in row(document)] for document in page)
        yield text.getvalue().replace("\x00", "").encode("utf-8", "replace")


def _parquet(pages: Pages) -> Iterator[bytes]:
    """A typed table."""
    sink = Sink()
    table = ParquetFile(sink)
    for page in pages:
        table.add(page)
        if written := sink.taken():
            yield written
    table.close()
    yield sink.taken()


_KINDS: Mapping[Name, Format] = {
    "jsonl": Format("jsonl", "application/x-ndjson", _jsonl),
    "csv": Format("csv", "text/csv; charset=utf-8", _csv),
    "parquet": Format("parquet", "application/vnd.apache.parquet", _parquet),
}
