"""Merkle trees are those of RFC 9162."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.evidence import merkle

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = (  # of the first leaf, of the first two and so on: the test vectors of Certificate Transparency
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def hashes(n: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(n)]


@pytest.mark.parametrize("n", range(1, 9))
def test_roots_are_those_of_certificate_transparency(n: int) -> None:
    assert merkle.root(merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:n]).hex() == ROOTS[n - 1]


def test_no_leaf_has_the_hash_of_nothing_as_its_root() -> None:
    assert merkle.root([]) == sha256().digest()


@pytest.mark.parametrize("size", range(1, 34))
def test_the_path_of_each_leaf_leads_to_the_root_and_that_of_no_other_place_does(size: int) -> None:
    leaves = hashes(size)
    root = merkle.root(leaves)
    for index, leaf in enumerate(leaves):
        path = merkle.path(iter(leaves), index, size)
        assert merkle.root_by_path(leaf, index, size, path) == root
        for other in range(size):
            if other != index:
                try:
                    found = merkle.root_by_path(leaf, other, size, path)
                except merkle.NotInTree:
                    continue
                assert found != root


@given(st.integers(1, 5_000), st.data())
def test_a_path_is_as_long_as_the_tree_is_high_and_no_other_length_is_taken(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = hashes(size)
    path = merkle.path(leaves, index, size)
    assert len(path) <= (size - 1).bit_length()
    assert merkle.root_by_path(leaves[index], index, size, path) == merkle.root(leaves)
    for wrong in (path[:-1], [*path, bytes(32)]):
        if wrong != path:
            with pytest.raises(merkle.NotInTree):
                merkle.root_by_path(leaves[index], index, size, wrong)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_of_the_tree_has_no_path(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.path(hashes(max(size, 0)), index, size)
    with pytest.raises(merkle.NotInTree):
        merkle.root_by_path(bytes(32), index, size, [])
