"""The names of the file formats, without their writers, which a command loads when it writes."""

from __future__ import annotations

from typing import Literal, get_args

Name = Literal["jsonl", "csv", "parquet"]
FORMATS: tuple[Name, ...] = get_args(Name)
