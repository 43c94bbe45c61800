"""doctor: what a crawl needs, looked at before it is missed."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.config import load
from crawler.console import print_json, say
from crawler.errors import ArshifError
from crawler.monitoring.doctor import Check, run_checks
from crawler.monitoring.doctor_messages import DoctorMessage
from index.locale import FALLBACK, plain, translate
from index.model.message import Message

STYLES = {"ok": "green", "warning": "yellow", "fail": "red"}


def doctor(json: bool) -> int:
    found = []
    for finding in _look():
        found.append(finding)
        if not json:
            say(f"{finding.verdict:<8}{finding.what}: {translate(finding.told, FALLBACK)}", STYLES[finding.verdict])
    if json:
        print_json([plain(finding) for finding in found])
    return int(any(finding.verdict == "fail" for finding in found))


def _look() -> Iterator[Check]:
    try:
        config = load()
    except ArshifError as error:
        yield Check("configuration", "fail", error.message)
        return
    yield Check("configuration", "ok", Message(DoctorMessage.CONFIGURATION, {"folder": str(config.directory)}))
    yield from run_checks(config)
