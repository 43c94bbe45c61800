"""The embedded index: tantivy, in folders of its own, with no server."""

from index.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
