"""Storing, indexing and searching articles. Imports nothing from `crawler` or `spiders`."""
