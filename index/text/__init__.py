"""Text as it is searched: charset, folding, tokens, stems."""
