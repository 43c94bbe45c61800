"""backup, restore, reextract, export warc, forget: what keeps an archive over the years."""

from __future__ import annotations

from pathlib import Path

from crawler.config import load
from crawler.errors import ArchiveError, ArshifError
from crawler.stores import archive_file, open_archive, open_index, raw_folder
from crawler.terminal import complain, print_json, say
from index import backup as backups
from index import shipper

GIGABYTE = 1e9  # bytes, as disks are sold


def backup(folder: Path, json: bool) -> None:
    config = load()
    if not archive_file(config).exists():
        raise ArchiveError(f"there is no archive at {archive_file(config)} to copy: a crawl makes it")
    with open_archive(config) as archive:
        made = backups.back_up(archive, raw_folder(config), folder)
    if json:
        print_json({"folder": folder, **_counts(made)})
        return
    say(f"Copied {made.articles} articles, {made.versions} versions and their raw copies to {folder}:")
    say(f"{made.bytes / GIGABYTE:.2f} GB in {len(made.parts)} files. `arshif restore {folder}` puts it back.")


def restore(folder: Path, force: bool, json: bool) -> int:
    config = load()
    made, aside = backups.restore(folder, config.settings.data, force=force)
    problem = ""
    with open_archive(config) as archive, open_index(config) as engine:
        try:
            shipper.rebuild(archive, engine)
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
            complain(f"The archive is whole, and not searchable yet: {problem}; then run `arshif index rebuild`.")
        else:
            say("The index is built anew.")
    return ArshifError.exit_code if problem else 0


def _counts(made: backups.Backup) -> dict[str, object]:
    return {
        "made": made.made,
        "articles": made.articles,
        "versions": made.versions,
        "files": len(made.parts),
        "bytes": made.bytes,
    }
