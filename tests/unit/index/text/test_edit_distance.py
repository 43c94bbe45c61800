"""How many edits lie between two words: the same count for a fuzzy query's marks, for typos and in both engines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.dedup.version_diff import classify_change
from index.search.highlight import is_like
from tests.support.archive_samples import NOW, article

TABLE = (
    ("", "", 0), ("bridge", "bridge", 0), ("council", "concil", 1), ("concil", "council", 1), ("Bridge", "bridge", 1),
    ("plaque", "plaqed", 2), ("somebody", "someobdy", 1), ("lion", "line", 2), ("vaccinations", "vaccinatoins", 1),
    ("ca", "abc", 3),  # 2 where a pair that was swapped may be edited again, as Damerau and Levenshtein have it
    ("المجلس", "المجس", 1), ("معركة", "معارك", 2), ("مسؤول", "مسئول", 1), ("été", "ete\u0301", 3), ("𝒜b", "b𝒜", 1),
    ("kitten", "sitting", 3), ("a\ud800", "\ud800a", 1),
)  # fmt: skip


def counted(one: str, other: str) -> int:
    """The optimal string alignment distance by its definition, cell by cell."""
    cells = {(i, 0): i for i in range(len(one) + 1)} | {(0, k): k for k in range(len(other) + 1)}
    for i, a in enumerate(one, 1):
        for k, b in enumerate(other, 1):
            ways = [cells[i - 1, k] + 1, cells[i, k - 1] + 1, cells[i - 1, k - 1] + (a != b)]
            if i > 1 and k > 1 and (a, one[i - 2]) == (other[k - 2], b):
                ways.append(cells[i - 2, k - 2] + 1)
            cells[i, k] = min(ways)
    return cells[len(one), len(other)]


@pytest.mark.parametrize(("one", "other", "edits"), TABLE)
def test_edits_are_counted_as_in_the_table(one: str, other: str, edits: int) -> None:
    assert counted(one, other) == edits
    assert [is_like(one, other, most) for most in range(4)] == [edits <= most for most in range(4)]


@given(st.text("abé", max_size=8), st.text("abé", max_size=8), st.integers(0, 3))
def test_edits_are_counted_by_the_definition(one: str, other: str, most: int) -> None:
    assert is_like(one, other, most) is (counted(one, other) <= most)


@pytest.mark.parametrize(
    ("gone", "came", "kinds"),
    [
        ("council", "concil", ("typo",)),
        ("council", "concli", ("correction",)),  # two edits in a short word
        ("spelling", "selpling", ("typo",)),  # two in a long one
        ("spelling", "selplign", ("correction",)),
    ],
)
def test_a_misspelling_is_an_edit_or_two_by_the_words_length(gone: str, came: str, kinds: tuple[str, ...]) -> None:
    text = "The {} said on Monday that the bridge had opened after two years of work on both of its towers."
    old, new = (article(body=text.format(word)) for word in (gone, came))
    assert classify_change(old, new, seen=NOW).kinds == kinds
