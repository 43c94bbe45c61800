"""index status, verify, rebuild and migrate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from crawler.config import load
from crawler.console import print_error, print_json, say
from crawler.errors import Busy
from crawler.storage import open_archive, open_index
from index.archive import articles, outbox
from index.locale import FALLBACK, plain, translate
from index.search import indexer
from index.search import verify as verifying
from index.search.indexer import BatchResult
from index.search.verify import Verified

MAX_LISTED = 20  # differences that are told one by one
WORDS = {  # what is wrong with a document
    "missing": "the archive has version {archived}, the index none",
    "older": "the archive has version {archived}, the index {indexed}",
    "newer": "the archive has version {archived}, the index {indexed}",
    "twice": "the index has it more than once",
    "other": "both have version {archived}, and the index says something else",
    "extra": "the index has version {indexed}, the archive none",
}


def status(json: bool) -> None:
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
                "refused": [plain({"article": bad.article, "reason": bad.reason}) for bad in refused],
            }
        )
        return
    older = " (of an older mapping: `arshif run` replaces it, or `arshif index migrate`)" if searched != current else ""
    say(f"{engine.name}: {searched or 'no index yet'}{older}")
    say(f"{documents} documents of {stored} articles")
    for target in targets:
        say(f"{target['name']} ({target['state']}): {target['pending']} pending")
    for bad in refused:
        print_error(f"refused: {bad.article}: {translate(bad.reason, FALLBACK)}")


def verify(mend: bool, json: bool) -> int:
    config = load()
    with open_archive(config) as archive, open_index(config) as engine:
        found = verifying.verify(archive, engine)
        left = found
        if mend and found.differences:
            verifying.repair(archive, engine, found)
            with suppress(Busy):  # the shipper that runs brings it there
                indexer.index_pending(archive, engine)
            left = verifying.verify(archive, engine)
    if json:
        print_json(asdict(found) | {"repaired": len(found.differences) - len(left.differences)})
    else:
        _tell(found)
        if mend and found.differences:
            say(f"{len(found.differences) - len(left.differences)} repaired, {left.waiting} pending")
    return int(bool(left.differences))


def _tell(found: Verified) -> None:
    for one in found.differences[:MAX_LISTED]:
        print_error(f"{one.kind}: {one.article}: {WORDS[one.kind].format(archived=one.archived, indexed=one.indexed)}")
    if len(found.differences) > MAX_LISTED:
        print_error(f"and {len(found.differences) - MAX_LISTED} more: --json lists all")
    waiting = f", {found.waiting} wait in the outbox" if found.waiting else ""
    refused = f", {found.refused} were refused (`arshif index status`)" if found.refused else ""
    say(f"{found.target}: {found.agreeing} documents agree{waiting}{refused}; {len(found.differences)} differ")


def role() -> None:
    from index.engines.elastic import role as least

    print_json(least(load().settings.index.prefix))


def rebuild(json: bool) -> None:
    _build(indexer.rebuild, json)


def migrate(json: bool) -> None:
    _build(indexer.migrate, json)


def _build(build: Callable[..., str], json: bool) -> None:
    config = load()

    def told(shipped: BatchResult) -> None:
        if not json:
            say(f"{shipped.sent} indexed, {shipped.left} pending")

    with open_archive(config) as archive, open_index(config) as engine:
        before = engine.current()
        name = build(archive, engine, told=told)
        documents = engine.count()
    if json:
        print_json({"engine": engine.name, "current": name, "documents": documents})
    elif name == before:
        say(f"{name} is of this program's mapping already, with {documents} documents.")
    else:
        say(f"The new index is {name}, with {documents} documents; searches go to it now.")
