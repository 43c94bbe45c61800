"""Aligning two sequences: which of their items stay, in what order, in nearly linear time.

Patience diff (Bram Cohen; https://bramcohen.livejournal.com/73318.html) finds items that occur once in both sequences
and cuts both there; between the cuts, the longest common subsequence is computed with one bit per pair of items
(rapidfuzz). `difflib.SequenceMatcher` takes quadratic time, and cubic time for texts written to that end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Literal

from rapidfuzz.distance import LCSseq

MAX_PAIRS = 4_000 * 4_000  # of items compared with one another: 2 MB of bits, some milliseconds
# Letters; whatever is longer is no word that anybody misspelt: to compare the letters of two takes quadratic time
LONGEST_WORD = 200
MAX_DEPTH = 3  # how often a piece is cut at items that are unique in it; what is still too long is replaced as a whole

Opcode = tuple[Literal["equal", "replace"], int, int, int, int]


def opcodes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Opcode]:
    """How to turn one sequence into another, as difflib gives it: `old[i1:i2]` is equal to `new[j1:j2]`, or replaced
    by it; either may be empty. The pieces are in order and cover both sequences. Where a run may have been put in at
    several places, as in "a b a b" for "a b", it is the last one.

    The time is bounded by n * (4,000 / 64 + log n) for n items in all, whatever they are.
    """
    numbers: dict[Hashable, int] = {}
    one, other = ([numbers.setdefault(item, len(numbers)) for item in side] for side in (old, new))
    blocks = _moved_on([*_joined(_blocks(one, other, 0, len(one), 0, len(other), MAX_DEPTH))], one, other)
    found: list[Opcode] = []
    i = j = 0
    for a, b, length in [*blocks, (len(one), len(other), 0)]:
        if (i, j) != (a, b):
            found.append(("replace", i, a, j, b))
        if length:
            found.append(("equal", a, a + length, b, b + length))
        i, j = a + length, b + length
    return found


Block = tuple[int, int, int]  # where an equal run begins in each sequence, and its length


def _joined(blocks: Iterator[Block]) -> Iterator[Block]:
    held: Block | None = None
    for block in blocks:
        if held and (held[0] + held[2], held[1] + held[2]) == block[:2]:
            held = (held[0], held[1], held[2] + block[2])
            continue
        if held:
            yield held
        held = block
    if held:
        yield held


def _moved_on(blocks: list[Block], old: list[int], new: list[int]) -> list[Block]:
    """The same blocks, the runs between them that were only removed or only added moved on as far as they can be. No
    block is used up for that but the last."""
    for n in range(1, len(blocks)):
        (i, j, before), (a, b, after) = blocks[n - 1], blocks[n]
        side, begin, end = (new, j + before, b) if i + before == a else (old, i + before, a)
        if i + before != a and j + before != b:
            continue
        most, by = after if n == len(blocks) - 1 and end + after == len(side) else after - 1, 0
        while by < most and side[begin + by] == side[end + by]:
            by += 1
        blocks[n - 1 : n + 1] = [(i, j, before + by), (a + by, b + by, after - by)]
    return blocks


def _blocks(a: list[int], b: list[int], i: int, iend: int, j: int, jend: int, depth: int) -> Iterator[Block]:
    """The equal runs within a[i:iend] and b[j:jend], in order."""
    start = i
    while i < iend and j < jend and a[i] == b[j]:
        i, j = i + 1, j + 1
    if i > start:
        yield start, j - (i - start), i - start
    tail = 0
    while iend - tail > i and jend - tail > j and a[iend - tail - 1] == b[jend - tail - 1]:
        tail += 1
    iend, jend = iend - tail, jend - tail
    if i < iend and j < jend:
        if (iend - i) * (jend - j) <= MAX_PAIRS:
            for op in LCSseq.opcodes(a[i:iend], b[j:jend]):
                if op.tag == "equal":
                    yield i + op.src_start, j + op.dest_start, op.src_end - op.src_start
        elif depth:
            for x, y in [*_anchors(a, b, i, iend, j, jend), (iend, jend)]:
                yield from _blocks(a, b, i, x, j, y, depth - 1)
                if x < iend:
                    yield x, y, 1
                i, j = x + 1, y + 1
    if tail:
        yield iend, jend, tail


def _anchors(a: list[int], b: list[int], i: int, iend: int, j: int, jend: int) -> list[tuple[int, int]]:
    """The longest row, ascending in both, of places whose item occurs once in a[i:iend] and once in b[j:jend]."""
    mine, theirs = Counter(a[i:iend]), Counter(b[j:jend])
    there = {b[y]: y for y in range(j, jend) if theirs[b[y]] == 1}
    pairs = [(x, there[a[x]]) for x in range(i, iend) if mine[a[x]] == 1 and a[x] in there]
    ends: list[int] = []  # by length of a row: the least place in b at which one ends, ...
    at: list[int] = []  # ... and which pair that is
    before: list[int] = []
    for number, (_, y) in enumerate(pairs):
        length = bisect_left(ends, y)
        before.append(at[length - 1] if length else -1)
        ends[length : length + 1] = [y]
        at[length : length + 1] = [number]
    row: list[tuple[int, int]] = []
    number = at[-1] if at else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]
