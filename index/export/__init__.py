"""What a search finds, as a file: JSON lines, CSV or Parquet, piece by piece, so that its length costs no memory."""

from index.export.formats import open_format
from index.export.result_stream import ResultStream, stream

__all__ = ["ResultStream", "open_format", "stream"]
