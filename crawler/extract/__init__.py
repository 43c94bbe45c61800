"""Extract: a page's bytes -> what it says, field by field, each with where it came from."""

EXTRACTOR_VERSION = "3"  # goes into each article; raised whenever the same bytes may give another article
