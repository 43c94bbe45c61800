"""doctor: what a crawl needs, looked at before it is missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from crawler.config import load
from crawler.console import print_json, say
from crawler.errors import ArshifError
from crawler.monitoring.doctor import Check, run_checks

STYLES = {"ok": "green", "warning": "yellow", "fail": "red"}


def doctor(json: bool) -> int:
    found = []
    for finding in _look():
        found.append(finding)
        if not json:
            say(f"{finding.verdict:<8}{finding.what}: {finding.told}", STYLES[finding.verdict])
    if json:
        print_json([asdict(finding) for finding in found])
    return int(any(finding.verdict == "fail" for finding in found))


def _look() -> Iterator[Check]:
    try:
        config = load()
    except ArshifError as error:
        yield Check("configuration", "fail", str(error))
        return
    yield Check("configuration", "ok", str(config.directory))
    yield from run_checks(config)
