"""Removed: a piece of text taken out by boilerplate removal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from index.model.message import Message

Layer = Literal["structure", "phrase", "repeat"]


class RemovalReason(StrEnum):
    """Why a piece of text is boilerplate; the code of a message with the parameters named beside it."""

    ELEMENT = "removal.element"  # kind: of element, such as `related` or `caption`
    RULE = "removal.rule"  # setting: of the site's rules
    PHRASE = "removal.phrase"  # kind, phrase
    AFTER_PHRASE = "removal.after_phrase"  # kind, phrase
    FIELD = "removal.field"  # field: whose value it only repeats
    REPEATED = "removal.repeated"  # n: other articles of the site


CAPTION = Message(RemovalReason.ELEMENT, {"kind": "caption"})


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed piece of text, the reason, and the layer that removed it."""

    text: str
    reason: Message
    layer: Layer
