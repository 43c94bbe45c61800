"""Watch: holds what is new in the archive against the saved searches, and tells what they found."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from crawler import notify
from crawler.config import Config
from crawler.terminal import safe
from index.archive import Archive, documents, searches
from index.archive.searches import Saved
from index.article import Document
from index.engines import Engine
from index.query import MAX_LIMIT, parse

log = logging.getLogger("arshif.watch")

LATE = timedelta(hours=1)  # that an article may be stored after it was first seen: its page was waiting for a worker
KEPT = timedelta(days=7)  # what was found: long enough to be told, and longer than LATE
LISTED = 20  # articles of one message; the others are counted


def watch(archive: Archive, engine: Engine, now: datetime) -> int:
    """How many new articles the saved searches found. Each article is found by a search once; one that the index lacks
    is looked for again. `now` is UTC. Raises IndexUnavailable where the index does not answer."""
    with archive.read() as conn:
        saved = searches.all_saved(conn)
        if not saved:
            return 0
        new = searches.first_seen(conn, min(one.looked for one in saved) - LATE)
        lacking = searches.unshipped(conn, engine.name) & new.keys()
        before = {one.id: len(searches.untold(conn, one.id)) for one in saved}
    looked = min([now, *(new[article] for article in lacking)])
    for one in saved:
        since = max(one.created, one.looked - LATE)
        ids = [article for article, seen in new.items() if seen >= since and article not in lacking]
        hits = matching(engine, one, ids)
        archive.write(partial(searches.keep, number=one.id, ids=hits, looked=max(looked, one.looked), now=now)).result()
    archive.write(lambda conn: searches.expire(conn, now - KEPT)).result()
    with archive.read() as conn:
        return sum(len(searches.untold(conn, number)) - n for number, n in before.items())


def matching(engine: Engine, saved: Saved, ids: Sequence[str]) -> list[str]:
    """Those of these articles that a saved search finds."""
    query = parse(saved.query, sort="newest", limit=MAX_LIMIT)
    pieces = [tuple(ids[at : at + MAX_LIMIT]) for at in range(0, len(ids), MAX_LIMIT)]
    found = (match.id for piece in pieces for match in engine.search(replace(query, articles=piece)).matches)
    return list(dict.fromkeys(found))  # once, also where several versions match


def tell(archive: Archive, config: Config, now: datetime) -> int:
    """How many messages were brought to those whom `notify` names: one for each saved search that found something.

    What fails is tried again the next time, for KEPT. Without anybody to tell, it counts as told."""
    sent = 0
    with archive.read() as conn:
        waiting = [
            (saved, documents.documents(conn, ids))
            for saved in searches.all_saved(conn)
            if (ids := searches.untold(conn, saved.id))
        ]
    for saved, found in waiting:
        if config.settings.notify and not notify.message(config, *worded(saved, found)):
            log.warning("what the saved search %d found could not be sent; it is tried again", saved.id)
            continue
        ids = [document.article.id for document in found]
        archive.write(partial(searches.told, number=saved.id, ids=ids, now=now)).result()
        sent += bool(config.settings.notify)
    return sent


def worded(saved: Saved, found: Sequence[Document]) -> tuple[str, str]:
    """A message's title and text: headlines with sites and addresses."""
    lines = [
        f"{safe(document.article.headline or document.article.url)} ({document.article.site})\n"
        f"{safe(document.article.url)}"
        for document in found[:LISTED]
    ]
    if len(found) > LISTED:
        lines.append(f"and {len(found) - LISTED} more")
    articles = "1 new article" if len(found) == 1 else f"{len(found)} new articles"
    return f"Arshif: {safe(saved.name)}: {articles}", "\n\n".join(lines)
