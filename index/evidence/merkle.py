"""Merkle trees as RFC 9162 section 2.1 (and RFC 6962 before it) has them: SHA-256, with leaves and nodes told apart.

Everything takes the leaves one after the other, and holds as many hashes as the tree is high.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import islice

_LEAF, _NODE = b"\x00", b"\x01"  # what precedes their content, so that no leaf can be taken for a node


class NotInTree(ValueError):
    """A path that no tree of its size has."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf with this content."""
    return sha256(_LEAF + data).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes; that of no leaf is the hash of nothing."""
    trees: list[tuple[int, bytes]] = []  # the full subtrees so far: the number of their leaves, and their root
    for leaf in leaves:
        size, node = 1, leaf
        while trees and trees[-1][0] == size:
            node = _node(trees.pop()[1], node)
            size *= 2
        trees.append((size, node))
    if not trees:
        return sha256().digest()
    node = trees.pop()[1]
    while trees:
        node = _node(trees.pop()[1], node)
    return node


def path(leaves: Iterable[bytes], index: int, size: int) -> list[bytes]:
    """The inclusion path of the leaf at `index`, from 0, in the tree over these `size` leaf hashes: from it upwards.

    :raises ValueError: when there is no such leaf.
    """
    siblings = _siblings(index, size)
    rest, at, found = iter(leaves), 0, {}
    for start, end in sorted(siblings):
        found[start] = root(islice(rest, start - at, end - at))
        at = end
    return [found[start] for start, _ in siblings]


def root_by_path(leaf: bytes, index: int, size: int, hashes: Iterable[bytes]) -> bytes:
    """The root of the tree of `size` leaves that has this leaf hash at `index`, by its inclusion path.

    :raises NotInTree: when the path is not one of such a leaf.
    """
    given = list(hashes)
    if not 0 <= index < size or len(given) != len(siblings := _siblings(index, size)):
        raise NotInTree(index, size)
    node = leaf
    for sibling, (start, _) in zip(given, siblings, strict=True):
        node = _node(sibling, node) if start < index else _node(node, sibling)
    return node


def _siblings(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves whose roots are the path of a leaf, from it upwards."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)  # the largest power of two smaller than the size
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()
