"""Searching, and bringing the index up to date with the archive."""
