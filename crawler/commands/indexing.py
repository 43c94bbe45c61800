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
        state = {
            "engine": engine.name,
            "current": current,
            "documents": engine.count() if current else 0,
            "articles": articles.count(conn),
            "targets": [
                {"name": target.name, "state": target.state, "pending": outbox.pending(conn, target.name)}
                for target in outbox.targets_of(conn, engine.name)
            ],
            "refused": [(bad.article, bad.reason) for bad in outbox.refused(conn)],
        }
    if json:
        print_json(state)
        return
    say(f"{state['engine']}: {state['current'] or 'no index yet'}")
    say(f"{state['documents']} documents of {state['articles']} articles")
    for target in state["targets"]:
        say(f"{target['name']} ({target['state']}): {target['pending']} to be brought")
    for article, reason in state["refused"]:
        complain(f"refused: {article}: {reason}")


def rebuild() -> None:
    config = load()

    def told(shipped: Shipped) -> None:
        say(f"{shipped.sent} brought, {shipped.left} left")

    with open_archive(config) as archive, open_index(config) as engine:
        say(f"The new index is {shipper.rebuild(archive, engine, told=told)}; searches go to it now.")
