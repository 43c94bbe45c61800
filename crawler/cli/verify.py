"""arshif verify: check all raw copies against their digests, and all texts and manifests against each other."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_json, say, some_of
from crawler.errors import ArshifError

if TYPE_CHECKING:
    from crawler.maintenance.verification import Verified
    from index.archive.warc_records import DamagedRecord

app = typer.Typer()

MEGABYTE = 1_000_000  # bytes, as disks are measured


@app.command()
def verify(
    within: Annotated[
        float,
        typer.Option(min=0, max=36_525, help="Leave out those checked within so many days; 0 checks all of them."),
    ] = 30,
    speed: Annotated[float, typer.Option(min=0, help="Megabytes read per second at most; 0 for no limit.")] = 50,
    json: Json = False,
) -> None:
    """Check all raw copies against their digests, and all texts and manifests.

    Lists the copies that are missing or damaged and the versions read from them, the texts that are not as a manifest
    says, and what is wrong with the manifests. If it is interrupted, the next call continues with the copies where it
    ended. Exits with 1 if anything is wrong.
    """
    from crawler.config import load
    from crawler.maintenance import verification
    from crawler.storage import open_raw
    from index.archive import manifest_checks, warc_records
    from index.locale import FALLBACK, plain, translate

    config, now = load(only=()), datetime.now(UTC)
    with open_existing_archive(config) as archive, open_raw(config, archive) as raw, progress() as shown:
        since = now - timedelta(days=within)
        step = shown.begin("verify", "raw copies")

        def tell(found: Verified, total: int | None) -> None:
            step.follow(found, total, f"{found.damaged} damaged, {found.missing} missing")

        found = verification.verify(archive, raw, since, now, speed=speed * MEGABYTE, told=tell)
        with archive.read() as conn:
            damaged = warc_records.damaged(conn)
        wrong = [*manifest_checks.chain_problems(archive), *manifest_checks.reading_problems(archive)]
    if json:
        told = [plain({"detail": one}) for one in wrong]
        print_json({**asdict(found), "problems": [asdict(one) for one in damaged], "manifest_problems": told})
    else:
        say(f"{found.records} raw copies checked ({found.bytes / MEGABYTE:.1f} MB); {len(damaged)} damaged or missing")
        for line in (*some_of(damaged, _damaged), *some_of(wrong, lambda one: translate(one, FALLBACK))):
            say(line)
        say(step.ending, "dim")
    if damaged or wrong:
        raise typer.Exit(ArshifError.exit_code)


def _damaged(one: DamagedRecord) -> str:
    version = f"version {one.version} of" if one.version else "led to, or took the place of,"
    whose = f"{version} article {one.article}" if one.article else "no version"
    return f"{one.problem.partition('.')[2]}: {one.url}: {whose} ({one.ref.file} at {one.ref.offset})"
