"""What a search finds, as a file: JSON lines, CSV or Parquet, piece by piece, so that its length costs no memory."""
