"""Hygiene of text, and the folding that stored hashes are made of."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text import block, fold, line, paragraphs, tidy, words


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\u00a0\u2009b\t c", "a b c"),
        ("عا\u200fجل\u202e", "عاجل"),
        ("\ufeffx\x00\x1b[31m\u00ad", "x[31m"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("مـحـمـد", "مـحـمـد"),
        ("e\u0301", "é"),
        ("a\ud800b", "ab"),
        ("a\r\nb\u2028c", "a b c"),
        (None, ""),
    ],
)
def test_a_line(raw: str | None, expected: str) -> None:
    assert line(raw) == expected


def test_a_body_keeps_its_paragraphs() -> None:
    body = block(["  one ", "", "two\n\nlines", "\u200f"])
    assert body == "one\n\ntwo\nlines"
    assert paragraphs(body) == ["one", "two\nlines"]


@given(st.text(max_size=300))
def test_any_text_can_be_stored_and_is_stable(raw: str) -> None:
    once = tidy(raw)
    assert tidy(once) == once
    assert json.loads(json.dumps(once).encode()) == once
    assert not set(once) & {"\x00", "\x1b", "\u202e", "\ud800"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("الأَحْمَد إلى آخِره", "الاحمد الى اخره"),
        ("مدرسة", "مدرسه"),
        ("مـحـمـد؟", "محمد"),
        ("٢٠٢٤", "2024"),
        ("می‌خواهم کتاب", "ميخواهم كتاب"),
        ("ÉCOLE, “x”", "école x"),
    ],
)
def test_folding_leaves_what_counts(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_words_of_a_script_without_spaces() -> None:
    assert words("中国 news") == ["中", "国", "news"]
