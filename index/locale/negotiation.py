"""Choosing the catalogue for a reader's preferred languages."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import negotiate_locale

from index.locale.catalogues import FALLBACK, languages

LONGEST = 1_000  # characters of the header that are parsed
QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


@lru_cache(256)
def negotiate(accepted: str) -> str:
    """The language that best matches an Accept-Language header (RFC 9110, 12.5.4), else the fallback."""
    weighed = []
    for part in accepted[:LONGEST].split(","):
        name, _, quality = (piece.strip() for piece in part.partition(";"))
        given = quality.removeprefix("q=") if quality else "1"
        weight = float(given) if QUALITY.fullmatch(given) else 0.0
        if name and weight:
            weighed.append((weight, name))
    preferred = [name for _, name in sorted(weighed, key=lambda one: -one[0])]
    found = negotiate_locale(preferred, languages(), sep="-") or FALLBACK
    return next(name for name in languages() if name.lower() == found.lower())  # in our spelling
