"""What crawling and searching agree on: articles, queries, results."""
