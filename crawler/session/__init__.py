"""One crawl's requests, writes and counts."""
