"""The log: safe on a terminal, one line a message, ECS for programs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest

from crawler.logging_setup import set_up_log

HOSTILE = "عاجل\x1b]52;c;aGk=\x07 \x9b31m\u202egnp.exe\u2066 \x08end"


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
