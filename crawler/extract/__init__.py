"""Extraction: a page's bytes -> the fields of its article, each with its origin."""

EXTRACTOR_VERSION = "5"  # stored with each article; incremented whenever the same bytes may yield a different article
