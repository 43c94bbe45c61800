"""arshif doctor: checks of what a crawl needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from crawler.cli.options import Json
from crawler.cli.progress import Shown, progress
from crawler.console import print_json, say
from crawler.errors import ArshifError

if TYPE_CHECKING:
    from crawler.monitoring.doctor import Check

app = typer.Typer()

STYLES = {"ok": "green", "warning": "yellow", "fail": "red"}


@app.command()
def doctor(json: Json = False) -> None:
    """Check what a crawl needs, and say how to fix what fails.

    Covers configuration, sites, clock, disk, archive, index, browser, sources and alerts. Exits with 1 if one fails.
    """
    from index.locale import FALLBACK, plain, translate

    with progress() as shown:
        checks = list(_checks(shown))
    if json:
        print_json(plain(checks))
    else:
        for check in checks:
            say(f"{check.verdict:<8}{check.what}: {translate(check.told, FALLBACK)}", STYLES[check.verdict])
    if any(check.verdict == "fail" for check in checks):
        raise typer.Exit(ArshifError.exit_code)


def _checks(shown: Shown) -> Iterator[Check]:
    from crawler.monitoring.doctor import CHECKS, Check, loaded, run_checks
    from crawler.monitoring.doctor_messages import DoctorMessage
    from index.model.message import Message

    try:
        config = loaded()
    except ArshifError as error:
        yield Check("configuration", "fail", error.message)
        return
    yield Check("configuration", "ok", Message(DoctorMessage.CONFIGURATION, {"folder": str(config.directory)}))
    step = shown.begin("doctor", "checks", len(CHECKS))
    yield from step.counted(run_checks(config, lambda what: step.update(step.done, note=what)))
