"""Arshif's texts for people in each language that has a catalogue, and values formatted for that language.

`translate` turns a message or a key into a sentence; the rest of the code passes `Message`s (index.model.message).
"""

from index.locale.catalogues import FALLBACK, catalogue, languages
from index.locale.formats import (
    country,
    day,
    days,
    direction,
    language_name,
    listed,
    number,
    own_name,
    percent,
    relative,
)
from index.locale.messages import clock, duration, label, segments, translate
from index.locale.negotiation import negotiate
from index.locale.records import plain

__all__ = [
    "FALLBACK",
    "catalogue",
    "clock",
    "country",
    "day",
    "days",
    "direction",
    "duration",
    "label",
    "language_name",
    "languages",
    "listed",
    "negotiate",
    "number",
    "own_name",
    "percent",
    "plain",
    "relative",
    "segments",
    "translate",
]
