"""Pages of articles -> the bytes of a file, piece by piece."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from index.errors import ArshifError
from index.export.columns import COLUMNS, FLAGS, LISTS, MOMENTS, NUMBERS, cell, row
from index.export.schema_org import document_fields
from index.model.article import IndexDocument

Name = Literal["jsonl", "csv", "parquet"]
Pages = Iterable[Sequence[IndexDocument]]
FORMATS: tuple[Name, ...] = get_args(Name)
BOM = b"\xef\xbb\xbf"  # without it Excel takes UTF-8 for the encoding of its country
GROUP = 1_000  # rows of a Parquet file that are packed together: the more, the smaller it is, and the more memory


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its name, which is also how names of its files end, its media type, and how it is written."""

    name: Name
    media: str
    write: Callable[[Pages], Iterator[bytes]]


def open_format(name: Name) -> Format:
    """The format of this name. Raises ArshifError where it is Parquet, and pyarrow is not installed."""
    if name == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise ArshifError("Parquet needs pyarrow, which is not installed: pip install 'arshif[parquet]'") from None
    return _KINDS[name]


def _jsonl(pages: Pages) -> Iterator[bytes]:
    """An article a line, as the API has it."""
    for page in pages:
        lines = (json.dumps(document_fields(d), ensure_ascii=False, separators=(",", ":")) + "\n" for d in page)
        yield "".join(lines).encode("utf-8", "backslashreplace")  # half a character, which becomes JSON's escape for it


def _csv(pages: Pages) -> Iterator[bytes]:
    """A table for spreadsheets: every cell in quotes, none a formula."""
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
    """A typed table: lists as lists, moments in UTC."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    schema = pa.schema([(name, _type(pa, name)) for name in COLUMNS])
    sink = _Sink()
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
    """A value without half characters, which no Parquet file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_without_surrogates(one) for one in value] if isinstance(value, list) else value


class _Sink(io.RawIOBase):
    """A file that is read away while it is written."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since it was last taken."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


_KINDS: Mapping[Name, Format] = {
    "jsonl": Format("jsonl", "application/x-ndjson", _jsonl),
    "csv": Format("csv", "text/csv; charset=utf-8", _csv),
    "parquet": Format("parquet", "application/vnd.apache.parquet", _parquet),
}
