"""The web interface and its JSON API, for reading the archive and the index in a browser on this machine."""
