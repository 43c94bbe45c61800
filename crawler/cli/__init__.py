"""The command `arshif`: a file for each command, or for each small group; `app` puts them together.

What takes long to import is imported where a command runs, so that `arshif --help` and each command load what they need
and no more.
"""
