"""Ids, content hashes and signatures: stored values, so that they are held to the byte."""

from __future__ import annotations

import random

import numpy as np
import pytest

from crawler import fingerprint

WORDS = ["".join(random.Random(n).choices("ابتجدرسعقكلمنهوي", k=6)) for n in range(400)]


def text(seed: int, changed: int = 0) -> str:
    chosen = random.Random(seed).sample(WORDS, 200)
    for at in random.Random(seed + 1).sample(range(200), changed):
        chosen[at] = "تغيير"
    return " ".join(chosen)


def content_hash(headline: str, body: str) -> str:
    return fingerprint.identity(headline, body).content_hash


def signature(headline: str, body: str) -> bytes | None:
    return fingerprint.identity(headline, body).signature


def similarity(one: bytes | None, other: bytes | None) -> float:
    assert one is not None
    assert other is not None
    return float(np.mean(np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")))


def test_an_id_is_stable_and_depends_on_site_and_address() -> None:
    assert fingerprint.article_id("step", "https://example.com/1") == "pqkyjytqa7bj5xiy6fkbjt2qri"
    assert len({fingerprint.article_id(s, u) for s in "ab" for u in ("https://a/1", "https://a/2")}) == 4


def test_a_content_hash_ignores_what_readers_do_not_read() -> None:
    one = content_hash("الأحمد", "قال، إنّه هناك.")
    assert one == content_hash("الاحمد", "قال إنه   هناك")
    assert one != content_hash("الأحمد", "قال إنه هنا")
    assert content_hash("a", "b c") != content_hash("a b", "c")
    assert len(one) == 64


def test_signatures_estimate_similarity() -> None:
    own = signature("", text(1))
    assert own is not None
    assert len(own) == 512
    assert similarity(own, signature("", text(1))) == 1.0
    assert 0.6 < similarity(own, signature("", text(1, changed=10))) < 0.95
    assert similarity(own, signature("", text(500))) < 0.1


def test_signatures_never_change() -> None:
    assert signature("", text(1))[:8].hex() == "e8397e018b695701"  # type: ignore[index]


@pytest.mark.parametrize(
    ("headline", "body", "expected"),
    [
        ("عاجل", "انفجار وسط المدينة", True),
        ("خبر", text(1), False),
        ("أسعار", " ".join(f"دولار {n}.{n}" for n in range(60)), True),
        (
            "中文",
            "中国外交部发言人星期三在例行记者会上表示双方将继续就有关问题保持沟通推动两国关系健康稳定向前发展。" * 2,
            False,
        ),
    ],
)
def test_flashes_and_tables_are_templates(headline: str, body: str, expected: bool) -> None:
    assert fingerprint.identity(headline, body).template is expected


def test_a_short_text_has_no_signature() -> None:
    assert signature("عاجل", "انفجار وسط المدينة") is None
