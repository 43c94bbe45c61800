"""Nothing that a page wrote reaches the terminal raw."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from crawler.console import format_duration, print_json, print_table, safe, say

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


def test_on_a_narrow_terminal_only_the_last_column_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Console(file=StringIO(), width=60, force_terminal=True, color_system=None)
    monkeypatch.setattr("crawler.console.out", narrow)
    began = datetime(2026, 11, 23, 20, 9, 42, tzinfo=UTC)
    print_table(
        ("run", "started", "what became"), [(1, began, "61 new, 4 copies, 2 refused, 1 failed, 7 left for later")]
    )
    head, *rows = narrow.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:42", rows[0])
    assert len(rows) == 2
    assert max(map(len, [head, *rows])) <= 60


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "119 min"),
        (7_200, "2 h"),
        (200_000, "2 days"),
        (-5, "0 s"),
    ],
)
def test_a_span_is_told_in_one_unit(seconds: float, told: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == told
