"""URLs: one canonical form, what may be an article, and which others may name the same page."""
