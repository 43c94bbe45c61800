"""Nothing that a page wrote reaches the terminal raw."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from crawler.terminal import lasting, print_json, print_table, safe, say, set_up_log

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


@pytest.mark.usefixtures("own_log")
def test_the_log_is_as_safe(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log()
    logging.getLogger("arshif.test").warning("no article: %s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("arshif.test").exception("a fault")
    logging.getLogger("scrapy.core.engine").info("progress of a library")
    logged = capsys.readouterr().err
    assert logged.count("عاجل") == 2
    assert "Traceback" in logged
    assert "progress" not in logged
    assert not set(logged) & set("\x1b\x07\x9b\x08\u202e\u2066")


@pytest.mark.usefixtures("own_log")
def test_a_message_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log()
    logging.getLogger("arshif.test").warning("no article: %s", "x\n2026-11-26T07:00:00+0000 ERROR arshif: forged")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("no article: x\\n2026-11-26T07:00:00+0000 ERROR arshif: forged")


@pytest.mark.usefixtures("own_log")
def test_machines_get_the_log_as_ecs(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log(form="json")
    logging.getLogger("arshif.test").warning("no article: %s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("arshif.test").exception("a fault")
    logged = capsys.readouterr().err
    first, second = map(json.loads, logged.splitlines())
    expected = {"message": f"no article: {HOSTILE}", "log.level": "warning", "log.logger": "arshif.test"}
    assert first.items() >= expected.items()
    assert datetime.fromisoformat(first["@timestamp"]).tzinfo == UTC
    assert "ValueError" in second["error.stack_trace"]
    assert not set(logged) & set("\x1b\x07\x9b\x08\u202e\u2066")


@pytest.mark.usefixtures("own_log")
def test_no_line_of_the_log_is_lost_for_what_its_library_adds(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log(form="json")
    logging.getLogger("arshif.test").warning(
        "a line", extra={"log": "a library's own", "error.type": 1, "spider": object()}
    )
    try:
        try:
            _ = 1 // 0
        except ZeroDivisionError as cause:
            raise ValueError("a fault") from cause
    except ValueError:
        logging.getLogger("arshif.test").exception("a fault", extra={"error": "a library's own"})
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first.keys() == {
        "@timestamp",
        "log.level",
        "log.logger",
        "message",
        "process.pid",
        "service.name",
        "ecs.version",
    }
    assert "ZeroDivisionError" in second["error.stack_trace"]


def test_on_a_narrow_terminal_only_the_last_column_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Console(file=StringIO(), width=60, force_terminal=True, color_system=None)
    monkeypatch.setattr("crawler.terminal.out", narrow)
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
    assert lasting(timedelta(seconds=seconds)) == told
