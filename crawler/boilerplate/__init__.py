"""Boilerplate removal in three layers: structure, phrases, repeated paragraphs."""
