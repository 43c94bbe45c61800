"""A real Elasticsearch 9 for tests, where no container engine is at hand. `python -m tests.elasticsearch start`."""
