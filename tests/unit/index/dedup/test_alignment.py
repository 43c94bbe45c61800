"""Aligning two sequences: what stays, whatever they are, in a time that is bounded."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.dedup import alignment
from index.dedup.alignment import opcodes

ITEMS = st.lists(st.sampled_from("abcdef"), max_size=40)


def check(old: Sequence[str], new: Sequence[str]) -> int:
    """That the pieces cover both, and those called equal are; return how many items stay."""
    i = j = stay = 0
    for kind, a, b, c, d in opcodes(old, new):
        assert (a, c) == (i, j)
        assert b > a or d > c
        if kind == "equal":
            assert old[a:b] == new[c:d]
            stay += b - a
        i, j = b, d
    assert (i, j) == (len(old), len(new))
    return stay


@given(ITEMS, ITEMS)
def test_the_pieces_cover_both_and_keep_the_most(old: list[str], new: list[str]) -> None:
    rows = [[0] * (len(new) + 1)]
    for one in old:  # the longest common subsequence, as every textbook has it
        row = [0]
        for n, other in enumerate(new):
            row.append(rows[-1][n] + 1 if one == other else max(row[-1], rows[-1][n + 1]))
        rows.append(row)
    assert check(old, new) == rows[-1][-1]


@given(ITEMS, ITEMS, st.integers(0, 30), st.integers(0, 4))
def test_what_is_cut_at_unique_items_is_covered_too(old: list[str], new: list[str], pairs: int, depth: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "MAX_PAIRS", pairs)
        patch.setattr(alignment, "MAX_DEPTH", depth)
        check(old, new)
        assert check(old, old) == len(old)


def test_a_run_that_could_be_anywhere_is_put_last() -> None:
    assert opcodes("ab.", "xb.cd.") == [
        ("replace", 0, 1, 0, 1), ("equal", 1, 3, 1, 3), ("replace", 3, 3, 3, 6),
    ]  # fmt: skip
    assert opcodes("xb.cd.", "ab.") == [
        ("replace", 0, 1, 0, 1), ("equal", 1, 3, 1, 3), ("replace", 3, 6, 3, 3),
    ]  # fmt: skip


def compared(monkeypatch: pytest.MonkeyPatch, old: Sequence[str], new: Sequence[str]) -> int:
    """How many pairs of items are compared with one another."""
    done = 0
    real = alignment.LCSseq

    class Counted:
        @staticmethod
        def opcodes(one: list[int], other: list[int]) -> object:
            nonlocal done
            done += len(one) * len(other)
            return real.opcodes(one, other)

    monkeypatch.setattr(alignment, "LCSseq", Counted)
    check(old, new)
    return done


@pytest.mark.parametrize("kind", ["every second item", "two items only", "all other", "turned round", "no unique item"])
def test_twice_as_much_costs_twice_as_much(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def pair(size: int) -> tuple[list[str], list[str]]:
        chance = random.Random(size)
        old = [f"w{n}" for n in range(size)]
        if kind == "every second item":
            return old, [word if n % 2 else f"x{n}" for n, word in enumerate(old)]
        if kind == "two items only":
            return chance.choices("ab", k=size), chance.choices("ab", k=size)
        if kind == "all other":
            return old, [f"x{n}" for n in range(size)]
        if kind == "turned round":
            return old, old[::-1]
        return old[: size // 2] * 2, [f"x{n % 7}" if n % 3 else word for n, word in enumerate(old[: size // 2] * 2)]

    small, large = (compared(monkeypatch, *pair(size)) for size in (40_000, 80_000))
    assert large <= 2.5 * max(small, alignment.MAX_PAIRS)
    assert large <= 80_000 * 4_000
