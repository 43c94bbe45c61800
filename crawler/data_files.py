"""The YAML files of words and phrases that lie beside the modules that use them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's takes a tenth of the time


def read(text: str) -> Any:
    """What a text in YAML says, which is one of ours."""
    return yaml.load(text, Loader=_LOADER)


@cache
def load(package: str, name: str) -> Any:
    """What a YAML file of this package (`crawler.extract`) says: lists and mappings, which nobody changes."""
    return read(files(package).joinpath(name).read_text("utf-8"))
