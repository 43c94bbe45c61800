"""Progress: bars on a terminal, lines elsewhere, and nothing of either on standard output."""

from __future__ import annotations

import logging
import re
import sys
import threading
from io import StringIO

import pytest
from rich.console import Console

from crawler.cli import progress as module
from crawler.cli.progress import BYTES, MAX_SHOWN, Step, progress
from crawler.maintenance.reextract import Report
from tests.support.patience import wait_for


def terminal() -> tuple[Console, StringIO]:
    file = StringIO()
    return Console(file=file, force_terminal=True, width=120, legacy_windows=False), file


def told(step: Step, passed: float, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(module.time, "monotonic", lambda: step.begun + passed)
    return step.line


def test_a_line_has_counts_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Step("reextract", "articles", 2_000)
    assert told(step, 9.0, monkeypatch) == "reextract: 0 of 2,000 articles"
    step.update(500, note="3 differ")
    assert told(step, 10.0, monkeypatch) == "reextract: 500 of 2,000 articles; 3 differ, 50 a second, 30 s left"
    assert told(step, 0.1, monkeypatch) == "reextract: 500 of 2,000 articles; 3 differ", "no rate yet"
    step.update(2_000)
    assert told(step, 40.0, monkeypatch) == "reextract: 2,000 of 2,000 articles; 3 differ, 50 a second"


def test_what_an_earlier_process_did_is_no_part_of_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    step, report = Step("reextract", "articles", None), Report(read=1_000, earlier=1_000)
    step.follow(report, 2_000)
    assert told(step, 10.0, monkeypatch) == "reextract: 1,000 of 2,000 articles"
    report.read = 1_500
    step.follow(report, 2_000, "3 differ")
    assert told(step, 10.0, monkeypatch) == "reextract: 1,500 of 2,000 articles; 3 differ, 50 a second, 10 s left"
    assert (
        step.ending == "1,500 of 2,000 articles; 3 differ, on from 1,000, where an earlier run ended: 10 s, 50 a second"
    )


def test_what_has_no_known_end_has_no_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Step("index", "documents", None)
    step.advance(9)
    assert told(step, 2.0, monkeypatch) == "index: 9 documents, 4.5 a second"
    size = Step("backup", BYTES, 2_000_000_000)
    size.update(500_000_000)
    assert told(size, 5.0, monkeypatch) == "backup: 500 MB of 2 GB, 100 MB a second, 15 s left"


def test_without_a_terminal_there_is_a_line_from_time_to_time(capsys: pytest.CaptureFixture[str]) -> None:
    seen = ""

    def printed() -> bool:
        nonlocal seen
        seen += capsys.readouterr().err
        return seen.count("export: 3 of 9 articles") >= 2

    with progress(interval=0.01) as shown:
        assert not shown.on_terminal
        shown.begin("export", "articles", 9).update(3)
        wait_for(printed)
    assert threading.current_thread() in threading.enumerate()
    assert not [thread for thread in threading.enumerate() if thread.name == "progress"]


def test_a_short_command_prints_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as shown:
        shown.begin("export", "articles", 9).update(9)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_there_are_bars_that_go_when_the_work_is_done() -> None:
    console, file = terminal()
    with progress(console) as shown:
        assert shown.on_terminal
        steps = [shown.begin(f"site-{number}", "pages", 4) for number in range(MAX_SHOWN + 5)]
        steps[0].update(3, note="2 new")
        steps[1].advance()
        shown.end(steps[1])
        shown.end(steps[-1])
        assert shown.bars is not None
        shown.bars.refresh()
        text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", file.getvalue())
    assert "3 of 4 pages; 2 new" in text
    assert f"site-{MAX_SHOWN - 1} " in text
    assert f"site-{MAX_SHOWN} " not in text
    assert file.getvalue().endswith("\x1b[2K"), "the bars are wiped off"
    assert "\x1b[?25h" in file.getvalue(), "the cursor is back"


def test_the_log_goes_above_the_bars_and_back() -> None:
    console, _ = terminal()
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        before = handler.stream
        with progress(console):
            assert handler.stream is sys.stderr
            assert handler.stream is not before, "Rich's, which moves the bars"
        assert handler.stream is before
    finally:
        logging.getLogger().removeHandler(handler)


def test_what_a_page_wrote_does_not_reach_the_terminal_raw() -> None:
    assert "\x1b" not in Step("a\x1b[2J", "pages", None).line
