"""backup, restore, reextract, export warc, forget: what keeps an archive over the years."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from typer import confirm

from crawler.config import PRODUCT, Config, load
from crawler.console import print_error, print_json, say
from crawler.errors import ArchiveError, ArshifError, Busy
from crawler.maintenance.erasure import Erasure
from crawler.storage import archive_file, open_archive, open_index, raw_folder
from index.archive import Archive, warc_records
from index.archive import backup as backups
from index.search import indexer
from index.warc import maintenance
from index.warc.store import WarcStore

if TYPE_CHECKING:
    from crawler.maintenance.reextract import Report

GIGABYTE = 1e9  # bytes, as disks are sold
EXCERPT_CHARS = 100  # characters of a field that reads differently
CONTEXT = 20  # of them before the first that differs
PROGRESS_EVERY = 500  # articles, between two lines that tell how far it is


def backup(folder: Path, json: bool) -> None:
    config = load()
    if not archive_file(config).exists():
        raise ArchiveError(f"there is no archive at {archive_file(config)} to copy: a crawl makes it")
    with open_archive(config) as archive:
        made = backups.back_up(archive, raw_folder(config), folder)
    if json:
        print_json({"folder": folder, **_counts(made)})
        return
    for name in made.short:
        print_error(f"{name} had lost raw copies before, and is copied as far as it goes")
    say(f"Copied {made.articles} articles, {made.versions} versions and their raw copies to {folder}:")
    say(f"{made.bytes / GIGABYTE:.2f} GB in {len(made.parts)} files. `arshif restore {folder}` puts it back.")


def restore(folder: Path, force: bool, json: bool) -> int:
    config = load()
    made, aside = backups.restore(folder, config.settings.data, force=force)
    problem = ""
    with open_archive(config) as archive, open_index(config) as engine:
        try:
            indexer.rebuild(archive, engine)
        except ArshifError as error:
            problem = str(error)
    if json:
        print_json({"data": config.settings.data, "before": aside, "indexed": not problem, **_counts(made)})
    else:
        when = made.made.astimezone().strftime("%Y-%m-%d %H:%M")
        say(f"Put back {made.articles} articles and {made.versions} versions, as they were on {when}.")
        if aside is not None:
            say(f"What was there before lies in {aside}.")
        if problem:
            print_error(f"The archive is whole, and not searchable yet: {problem}; then run `arshif index rebuild`.")
        else:
            say("The index is built anew.")
    return ArshifError.exit_code if problem else 0


def reextract(site: str, since: str, dry: bool, json: bool) -> int:
    from crawler.maintenance.reextract import Reextraction
    from crawler.processes.parse_pool import ParsePool

    config = load()
    chosen = config.choose(site) if site else tuple(config.sites.values())
    workers = ParsePool()
    told_at = [0]

    def told(report: Report) -> None:
        if not json and report.read // PROGRESS_EVERY > told_at[0]:
            told_at[0] = report.read // PROGRESS_EVERY
            print_error(f"{report.read} read, {report.changed} read differently")

    try:
        with open_archive(config) as archive, WarcStore(raw_folder(config)) as raw:
            work = Reextraction(archive, raw, workers, dry=dry, told=told)
            report = asyncio.run(work.run(chosen, _moment(since), datetime.now(UTC)))
            if not dry:
                _ship(config, archive)
    finally:
        workers.close()
    if json:
        print_json({"dry": dry, **asdict(report)})
    else:
        _tell(report, dry)
    return Busy.exit_code if report.busy else 0


def forget(name: str, yes: bool, json: bool) -> int:
    config = load()
    if not archive_file(config).exists():
        raise ArchiveError(f"there is no archive at {archive_file(config)}")
    with open_archive(config) as archive:
        work = Erasure(archive, raw_folder(config))
        what = work.look(name, config)
        if json:
            print_error(what.told)
        else:
            say(what.told)
        if not yes and json:
            raise ArshifError("nothing was forgotten: --json asks nobody, so it needs --yes as well")
        if not yes and not confirm("Forget it for good, and never crawl it again?"):
            return ArshifError.exit_code
        done = work.forget(what, datetime.now(UTC))
        _ship(config, archive)
    if json:
        print_json(asdict(done))
        return 0
    say(
        f"Forgotten: {done.articles} articles, {done.versions} versions, {done.raws} raw copies, {done.urls} addresses."
    )
    say("Copies made by `arshif backup` still hold it, and the index's files its words until `arshif index rebuild`.")
    if not done.journal_emptied:
        print_error("The journal of the archive is being read, and holds it until the archive is next opened alone.")
    return 0


def _ship(config: Config, archive: Archive) -> None:
    """Brings what changed to the index, unless a shipper that runs does."""
    try:
        with suppress(Busy), open_index(config) as engine:
            indexer.index_pending(archive, engine)
    except ArshifError as error:
        print_error(f"done in the archive; the index is told when it can be: {error}")


def _tell(report: Report, dry: bool) -> None:
    say(f"{report.read} articles read again, {report.changed} {'would change' if dry else 'corrected'}")
    for name, count in sorted(report.fields.items(), key=lambda item: -item[1]):
        say(f"{name}: {count}", "bold")
        for example in report.examples[name]:
            say(f"  {example.url}", "dim")
            before, after = str(example.before), str(example.after)
            same = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
            start = max(0, same - CONTEXT)
            for sign, text in (("-", before), ("+", after)):
                say(f"  {sign} {'…' if start else ''}{shorten(text[start:], EXCERPT_CHARS, placeholder='…')}")
    if report.refused:
        print_error(f"{report.refused} would be refused as no article today; they stay as they are")
    if report.unreadable:
        print_error(f"{report.unreadable} raw copies cannot be read")
    if report.busy:
        print_error(f"being crawled, so left out: {', '.join(report.busy)}")


def export_warc(file: Path, site: str, since: str, json: bool) -> None:
    config = load()
    info = {"software": PRODUCT, "format": "WARC File Format 1.1", "operator": config.settings.contact or "unknown"}
    chosen = config.choose(site)[0].id if site else None
    with open_archive(config) as archive, archive.read() as conn, WarcStore(raw_folder(config)) as raw:
        written, damaged = maintenance.join(raw, warc_records.refs(conn, chosen, _moment(since)), file, info)
    if json:
        print_json({"file": file, "records": written, "damaged": damaged, "bytes": file.stat().st_size})
        return
    say(f"{written} pages as they came, {file.stat().st_size / GIGABYTE:.3f} GB: {file}")
    if damaged:
        print_error(f"{damaged} could not be read and are left out")


def _moment(day: str) -> datetime | None:
    """A date as the command line takes it, in UTC where it has no zone."""
    moment = datetime.fromisoformat(day) if day else None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _counts(made: backups.Backup) -> dict[str, object]:
    return {
        "made": made.made,
        "articles": made.articles,
        "versions": made.versions,
        "files": len(made.parts),
        "short": made.short,
        "bytes": made.bytes,
    }
