"""Raw responses in WARC files."""
