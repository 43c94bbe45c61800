"""The search page and its JSON: what the archive and the index hold, read in a browser on this machine."""

from index.web.app import create_app, serve

__all__ = ["create_app", "serve"]
