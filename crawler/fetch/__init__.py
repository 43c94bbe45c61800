"""Downloader middlewares and extensions, one file each; `crawler/settings.py` puts them in order."""
