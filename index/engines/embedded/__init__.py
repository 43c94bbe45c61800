"""The embedded index: tantivy, in folders of its own, without a server."""

from index.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
