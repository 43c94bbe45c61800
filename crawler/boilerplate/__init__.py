"""Clean: what is not the article's own text, taken off in three layers: structure, phrases, repeats."""
