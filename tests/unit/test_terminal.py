"""Nothing that a page wrote reaches the terminal raw."""

from __future__ import annotations

import json

import pytest

from crawler.terminal import print_json, print_table, safe, say

HOSTILE = "عاجل\x1b]52;c;aGk=\x07 \x9b31m\u202egnp.exe\u2066 \x08end"


@pytest.mark.parametrize("show", [say, lambda text: print_table(("title",), [(text,)]), lambda t: print_json({"t": t})])
def test_controls_and_overrides_do_not_pass(show: object, capsys: pytest.CaptureFixture[str]) -> None:
    show(HOSTILE)  # type: ignore[operator]
    printed = capsys.readouterr().out
    assert "عاجل" in printed
    assert not set(printed) & set("\x1b\x07\x9b\x08\u202e\u2066")


def test_json_keeps_every_character(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"title": HOSTILE})
    assert json.loads(capsys.readouterr().out) == {"title": HOSTILE}


def test_joiners_stay() -> None:
    assert safe("می\u200cخواهم") == "می\u200cخواهم"
