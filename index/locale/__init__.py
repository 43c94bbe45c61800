"""What Arshif says to people, in each language that has a catalogue here, and values as that language writes them.

`translate` makes a sentence of a message or of a key; the rest of the code keeps `Message` (index.model.message).
"""

from index.locale.catalogues import FALLBACK, catalogue, languages
from index.locale.formats import country, day, days, direction, language_name, listed, number, own_name, percent
from index.locale.messages import clock, duration, segments, translate
from index.locale.negotiation import negotiate

__all__ = [
    "FALLBACK",
    "catalogue",
    "clock",
    "country",
    "day",
    "days",
    "direction",
    "duration",
    "language_name",
    "languages",
    "listed",
    "negotiate",
    "number",
    "own_name",
    "percent",
    "segments",
    "translate",
]
