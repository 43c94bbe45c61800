"""The types that crawling and searching share: articles, queries, results."""
