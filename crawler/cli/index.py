"""arshif index: the state of the index, its comparison with the archive, and new ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import Json
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError, Busy

if TYPE_CHECKING:
    from index.search.indexer import BatchResult
    from index.search.verify import Verified

app = typer.Typer()

MAX_LISTED = 20  # differences that are told one by one
DIFFERENCES = {  # a sentence for each kind
    "missing": "the archive has version {archived}, the index none",
    "older": "the archive has version {archived}, the index {indexed}",
    "newer": "the archive has version {archived}, the index {indexed}",
    "twice": "the index has it more than once",
    "other": "both have version {archived}, and the index says something else",
    "extra": "the index has version {indexed}, the archive none",
}


@app.command("status")
def index_status(json: Json = False) -> None:
    """Show which index is searched and what it lacks or refused."""
    from crawler.config import load
    from crawler.storage import open_archive, open_index
    from index.archive import articles, outbox

    config = load()
    with open_archive(config) as archive, open_index(config) as engine, archive.read() as conn:
        searched, current = engine.searched(), engine.current()
        documents, stored = engine.count() if searched else 0, articles.count(conn)
        targets = [
            {"name": target.name, "state": target.state, "pending": outbox.pending(conn, target.name)}
            for target in outbox.targets_of(conn, engine.name)
        ]
        refused = outbox.quarantined(conn)
    if json:
        print_json(
            {
                "engine": engine.name,
                "searched": searched,
                "current": current,
                "documents": documents,
                "articles": stored,
                "targets": targets,
                "refused": [{"article": bad.article, "reason": bad.reason} for bad in refused],
            }
        )
        return
    older = " (of an older mapping: `arshif run` replaces it, or `arshif index migrate`)" if searched != current else ""
    say(f"{engine.name}: {searched or 'no index yet'}{older}")
    say(f"{documents} documents of {stored} articles")
    for target in targets:
        say(f"{target['name']} ({target['state']}): {target['pending']} to be brought")
    for bad in refused:
        print_error(f"refused: {bad.article}: {bad.reason}")


@app.command("rebuild")
def index_rebuild(json: Json = False) -> None:
    """Build the index anew from the archive.

    The old one is searched until the new one is complete.
    """
    from index.search import indexer

    _build(indexer.rebuild, json)


@app.command("migrate")
def index_migrate(json: Json = False) -> None:
    """Bring the index to this release's mapping, without a gap in search.

    `arshif run` does so by itself; this waits for its end. Nothing happens where it is of that mapping already.
    """
    from index.search import indexer

    _build(indexer.migrate, json)


def _build(build: Callable[..., str], json: bool) -> None:
    from crawler.config import load
    from crawler.storage import open_archive, open_index

    def print_progress(batch: BatchResult) -> None:
        if not json:
            say(f"{batch.sent} brought, {batch.left} left")

    config = load()
    with open_archive(config) as archive, open_index(config) as engine:
        before = engine.current()
        name = build(archive, engine, told=print_progress)
        documents = engine.count()
    if json:
        print_json({"engine": engine.name, "current": name, "documents": documents})
    elif name == before:
        say(f"{name} is of this program's mapping already, with {documents} documents.")
    else:
        say(f"The new index is {name}, with {documents} documents; searches go to it now.")


@app.command("verify")
def index_verify(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what differs.")] = False, json: Json = False
) -> None:
    """Hold the index against the archive, document by document.

    Tells what is missing, older, newer, extra or twice; what waits in the outbox is no difference. 1 where one is left.
    """
    from crawler.config import load
    from crawler.storage import open_archive, open_index
    from index.search import indexer, verify

    config = load()
    with open_archive(config) as archive, open_index(config) as engine:
        found = verify.verify(archive, engine)
        left = found
        if repair and found.differences:
            verify.repair(archive, engine, found)
            with suppress(Busy):  # the shipper that runs brings it there
                indexer.index_pending(archive, engine)
            left = verify.verify(archive, engine)
    repaired = len(found.differences) - len(left.differences)
    if json:
        print_json(asdict(found) | {"repaired": repaired})
    else:
        _print_verified(found)
        if repair and found.differences:
            say(f"{repaired} repaired, {left.waiting} still to be brought")
    if left.differences:
        raise typer.Exit(ArshifError.exit_code)


def _print_verified(found: Verified) -> None:
    for one in found.differences[:MAX_LISTED]:
        sentence = DIFFERENCES[one.kind].format(archived=one.archived, indexed=one.indexed)
        print_error(f"{one.kind}: {one.article}: {sentence}")
    if len(found.differences) > MAX_LISTED:
        print_error(f"and {len(found.differences) - MAX_LISTED} more: --json lists all")
    waiting = f", {found.waiting} wait in the outbox" if found.waiting else ""
    refused = f", {found.refused} were refused (`arshif index status`)" if found.refused else ""
    say(f"{found.target}: {found.agreeing} documents agree{waiting}{refused}; {len(found.differences)} differ")


@app.command("role")
def index_role() -> None:
    """Print what to create an API key of Elasticsearch with: the least rights that Arshif needs, as JSON."""
    from crawler.config import load
    from index.engines.elastic import role

    print_json(role(load().settings.index.prefix))
