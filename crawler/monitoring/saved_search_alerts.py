"""Watch: holds what is new in the archive against the saved searches, and tells what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from crawler.config import Config
from crawler.console import safe
from crawler.monitoring import notifications
from index.archive import Archive, documents, saved_searches
from index.archive.saved_searches import SavedSearch
from index.engines import Engine
from index.model.article import IndexDocument
from index.search.query_language import MAX_LIMIT, parse

MAX_STORE_DELAY = timedelta(
    hours=1
)  # that an article may be stored after it was first seen: its page was waiting for a worker
MATCHES_KEPT_FOR = timedelta(days=7)  # what was found: long enough to be told, and longer than LATE
LISTED = 20  # articles of one message; the others are counted


def match_new_articles(archive: Archive, engine: Engine, config: Config, now: datetime) -> int:
    """How many new articles the saved searches found, for whom `notify` names now. Each article is found by a search
    once; one that the index lacks is looked for again. `now` is UTC. Raises IndexUnavailable where the index does not
    answer."""
    with archive.read() as conn:
        saved = saved_searches.all_saved(conn)
        if not saved:
            return 0
        new = saved_searches.first_seen(conn, min(one.looked for one in saved) - MAX_STORE_DELAY)
        lacking = saved_searches.unshipped(conn, engine.name) & new.keys()
    found, told = 0, notifications.keys(config)
    looked = min([now, *(new[article] for article in lacking)])
    for one in saved:
        since = max(one.created, one.looked - MAX_STORE_DELAY)
        ids = [article for article, seen in new.items() if seen >= since and article not in lacking]
        hits = matching(engine, one, ids)
        until = max(looked, one.looked)
        kept = partial(saved_searches.keep, number=one.id, ids=hits, looked=until, now=now, addresses=told)
        found += archive.write(kept).result()
    archive.write(lambda conn: saved_searches.expire(conn, now - MATCHES_KEPT_FOR)).result()
    return found


def matching(engine: Engine, saved: SavedSearch, ids: Sequence[str]) -> list[str]:
    """Those of these articles that a saved search finds."""
    query = parse(saved.query, sort="newest", limit=MAX_LIMIT)
    pieces = [tuple(ids[at : at + MAX_LIMIT]) for at in range(0, len(ids), MAX_LIMIT)]
    found = (match.id for piece in pieces for match in engine.search(replace(query, articles=piece)).matches)
    return list(dict.fromkeys(found))  # once, also where several versions match


def send_alerts(archive: Archive, config: Config) -> int:
    """How many messages were brought to those whom `notify` names: to each one for each saved search that found
    something since it is named. What fails is tried again the next time, for KEPT."""
    sent = 0
    with archive.read() as conn:
        waiting = [(saved, saved_searches.unnotified(conn, saved.id)) for saved in saved_searches.all_saved(conn)]
    for key in notifications.keys(config):
        for saved, ids in ((saved, untold[key]) for saved, untold in waiting if key in untold):
            with archive.read() as conn:
                found = documents.documents(conn, ids)
            if not notifications.message(config, key, *worded(saved, found)):
                break  # it is not asked for each search whether it works by now
            archive.write(partial(saved_searches.mark_notified, number=saved.id, ids=ids, address=key)).result()
            sent += 1
    return sent


def worded(saved: SavedSearch, found: Sequence[IndexDocument]) -> tuple[str, str]:
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
