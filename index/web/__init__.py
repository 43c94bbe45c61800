"""The web interface and its JSON API, for reading the archive and the index in a browser on this machine."""

from index.web.app import create_app, serve

__all__ = ["create_app", "serve"]
