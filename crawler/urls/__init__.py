"""URLs: their canonical form, which may be articles, and variants that may lead to the same page."""
