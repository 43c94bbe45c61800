"""Whether two texts are one: what it costs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rapidfuzz import fuzz

from index.dedup import text_similarity
from index.dedup.alignment import LONGEST_WORD
from index.dedup.text_similarity import comparable, is_same_text


def test_the_letters_of_what_is_no_word_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are compared within transactions, in which others wait."""
    lengths = [0]

    def ratio(one: str, other: str) -> float:
        lengths.append(max(len(one), len(other)))
        return float(fuzz.ratio(one, other))

    monkeypatch.setattr(text_similarity, "fuzz", SimpleNamespace(ratio=ratio))

    def text(name: str) -> Any:
        said = f"The council met on Monday and {name} said that the bridge would open in spring for all who walk."
        return comparable("A bridge will open", said)

    for one, other in (("b" + "ae" * LONGEST_WORD, "b" + "ea" * LONGEST_WORD), ("Mohammed", "Muhammad")):
        is_same_text(text(one), text(other))
    assert max(lengths) == len("Mohammed")
