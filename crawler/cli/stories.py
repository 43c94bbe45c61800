"""arshif stories: texts that several sites have."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from crawler.cli.archive import index_changes, open_existing_archive
from crawler.cli.options import Cluster, Json, WorkerCount
from crawler.cli.progress import progress
from crawler.console import print_json, say

if TYPE_CHECKING:
    from crawler.maintenance.story_rebuild import Rebuilt

app = typer.Typer()


@app.command("rebuild")
def rebuild_stories(workers: WorkerCount = None, on: Cluster = "", json: Json = False) -> None:
    """Sign all articles anew, and find which of them have the same text.

    Crawls may go on meanwhile. A run that was killed goes on where it was when the same command is given again.
    """
    import asyncio
    from contextlib import closing

    from crawler.config import load
    from crawler.maintenance.story_rebuild import StoryRebuild
    from crawler.processes.workers import opened

    config = load(only=())
    with closing(opened(on, workers)) as pool, open_existing_archive(config) as archive, progress() as shown:
        step = shown.begin("stories", "articles")

        def tell(report: Rebuilt, total: int | None) -> None:
            step.follow(report, total, f"{report.changed} of another story")

        report = asyncio.run(StoryRebuild(archive, pool, datetime.now(UTC)).run(tell))
        index_changes(config, archive, shown)
    if json:
        print_json(asdict(report))
    else:
        say(f"{report.articles} articles compared, {report.changed} are of another story now, or of none")
        say(step.ending, "dim")
