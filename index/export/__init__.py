"""What a search finds, as a file: JSON lines, CSV or Parquet, piece by piece, so that its length costs no memory."""

from index.export.formats import FORMATS, Format, open_format
from index.export.result_stream import PAGE, ResultStream, stream

__all__ = ["FORMATS", "PAGE", "Format", "ResultStream", "open_format", "stream"]
