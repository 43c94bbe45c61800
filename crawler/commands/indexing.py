"""index status, index rebuild."""

from __future__ import annotations

from crawler.config import load
from crawler.stores import open_archive, open_index
from crawler.terminal import complain, print_json, say
from index import outbox, shipper
from index.archive import articles
from index.shipper import Shipped


def status(json: bool) -> None:
    config = load()
    with open_archive(config) as archive, open_index(config) as engine, archive.read() as conn:
        current = engine.current()
        documents, stored = engine.count() if current else 0, articles.count(conn)
        targets = [
            {"name": target.name, "state": target.state, "pending": outbox.pending(conn, target.name)}
            for target in outbox.targets_of(conn, engine.name)
        ]
        refused = outbox.refused(conn)
    if json:
        print_json(
            {
                "engine": engine.name,
                "current": current,
                "documents": documents,
                "articles": stored,
                "targets": targets,
                "refused": [{"article": bad.article, "reason": bad.reason} for bad in refused],
            }
        )
        return
    say(f"{engine.name}: {current or 'no index yet'}")
    say(f"{documents} documents of {stored} articles")
    for target in targets:
        say(f"{target['name']} ({target['state']}): {target['pending']} to be brought")
    for bad in refused:
        complain(f"refused: {bad.article}: {bad.reason}")


def rebuild(json: bool) -> None:
    config = load()

    def told(shipped: Shipped) -> None:
        if not json:
            say(f"{shipped.sent} brought, {shipped.left} left")

    with open_archive(config) as archive, open_index(config) as engine:
        name = shipper.rebuild(archive, engine, told=told)
        documents = engine.count()
    if json:
        print_json({"engine": engine.name, "current": name, "documents": documents})
        return
    say(f"The new index is {name}, with {documents} documents; searches go to it now.")
