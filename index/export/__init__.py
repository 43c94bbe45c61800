"""What a search finds, as a file: JSON lines, CSV or Parquet, piece by piece, so that its length costs no memory."""

from index.export.formats import FORMATS, Format, open_format
from index.export.result_stream import PAGE, Found, everything

__all__ = ["FORMATS", "PAGE", "Format", "Found", "everything", "open_format"]
