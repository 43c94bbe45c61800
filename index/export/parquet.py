"""Parquet: a typed table of articles, with lists as lists and times in UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from index.errors import ArshifError
from index.export.columns import COLUMNS, FLAGS, LISTS, MOMENTS, NUMBERS
from index.model.article import IndexDocument

GROUP = 1_000  # rows per row group: more make a file smaller, but take more memory


def check_installed() -> None:
    """Make sure that Parquet can be written.

    :raises ArshifError: when pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise ArshifError("Parquet needs pyarrow, which is not installed: pip install 'arshif[parquet]'") from None


class ParquetFile:
    """Writes articles to a binary file, which need not be one that can be sought in, in these columns."""

    def __init__(self, file: Any, columns: Mapping[str, Callable[[IndexDocument], Any]] = COLUMNS) -> None:
        import pyarrow as pa
        from pyarrow import parquet as pq

        self._columns = columns
        self._schema = pa.schema([(name, _type(pa, name)) for name in columns])
        self._writer = pq.ParquetWriter(pa.PythonFile(file, mode="w"), self._schema, compression="zstd")
        self._rows: list[IndexDocument] = []

    def add(self, documents: Iterable[IndexDocument]) -> None:
        """Add rows, in this order."""
        self._rows += documents
        if len(self._rows) >= GROUP:
            self._write()

    def close(self) -> None:
        """Write what the file ends with; it stays open."""
        if self._rows:
            self._write()
        self._writer.close()

    def _write(self) -> None:
        import pyarrow as pa

        rows, self._rows = self._rows, []
        values = (map(_without_surrogates, map(self._columns[field.name], rows)) for field in self._schema)
        arrays = [pa.array(each, field.type) for each, field in zip(values, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))


def _type(pa: Any, name: str) -> Any:
    if name in LISTS:
        return pa.list_(pa.string())
    if name in MOMENTS:
        return pa.timestamp("us", "UTC")
    return pa.bool_() if name in FLAGS else pa.int32() if name in NUMBERS else pa.string()


def _without_surrogates(value: Any) -> Any:
    """The value without lone surrogates, which a Parquet file cannot contain."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_without_surrogates(one) for one in value] if isinstance(value, list) else value
