"""arshif raw: the WARC files of the raw copies."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_error, print_json, say

app = typer.Typer()


@app.command("compact")
def compact_raw(json: Json = False) -> None:
    """Merge small WARC files into files of up to `raw.file_bytes`, as the daemon does by itself.

    The daemon merges those of a month that is over, and of the current one when they are many; this merges all that no
    crawl is writing. Every record is checked on the way; a file with a damaged one stays as it is.
    """
    from crawler.config import load
    from crawler.maintenance.compaction import compact

    config = load(only=())
    with open_existing_archive(config) as archive, progress() as shown:
        step = shown.begin("compact", "files")
        done = compact(archive, config, datetime.now(UTC), at_once=True, told=step.update)
    if json:
        print_json(asdict(done))
        return
    say(f"Merged {done.merged} WARC files with {done.records} raw copies into {done.into}")
    if done.damaged:
        print_error(f"{done.damaged} were left as they are, because of damaged raw copies: `arshif verify` lists them")
