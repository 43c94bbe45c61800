"""Text processing for search: charsets, folding, tokens, stems."""
