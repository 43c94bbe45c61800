"""arshif import: pages that others archived, from WARC and WACZ files, lists of them, and folders of saved pages; and
addresses that others collected."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import index_changes
from crawler.cli.options import Cluster, FetchedSince, FetchedUntil, Json, WorkerCount, moment
from crawler.cli.progress import progress
from crawler.console import print_error, print_json, say

if TYPE_CHECKING:
    from crawler.importing.storing import ImportReport

app = typer.Typer()


@app.command(name="import")
def import_pages(  # noqa: PLR0913
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH|URL...",
            help="WARC or WACZ file, folder of such files or of saved pages, list of WARC files (warc.paths.gz); or CSV"
            " or JSON with addresses (url), which are queued for the next crawl of their sites. Here, or at an address"
            " (http, https, s3).",
        ),
    ],
    sites: Annotated[str, typer.Option(help="Only pages of these sites: ids or hosts, separated by commas.")] = "",
    since: FetchedSince = "",
    until: FetchedUntil = "",
    languages: Annotated[str, typer.Option(help="Only articles in these languages, such as ar,en.")] = "",
    workers: WorkerCount = None,
    on: Cluster = "",
    json: Json = False,
) -> None:
    """Store pages that others archived, as versions of the time at which they were fetched.

    An import that was interrupted continues where it ended when the same command is given again, and one that is
    repeated stores nothing twice.
    """
    import asyncio
    from contextlib import closing

    from crawler.config import load
    from crawler.importing.job import Import
    from crawler.importing.page_filter import PageFilter
    from crawler.processes.workers import opened
    from crawler.storage import open_archive, open_raw, own_raw_place

    config = load()
    chosen = _split(sites)
    wanted = PageFilter(config, chosen, moment(since), moment(until), config.settings.politeness.page_max_bytes)
    options = repr((sorted(chosen), since, until, languages))
    own_raw_place(config)
    with (
        closing(opened(on, workers)) as pool,
        open_archive(config) as archive,
        open_raw(config, archive) as raw,
        progress() as shown,
    ):
        looking, storing = shown.begin("look through", "records"), shown.begin("import", "pages")

        def tell(report: ImportReport, total: int | None) -> None:
            looking.update(report.records)
            if total is None:
                storing.begun = looking.updated
            else:
                storing.follow(report, total)

        work = Import(config, archive, raw, pool, wanted, _split(languages), tell)
        report = asyncio.run(work.run(paths, options))
        index_changes(config, archive, shown)
    if json:
        print_json(asdict(report))
    else:
        _print(report)
        say(storing.ending, "dim")


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _print(report: ImportReport) -> None:
    from crawler.importing.page_filter import Passed

    say(f"{report.records:,} records, {report.pages:,} pages read")
    say(f"{report.new:,} new articles, {report.changed:,} further versions, {report.same:,} unchanged", "bold")
    if report.queued or report.known:
        say(f"{report.queued:,} addresses queued for the next crawl, {report.known:,} known already", "bold")
    if report.referred:
        say(f"{report.referred:,} records referred to where they lie (raw.outside): keep these files", "bold")
    if report.copies:
        say(f"{report.copies:,} other addresses of articles")
    for reason, n in sorted(report.refused.items(), key=lambda item: -item[1]):
        say(f"not an article ({reason.removeprefix('page.')}): {n:,}", "dim")
    for reason, n in sorted(report.passed.items(), key=lambda item: -item[1]):
        say(f"passed over ({reason}): {n:,}", "dim")
    if Passed.NOT_CRAWLED in report.passed:
        say("`arshif sites add` adds a site, whose addresses can then be imported; `arshif archive` takes single ones")
    if report.unreadable:
        print_error(f"{report.unreadable:,} pages could not be read")
    if report.forgotten:
        say(f"{report.forgotten:,} pages were erased from the archive before and stay so", "dim")
