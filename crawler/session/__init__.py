"""One crawl: what it asks, what it stores, and what it counts."""
