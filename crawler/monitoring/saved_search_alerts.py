"""Saved-search alerts: matches new articles against the saved searches, and sends what they found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import partial

from crawler.config import Config
from crawler.console import safe
from crawler.monitoring import notifications
from index.archive import Archive, documents, saved_searches
from index.archive.saved_searches import SavedSearch
from index.engines import Engine
from index.model.article import IndexDocument
from index.model.codes import Digest
from index.search.query_language import MAX_LIMIT, parse

# Between an article's being first seen and stored, at most: its page was waiting for a worker
MAX_STORE_DELAY = timedelta(hours=1)
MATCHES_KEPT_FOR = timedelta(days=15)  # longer than a week's digest waits, and is tried again; than MAX_STORE_DELAY
LISTED = 20  # articles listed in one message; the others are counted
LISTED_IN_DIGEST = 100
MORNING = 7  # the hour, by this machine's time zone, before which what is found is part of a day's or a week's digest


def match_new_articles(archive: Archive, engine: Engine, config: Config, now: datetime) -> int:
    """Match new articles against the saved searches; return the number of matches.

    The matches are recorded for the addresses that `notify` has now. A search matches each article once; an article
    that the index does not have yet is tried again. `now` is UTC.

    :raises IndexUnavailable: when the index does not answer.
    """
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
    """The ids, among these, of the articles that a saved search finds.

    :raises IndexUnavailable: when the index does not answer.
    """
    query = parse(saved.query, sort="newest", limit=MAX_LIMIT)
    pieces = [tuple(ids[at : at + MAX_LIMIT]) for at in range(0, len(ids), MAX_LIMIT)]
    found = (match.id for piece in pieces for match in engine.search(replace(query, articles=piece)).matches)
    return list(dict.fromkeys(found))  # each once, even if several versions match


def send_alerts(archive: Archive, config: Config, now: datetime, zone: tzinfo | None = None) -> int:
    """Send each address in `notify` a message for every saved search with new matches, those with a digest once that is
    due in this time zone (None: this machine's); return the number sent.

    An address gets only matches recorded since it was added. What fails is tried again next time, for MATCHES_KEPT_FOR.
    """
    sent = 0
    with archive.read() as conn:
        waiting = [
            (saved, saved_searches.unnotified(conn, saved.id, digest_end(saved.digest, now, zone)))
            for saved in saved_searches.all_saved(conn)
        ]
    for key in notifications.keys(config):
        for saved, ids in ((saved, untold[key]) for saved, untold in waiting if key in untold):
            with archive.read() as conn:
                listed = documents.documents(conn, ids[: most_listed(saved)])
            if not notifications.message(config, key, *worded(saved, listed, len(ids))):
                break  # one failure is enough: do not try the address again for each search
            archive.write(partial(saved_searches.mark_notified, number=saved.id, ids=ids, address=key)).result()
            sent += 1
    return sent


def digest_end(digest: str | None, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """When the last period of a digest ended, in this time zone (None: this machine's): at the full hour, at MORNING,
    on Monday at MORNING. What was found before then is due; None for a search that is told of at once."""
    if digest is None:
        return None
    hour = now.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    if digest == Digest.HOUR:
        return hour
    clock = hour.replace(tzinfo=None)  # its offset may be another than that of the days before
    back = (clock.hour < MORNING) + 0
    if digest == Digest.WEEK:
        back = clock.weekday() or 7 * back
    end = clock.replace(hour=MORNING) - timedelta(days=back)
    return end.replace(tzinfo=zone) if zone else end.astimezone()


def most_listed(saved: SavedSearch) -> int:
    """The number of articles that one message lists."""
    return LISTED if saved.digest is None else LISTED_IN_DIGEST


def worded(saved: SavedSearch, listed: Sequence[IndexDocument], n: int) -> tuple[str, str]:
    """A message's title and text: headlines with their sites and URLs, of `n` articles in all."""
    lines = [
        f"{safe(document.article.headline or document.article.url)} ({document.article.site})\n"
        f"{safe(document.article.url)}"
        for document in listed
    ]
    if n > len(listed):
        lines.append(f"and {n - len(listed)} more")
    articles = "1 new article" if n == 1 else f"{n} new articles"
    return f"Arshif: {safe(saved.name)}: {articles}", "\n\n".join(lines)
