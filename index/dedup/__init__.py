"""Comparing texts: whether two are the same, and what an edit changed."""
