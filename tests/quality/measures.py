"""What extraction is measured by: runs of words, names, days. The same for our own pages and for saved ones."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_MARKS = re.compile("[\u064b-\u065f\u0670\u0640\u200b-\u200f]")
_SPACELESS = re.compile("([\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f])")
BAD, CLEAN = 0.8, 0.95  # F4 under which a body is lost, and from which it is right
Runs = Counter[tuple[str, ...]]


def tokens(text: str | None) -> list[str]:
    """Words without marks, in lower case; of scripts without spaces the letters."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", text or "")).lower()
    return re.findall(r"\w+", _SPACELESS.sub(r" \1 ", plain))


def f4(found: str, wanted: str) -> float:
    """F-measure over runs of four words, 0 to 1."""
    ours, theirs = _runs(tokens(found)), _runs(tokens(wanted))
    common = sum((ours & theirs).values())
    return 2 * common / (sum(ours.values()) + sum(theirs.values())) if common else 0.0


def _runs(words: list[str]) -> Runs:
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)))


def people(names: Iterable[str] | str) -> set[str]:
    """Names as sets of words: `Sy, Ava` is `Ava Sy`."""
    return {" ".join(sorted(tokens(name))) for name in ([names] if isinstance(names, str) else names)}


def day(date: object) -> str:
    """The day of an ISO date."""
    return str(date)[:10]


def mean(values: Iterable[float]) -> float:
    """Their mean; 0 of none."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
