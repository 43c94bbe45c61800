"""File formats: pages of articles are written as the bytes of a file, piece by piece."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.errors import ArshifError
from index.export.columns import COLUMNS, FLAGS, LISTS, MOMENTS, NUMBERS, cell, row
from index.export.format_names import Name
from index.export.schema_org import document_fields
from index.model.article import IndexDocument

Pages = Iterable[Sequence[IndexDocument]]
BOM = b"\xef\xbb\xbf"  # without it, Excel takes UTF-8 for its local encoding
GROUP = 1_000  # rows per row group of a Parquet file: more make it smaller, but take more memory


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
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise ArshifError("Parquet needs pyarrow, which is not installed: pip install 'arshif[parquet]'") from None
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
    """A typed table, with lists as lists and times in UTC."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    schema = pa.schema([(name, _type(pa, name)) for name in COLUMNS])
    sink = Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for rows in _groups(pages):
            values = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
            columns = [pa.array(map(_without_surrogates, values[field.name]), field.type) for field in schema]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _type(pa: Any, name: str) -> Any:
    if name in LISTS:
        return pa.list_(pa.string())
    if name in MOMENTS:
        return pa.timestamp("us", "UTC")
    return pa.bool_() if name in FLAGS else pa.int32() if name in NUMBERS else pa.string()


def _groups(pages: Pages) -> Iterator[list[list[Any]]]:
    rows: list[list[Any]] = []
    for page in pages:
        rows += map(row, page)
        if len(rows) >= GROUP:
            yield rows
            rows = []
    if rows:
        yield rows


def _without_surrogates(value: Any) -> Any:
    """The value without lone surrogates, which a Parquet file cannot contain."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_without_surrogates(one) for one in value] if isinstance(value, list) else value


class Sink(io.RawIOBase):
    """A file whose content is taken while it is written; it cannot be sought in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """The bytes written since the last call."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


_KINDS: Mapping[Name, Format] = {
    "jsonl": Format("jsonl", "application/x-ndjson", _jsonl),
    "csv": Format("csv", "text/csv; charset=utf-8", _csv),
    "parquet": Format("parquet", "application/vnd.apache.parquet", _parquet),
}
