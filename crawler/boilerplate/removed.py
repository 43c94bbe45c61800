"""Removed: a piece of a page that boilerplate removal took off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["structure", "phrase", "repeat"]


@dataclass(frozen=True, slots=True)
class Removed:
    """A piece of text that was removed, why (`read-also`), and which layer of the cleaning removed it."""

    text: str
    reason: str
    layer: Layer
