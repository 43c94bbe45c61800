"""Removed: a piece of text taken out by boilerplate removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["structure", "phrase", "repeat"]


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed piece of text, the reason (`read-also`), and the layer that removed it."""

    text: str
    reason: str
    layer: Layer
