"""Where our own reader finds no text, trafilatura is asked, and must not glue words together."""

from __future__ import annotations

import pytest

from crawler.extract.body import _trafilatura

ZWNJ = "\u200c"
SAID = f"شهردار می{ZWNJ}گوید خیابان{ZWNJ}های تازه تا سال ساخته می{ZWNJ}شوند و مردم از آن{ZWNJ}ها بهره می{ZWNJ}برند"
LINES = [f"{SAID} {n}" for n in range(6)]


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "slow"])
@pytest.mark.parametrize(
    ("before", "after"),
    [("<p>", "</p>"), ("<blockquote><p>", "</p></blockquote>"), ("<p><b>", "</b></p>")],
    ids=["paragraphs", "quotes", "bold"],
)
def test_persian_half_spaces_are_kept(before: str, after: str, fast: bool) -> None:
    """Its own text formats drop them (`findings/trafilatura-zwnj.sh`); the tree that is read instead has them."""
    text = "".join(f"{before}{said}{after}" for said in LINES)
    found = _trafilatura(f"<html lang=fa><body><article><h1>خبر شهر</h1>{text}</article></body></html>", fast=fast)
    assert [one for one in found if one != "خبر شهر"] == LINES
