"""Identify: which article it is (id), what it says (content hash), what it resembles (near-duplicate signature).

All over text folded by `crawler.text.fold`, which is apart from the index's folding: these values are stored."""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Any
from zlib import crc32

import numpy as np

from crawler.text import fold, words

PERMUTATIONS = 128  # the standard error of an estimated similarity is .044 at most
_SHINGLE = 3  # words
_DIGIT = re.compile(r"\d")
_NUMBERS = 0.3  # share of words with digits from which a text is a table
_FLASH_MAX_WORDS = 40  # words below which an article is a flash: never merged by its content


@dataclass(frozen=True, slots=True)
class Identity:
    """`content_hash`: 64 hex digits, the same for texts that differ in case, marks, punctuation or spaces only.
    `signature`: 128 little-endian 32-bit numbers (512 bytes), None under 40 words; the share of equal numbers of two of
    them estimates the Jaccard similarity of their three-word shingles. `template`: a flash (under 40 words) or mostly
    numbers, where equal text says nothing of equal articles."""

    content_hash: str
    signature: bytes | None
    template: bool


def article_id(site: str, url: str) -> str:
    """26 letters and digits that are stable for a site and a canonical URL."""
    return b32encode(sha256(f"{site}\n{url}".encode()).digest()[:16]).decode().rstrip("=").lower()


def identity(headline: str, body: str) -> Identity:
    """What a text is known by."""
    head, text = fold(headline), fold(body)
    found = words(f"{head} {text}", folded=True)
    return Identity(
        content_hash=sha256(f"{head}\n{text}".encode("utf-8", "replace")).hexdigest(),
        signature=signature(found) if len(found) >= _FLASH_MAX_WORDS else None,
        template=_is_template(found),
    )


def signature(found: list[str]) -> bytes:
    """MinHash of the three-word shingles of folded words (three at least), as little-endian 32-bit numbers."""
    # Joined and cut again: one call encodes all; folded words have no space of any kind in them.
    coded = [crc32(word) for word in " ".join(found).encode("utf-8", "replace").split()]
    code = np.array(coded, dtype=np.uint64)
    shingles = code[:-2] * _PLACES[0] + code[1:-1] * _PLACES[1] + code[2:] * _PLACES[2]
    values = _mixed((shingles >> np.uint64(32)).astype(np.uint32))
    low = np.full(PERMUTATIONS, 0xFFFFFFFF, dtype=np.uint32)
    for start in range(0, len(values), 1024):  # bounds the memory that one very long text takes
        permuted = _FACTORS[:, None] * values[start : start + 1024] + _OFFSETS[:, None]
        np.minimum(low, permuted.min(axis=1), out=low)
    return low.astype("<u4").tobytes()


def _mixed(values: np.ndarray[Any, np.dtype[np.uint32]]) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Every bit of a number spread over all of its bits: the finalizer of MurmurHash3 (Appleby 2011)."""
    values ^= values >> np.uint32(16)
    values *= np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    values ^= values >> np.uint32(16)
    return values


def _is_template(found: list[str]) -> bool:
    """A flash, or mostly numbers, as tables of prices and results are."""
    numbers = sum(_DIGIT.search(word) is not None for word in found)
    return len(found) < _FLASH_MAX_WORDS or numbers > _NUMBERS * len(found)


def _parameters(name: str, count: int, kind: str) -> np.ndarray[Any, Any]:
    """Fixed pseudo-random odd numbers of this kind: signatures are stored, so they must never depend on a library's
    generator."""
    size = np.dtype(kind).itemsize
    raw = b"".join(blake2b(f"{name} {i}".encode(), digest_size=size).digest() for i in range(count))
    numbers: np.ndarray[Any, Any] = np.frombuffer(raw, dtype=kind) | np.array(1, dtype=kind)
    return numbers


# Multilinear hashing of the words of a shingle (Lemire and Kaser 2014): the high half of the sum is universal. Then
# a * x + b mod 2**32 with odd a is a permutation, as min-wise hashing wants.
_PLACES = _parameters("place", _SHINGLE, "<u8")
_FACTORS, _OFFSETS = _parameters("factor", PERMUTATIONS, "<u4"), _parameters("offset", PERMUTATIONS, "<u4")
