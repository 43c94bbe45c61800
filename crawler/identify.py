"""Identify: which article it is (id), what it says (content hash), what it resembles (near-duplicate signature).

All over text folded by `crawler.clean.text.fold`, which is apart from the index's folding: these values are stored."""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass
from hashlib import blake2b, sha256

import numpy as np

from crawler.clean.text import fold, words

PERMUTATIONS = 128  # the standard error of an estimated similarity is .044 at most
_SHINGLE = 3  # words
_DIGIT = re.compile(r"\d")
_NUMBERS = 0.3  # share of words with digits from which a text is a table
_SHORT = 40  # words below which an article is a flash: never merged by its content


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
        signature=_signature(found) if len(found) >= _SHORT else None,
        template=_is_template(found),
    )


def _signature(found: list[str]) -> bytes:
    """MinHash of the three-word shingles, as little-endian 32-bit numbers."""
    shingles = {" ".join(found[i : i + _SHINGLE]) for i in range(len(found) - _SHINGLE + 1)}
    raw = b"".join(blake2b(s.encode("utf-8", "replace"), digest_size=4).digest() for s in shingles)
    values = np.frombuffer(raw, dtype="<u4").astype(np.uint64)
    low = np.full(PERMUTATIONS, 0xFFFFFFFF, dtype=np.uint64)
    for start in range(0, len(values), 1024):  # bounds the memory that one very long text takes
        mixed = (_FACTORS[:, None] * values[start : start + 1024] + _OFFSETS[:, None]) >> np.uint64(32)
        np.minimum(low, mixed.min(axis=1), out=low)
    return low.astype("<u4").tobytes()


def _is_template(found: list[str]) -> bool:
    """A flash, or mostly numbers, as tables of prices and results are."""
    numbers = sum(_DIGIT.search(word) is not None for word in found)
    return len(found) < _SHORT or numbers > _NUMBERS * len(found)


def _parameters(name: str) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """128 fixed pseudo-random odd 64-bit numbers: signatures are stored, so they must never depend on a library's
    generator."""
    raw = b"".join(blake2b(f"{name} {i}".encode(), digest_size=8).digest() for i in range(PERMUTATIONS))
    return np.frombuffer(raw, dtype="<u8").astype(np.uint64) | np.uint64(1)


# Multiply-shift hashing (Dietzfelbinger et al. 1997): (a * x + b mod 2**64) >> 32 is universal for 32-bit x.
_FACTORS, _OFFSETS = _parameters("factor"), _parameters("offset")
