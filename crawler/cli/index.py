"""arshif index: state, rebuild, migration, verification and snapshots of the search index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler.cli.options import Json
from crawler.cli.progress import BYTES, indexing, progress
from crawler.console import print_error, print_json, say, some_of
from crawler.errors import ArshifError, Busy, ConfigError

if TYPE_CHECKING:
    from crawler.config import Config
    from index.engines.elastic import ElasticEngine
    from index.search.verify import Difference, Verified

app = typer.Typer()

Repository = Annotated[str, typer.Argument(metavar="REPOSITORY", help="Its name in Elasticsearch.")]

DIFFERENCES = {  # by kind
    "missing": "the archive has version {archived}, the index none",
    "older": "the archive has version {archived}, the index {indexed}",
    "newer": "the archive has version {archived}, the index {indexed}",
    "twice": "the index has it more than once",
    "astray": "the index has it in a part where it does not belong",
    "other": "both have version {archived}, but the index has different content",
    "extra": "the index has version {indexed}, the archive none",
}


@app.command("status")
def index_status(json: Json = False) -> None:
    """Show which index is searched, what is pending and what was refused."""
    from crawler.config import load
    from crawler.storage import open_archive, open_index
    from index.archive import documents, outbox
    from index.locale import FALLBACK, plain, translate

    config = load(only=())
    with open_archive(config) as archive, open_index(config) as engine, archive.read() as conn:
        searched, current = engine.searched(), engine.current()
        indexed, stored = engine.count() if searched else 0, documents.count(conn)
        targets: list[dict[str, Any]] = [
            {
                "name": target.name,
                "state": target.state,
                "pending": outbox.to_deliver(conn, target),
                "parts": [begin.isoformat() for begin in target.parts],
            }
            for target in outbox.targets_of(conn, engine.name)
        ]
        refused = outbox.quarantined(conn)
    if json:
        print_json(
            {
                "engine": engine.name,
                "searched": searched,
                "current": current,
                "documents": indexed,
                "articles": stored,
                "targets": targets,
                "refused": [plain({"article": bad.article, "reason": bad.reason}) for bad in refused],
            }
        )
        return
    older = " (outdated mapping: `arshif run` or `arshif index migrate` replaces it)" if searched != current else ""
    say(f"{engine.name}: {searched or 'no index yet'}{older}")
    say(f"{indexed} documents for {stored} articles")
    for target in targets:
        several = f", in {len(target['parts']) + 1} parts" if target["parts"] else ""
        say(f"{target['name']} ({target['state']}): {target['pending']} pending{several}")
    for bad in refused:
        print_error(f"refused: {bad.article}: {translate(bad.reason, FALLBACK)}")


@app.command("rebuild")
def index_rebuild(json: Json = False) -> None:
    """Rebuild the index from the archive.

    The old index is searched until the new one is complete.
    """
    from index.search import indexer

    _build(indexer.rebuild, json)


@app.command("migrate")
def index_migrate(json: Json = False) -> None:
    """Migrate the index to this release's mapping, without downtime.

    `arshif run` does this by itself; this command waits until it is done. It does nothing if the mapping is current.
    """
    from index.search import indexer

    _build(indexer.migrate, json)


def _build(build: Callable[..., str], json: bool) -> None:
    from crawler.config import load
    from crawler.storage import open_archive, open_index

    config = load(only=())
    with open_archive(config) as archive, open_index(config) as engine:
        before = engine.current()
        with progress() as shown:
            name = build(archive, engine, told=indexing(shown))
        documents = engine.count()
    if json:
        print_json({"engine": engine.name, "current": name, "documents": documents})
    elif name == before:
        say(f"{name} has the current mapping already, with {documents} documents.")
    else:
        say(f"Searches now use the new index {name}, with {documents} documents.")


@app.command("snapshot")
def index_snapshot(repository: Repository, json: Json = False) -> None:
    """Take a snapshot of the index, into a repository that Elasticsearch knows.

    Of what is there from the snapshot before it, nothing is written again.
    """
    from crawler.config import load
    from index.engines.elastic import snapshots

    with _elasticsearch(load(only=())) as engine, progress() as shown:
        taken = snapshots.take(engine, repository, shown.begin("snapshot", BYTES).update)
    if json:
        print_json(asdict(taken))
    else:
        say(f"{taken.name}: snapshot of {taken.target} in {repository}")


@app.command("snapshots")
def index_snapshots(repository: Repository, json: Json = False) -> None:
    """List the snapshots of the index in a repository, the newest first."""
    from crawler.config import load
    from index.engines.elastic import snapshots

    with _elasticsearch(load(only=())) as engine:
        found = snapshots.snapshots(engine, repository)
    if json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        say(f"{one.name}  {one.begun:%Y-%m-%d %H:%M} UTC  {one.state}  {one.target}")
    if not found:
        say(f"no snapshots in {repository} yet: `arshif index snapshot {repository}` takes one")


@app.command("restore")
def index_restore(
    repository: Repository,
    name: Annotated[str, typer.Argument(metavar="[SNAPSHOT]", help="Its name (default: the newest).")] = "",
    json: Json = False,
) -> None:
    """Restore the index from a snapshot, and index what the archive has besides.

    The old index, if there is one, is searched until the restored one is complete.
    """
    from functools import partial

    from crawler.config import load
    from crawler.storage import open_archive
    from index.engines.elastic import snapshots
    from index.search import indexer

    config = load(only=())
    with _elasticsearch(config) as engine, open_archive(config) as archive:
        found = snapshots.snapshots(engine, repository)
        chosen = next((one for one in found if one.is_whole and name in ("", one.name)), None)
        if chosen is None:
            wanted = f"there is no whole snapshot {name or 'of this index'} in {repository}"
            raise ConfigError(f"{wanted}: `arshif index snapshots` lists them")
        with progress() as shown:
            step = shown.begin("restore", BYTES)
            fill = partial(snapshots.restore, engine, repository, chosen, told=step.update)
            target = indexer.restore(archive, engine, fill, told=indexing(shown))
        documents = engine.count()
    if json:
        print_json({"engine": engine.name, "current": target, "snapshot": chosen.name, "documents": documents})
    else:
        say(f"Searches now use {target}, restored from {chosen.name}, with {documents} documents.")


@contextmanager
def _elasticsearch(config: Config) -> Iterator[ElasticEngine]:
    """The engine of this configuration.

    :raises ConfigError: when it is the embedded one.
    """
    from crawler.storage import open_index
    from index.engines.elastic import ElasticEngine

    with open_index(config) as engine:
        if not isinstance(engine, ElasticEngine):
            raise ConfigError(
                "snapshots are of an Elasticsearch index: this one is embedded, and is rebuilt from the archive, which "
                "`arshif backup` backs up"
            )
        yield engine


@app.command("verify")
def index_verify(
    repair: Annotated[bool, typer.Option("--repair", help="Repair the differences.")] = False, json: Json = False
) -> None:
    """Compare the index with the archive, document by document.

    Lists damaged files, and documents that are missing, older, newer, different (other), extra, there twice or in the
    wrong part of the index (astray).
    Documents pending in the outbox do not count. Exits with 1 if a difference remains.
    """
    from crawler.config import load
    from crawler.storage import open_archive, open_index
    from index.search import indexer, verify

    config = load(only=())
    with open_archive(config) as archive, open_index(config) as engine, progress() as shown:
        step = shown.begin("verify", "documents")
        found = left = verify.verify(archive, engine, step.update)
        if repair and not found.whole:
            verify.repair(archive, engine, found)
            with suppress(Busy):  # the daemon is indexing it
                indexer.index_pending(archive, engine, told=indexing(shown))
            left = verify.verify(archive, engine, step.update)
    repaired = len(found.differences) + len(found.damage) - len(left.differences) - len(left.damage)
    if json:
        print_json(asdict(found) | {"repaired": repaired})
    else:
        _print_verified(found)
        if repair and not found.whole:
            say(f"{repaired} repaired, {left.waiting} pending")
    if not left.whole:
        raise typer.Exit(ArshifError.exit_code)


def _difference(one: Difference) -> str:
    return f"{one.kind}: {one.article}: {DIFFERENCES[one.kind].format(archived=one.archived, indexed=one.indexed)}"


def _print_verified(found: Verified) -> None:
    for name in found.damage:
        print_error(f"damaged: {name}: `--repair`, or `arshif index rebuild`, makes a new index from the archive")
    for told in some_of(found.differences, _difference):
        print_error(told)
    waiting = f", {found.waiting} are pending" if found.waiting else ""
    refused = f", {found.refused} were refused (`arshif index status`)" if found.refused else ""
    say(f"{found.target}: {found.agreeing} documents agree{waiting}{refused}; {len(found.differences)} differ")


@app.command("role")
def index_role(
    with_snapshots: Annotated[
        bool, typer.Option("--snapshots", help="With those to take and restore snapshots.")
    ] = False,
) -> None:
    """Print a request for an Elasticsearch API key.

    The JSON holds the minimal privileges that Arshif needs."""
    from crawler.config import load
    from index.engines.elastic import role

    index = load(only=()).settings.index
    print_json(role(index.prefix, with_replicas=index.replicas is not None, with_snapshots=with_snapshots))
