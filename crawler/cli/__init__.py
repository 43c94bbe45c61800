"""The command `arshif`: one file per command or small group of commands; `app` puts them together.

Modules that are slow to import are imported inside the command, so that `arshif --help` loads none of them and each
command only those that it needs.
"""
