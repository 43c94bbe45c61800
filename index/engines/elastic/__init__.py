"""Elasticsearch: an index template, versioned indexes per target, read and write aliases, and the bulk API."""

from index.engines.elastic.engine import ElasticEngine
from index.engines.elastic.mapping import analysis_settings
from index.engines.elastic.privileges import REPLICAS_INDICES, missing, role

__all__ = ["REPLICAS_INDICES", "ElasticEngine", "analysis_settings", "missing", "role"]
