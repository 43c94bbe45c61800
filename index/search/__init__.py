"""Searching, and keeping the index up to date with the archive."""
