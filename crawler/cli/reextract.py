"""arshif reextract: extract the stored pages again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import index_changes
from crawler.cli.options import Cluster, FetchedSince, Json, SiteOption, WorkerCount, moment
from crawler.cli.progress import Step, progress
from crawler.console import print_error, print_json, say
from crawler.errors import Busy

if TYPE_CHECKING:
    from crawler.maintenance.reextract import Report

app = typer.Typer()

EXCERPT_CHARS = 100  # characters shown of a field that differs
CONTEXT = 20  # of these, before the first difference


@app.command()
def reextract(
    site: SiteOption = "",
    since: FetchedSince = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; show what would change.")] = False,
    workers: WorkerCount = None,
    on: Cluster = "",
    json: Json = False,
) -> None:
    """Extract the raw copies again with the current code and rules.

    What is read differently becomes a further reading of the same version: the site did not change anything. A run
    that was killed goes on where it was when the same command is given again.
    """
    import asyncio
    from contextlib import closing

    from crawler.config import load
    from crawler.maintenance.reextract import Reextraction
    from crawler.processes.workers import opened
    from crawler.storage import open_archive, open_raw, with_archived

    config = load()
    with (
        closing(opened(on, workers)) as pool,
        open_archive(config) as archive,
        open_raw(config, archive) as raw,
        progress() as shown,
    ):
        with archive.read() as conn:
            known = with_archived(conn, config)
        chosen = known.choose(site) if site else tuple(known.sites.values())
        step = shown.begin("reextract", "articles")

        def tell(report: Report, total: int | None) -> None:
            step.follow(report, total, f"{report.changed} differ")

        work = Reextraction(archive, raw, pool, dry=dry_run)
        report = asyncio.run(work.run(chosen, moment(since), datetime.now(UTC), tell, asked=since))
        if not dry_run:
            index_changes(config, archive, shown)
    if json:
        print_json({"dry": dry_run, **asdict(report)})
    else:
        _print(report, dry_run, step)
    if report.busy:
        raise typer.Exit(Busy.exit_code)


def _print(report: Report, dry: bool, step: Step) -> None:
    outcome = "would change" if dry else "corrected"
    say(f"{report.read} articles extracted again, {report.changed} {outcome}")
    for name, count in sorted(report.fields.items(), key=lambda item: -item[1]):
        say(f"{name}: {count}", "bold")
        for example in report.examples[name]:
            say(f"  {example.url}", "dim")
            _print_difference(str(example.before), str(example.after))
    if report.refused:
        print_error(f"{report.refused} would no longer count as articles; they stay as they are")
    if report.unreadable:
        print_error(f"{report.unreadable} raw copies could not be read")
    say(step.ending, "dim")
    if report.busy:
        print_error(f"skipped, because they are being crawled: {', '.join(report.busy)}")


def _print_difference(before: str, after: str) -> None:
    same = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    start = max(0, same - CONTEXT)
    for sign, text in (("-", before), ("+", after)):
        say(f"  {sign} {'…' if start else ''}{shorten(text[start:], EXCERPT_CHARS, placeholder='…')}")
