"""Identification of articles: an id, a content hash and a near-duplicate signature.

Hash and signature are computed from text normalised by `crawler.text.fold`, which is independent of the index's
normalisation because the values are stored."""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Any
from zlib import crc32

import numpy as np

from crawler.text import fold, words

PERMUTATIONS = 128  # the standard error of an estimated similarity is at most 0.044
_SHINGLE = 3  # words
_DIGIT = re.compile(r"\d")
_NUMBERS = 0.3  # share of words with digits above which a text is a table
_FLASH_MAX_WORDS = 40  # an article with fewer words is a news flash, which is never merged by its content


@dataclass(frozen=True, slots=True)
class Identity:
    """Content hash and signature of an article.

    `content_hash`: 64 hex digits, equal for texts that differ only in case, diacritics, punctuation or spaces.
    `signature`: 128 little-endian 32-bit integers (512 bytes), None under 40 words; the share of equal integers in two
    signatures estimates the Jaccard similarity of their three-word shingles. `template`: a flash (under 40 words) or
    mostly numbers, where equal text does not mean the same article."""

    content_hash: str
    signature: bytes | None
    template: bool


def article_id(site: str, url: str) -> str:
    """The id of an article: 26 letters and digits, stable for a site and a canonical URL."""
    return b32encode(sha256(f"{site}\n{url}".encode()).digest()[:16]).decode().rstrip("=").lower()


def body_hash(body: bytes) -> str:
    """The digest of a response's body, as stored to recognise the same bytes: 64 hex digits."""
    return sha256(body).hexdigest()


def identity(headline: str, body: str) -> Identity:
    """The content hash and the signature of an article."""
    head, text = fold(headline), fold(body)
    found = words(f"{head} {text}", folded=True)
    return Identity(
        content_hash=sha256(f"{head}\n{text}".encode("utf-8", "replace")).hexdigest(),
        signature=signature(found) if len(found) >= _FLASH_MAX_WORDS else None,
        template=_is_template(found),
    )


def signature(found: list[str]) -> bytes:
    """The MinHash of the three-word shingles of at least three folded words, as little-endian 32-bit integers."""
    # Join and split so that one call encodes all words; folded words contain no whitespace.
    code = np.fromiter(map(crc32, " ".join(found).encode("utf-8", "replace").split()), dtype=np.uint64)
    shingles = code[:-2] * _PLACES[0] + code[1:-1] * _PLACES[1] + code[2:] * _PLACES[2]
    values = _mixed((shingles >> np.uint64(32)).astype(np.uint32))
    low = np.full(PERMUTATIONS, 0xFFFFFFFF, dtype=np.uint32)
    for start in range(0, len(values), 1024):  # bounds the memory for a very long text
        permuted = _FACTORS[:, None] * values[start : start + 1024]
        permuted += _OFFSETS[:, None]
        np.minimum(low, permuted.min(axis=1), out=low)
    return low.astype("<u4").tobytes()


def _mixed(values: np.ndarray[Any, np.dtype[np.uint32]]) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """The finalizer of MurmurHash3 (Appleby 2011), which makes each output bit depend on every input bit."""
    values ^= values >> np.uint32(16)
    values *= np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    values ^= values >> np.uint32(16)
    return values


def _is_template(found: list[str]) -> bool:
    """Whether a text is a flash, or mostly numbers like a table of prices or results."""
    most = _NUMBERS * len(found)
    if len(found) < _FLASH_MAX_WORDS or len(_DIGIT.findall(" ".join(found))) <= most:  # hardly any text has more
        return len(found) < _FLASH_MAX_WORDS
    return sum(_DIGIT.search(word) is not None for word in found) > most


def _parameters(name: str, count: int, kind: str) -> np.ndarray[Any, Any]:
    """Fixed pseudo-random odd integers of this dtype: signatures are stored, so they must not depend on a library's
    random number generator."""
    size = np.dtype(kind).itemsize
    raw = b"".join(blake2b(f"{name} {i}".encode(), digest_size=size).digest() for i in range(count))
    numbers: np.ndarray[Any, Any] = np.frombuffer(raw, dtype=kind) | np.array(1, dtype=kind)
    return numbers


# Multilinear hashing of the words of a shingle (Lemire and Kaser 2014): the high half of the sum is universal. Then
# a * x + b mod 2**32 with odd a is a permutation, as min-wise hashing requires.
_PLACES = _parameters("place", _SHINGLE, "<u8")
_FACTORS, _OFFSETS = _parameters("factor", PERMUTATIONS, "<u4"), _parameters("offset", PERMUTATIONS, "<u4")
