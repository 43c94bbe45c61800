"""What an article is once stored, and how it is found. Imports nothing of `crawler` or `spiders`."""
