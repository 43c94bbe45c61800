"""A page's <title>: the headline, and beside it often the site's name."""

from __future__ import annotations

import re

SEPARATOR = re.compile(r"\s+[|\-–—•·»«›‹:/~<>]+\s+|\s*[|｜︱ㅣ»«]\s*|\s-(?=\S)|(?<=\S)-\s")  # between its parts
HEADLINE_MIN_WORDS = 4  # words from which a part is more likely a headline than a site's name
