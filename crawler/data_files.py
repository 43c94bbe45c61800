"""The YAML files of words and phrases that lie beside the modules that use them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def load(package: str, name: str) -> Any:
    """What a YAML file of this package (`crawler.extract`) says: lists and mappings, which nobody changes."""
    return yaml.safe_load(files(package).joinpath(name).read_text("utf-8"))
