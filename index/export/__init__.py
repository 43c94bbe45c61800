"""Exporting search results as JSON Lines, CSV or Parquet, piece by piece, so that their length costs no memory."""
