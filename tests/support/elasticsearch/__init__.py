"""A real Elasticsearch 9 for tests without a container engine. `python -m tests.support.elasticsearch start`."""
