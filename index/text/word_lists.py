"""The lists of words in this folder: a text file each, whose lines that begin with # are comments."""

from __future__ import annotations

from importlib.resources import files


def rows(name: str) -> list[list[str]]:
    """The words in each line of a list (`names.txt`), separated by spaces."""
    lines = files("index.text").joinpath(name).read_text("utf-8").splitlines()
    return [line.split() for line in lines if not line.startswith("#")]
