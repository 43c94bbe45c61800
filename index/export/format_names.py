"""The names of the file formats, without their writers, which a command loads when it writes."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, get_args

Name = Literal["jsonl", "csv", "parquet"]  # of texts
Form = Literal["jsonl", "csv", "parquet", "wacz"]  # the same, and saved pages as a web archive collection
FORMATS: tuple[Name, ...] = get_args(Name)


def named(file: PurePath) -> Form:
    """The format that a file's name ends with, such as csv for `harbour.CSV`; JSON Lines where it says none."""
    ending = file.suffix.lower().lstrip(".")
    return next((name for name in get_args(Form) if name == ending), "jsonl")
