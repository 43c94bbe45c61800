"""Maintenance of a stored archive: re-extraction, missing signatures, erasure."""
