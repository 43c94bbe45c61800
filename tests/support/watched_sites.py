"""An archive with sites in every condition, for whoever looks at their pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from index.archive import frontier, health, site_state, source_state
from index.archive.frontier import Visit
from index.archive.health import Health
from index.model.codes import Verdict
from index.model.message import Message
from tests.support.filled_archive import NOW, SearchFixture, article, fill, page

GAP = (date(2026, 11, 3), date(2026, 11, 9))  # days on which `mina` published nothing, as it did on all others
MOVED = Message("health.moved", {"host": "new.example"})
FIRST = article("https://asi.example/1", headline="bread", body="wheat and barley", published=NOW - timedelta(days=2))
SECOND = replace(FIRST, headline="bread and more", content_hash="more")
LOST = article("https://asi.example/2", headline="vanished", body="a text that went away")
DAILY = [
    article(f"https://mina.example/{ago}", site="mina", headline=f"خبر {ago}", published=moment)
    for ago in range(56)
    if not GAP[0] <= (moment := NOW - timedelta(days=ago)).date() <= GAP[1]
]


def fill_sites(directory: Path) -> SearchFixture:
    """`phare` moved, `kuh` failing, `asi` edited and with an article gone, `vestnik` off, `zz` not crawled yet, `mina`
    well again and with an article on each day but those of GAP."""
    pages = [*map(page, (FIRST, LOST, *DAILY)), page(SECOND, NOW + timedelta(minutes=9), body_hash="more")]
    filled = fill(directory, pages)

    def change(conn: Any) -> None:
        unwell = Health(Verdict.MOVED, MOVED, "https://phare.example/feed", since=NOW - timedelta(days=3))
        health.put(conn, "phare", unwell)
        health.alert(conn, "phare", unwell, NOW - timedelta(days=3), ["digest", "another"])
        health.alert(conn, "mina", Health(detail=Message("health.well_again")), NOW, [])
        site_state.put(conn, "kuh", failures=3)
        site_state.put(conn, "vestnik", enabled=False)
        site_state.put(conn, "zz", name="مُجَدَّد")
        feed = {"kind": "feed", "status": 200, "found": 12, "polled": NOW, "asked": NOW, "changed": NOW}
        source_state.put(conn, "asi", "https://asi.example/feed", **feed)
        dead = {
            "kind": "sitemap",
            "status": 404,
            "failures": 2,
            "problem": Message("fetch.http_status", {"status": 404}),
        }
        source_state.put(conn, "asi", "https://asi.example/map.xml", **dead)
        frontier.mark_gone(conn, "asi", LOST.url, Visit(NOW, None, 404))

    filled.archive.write(change).result()
    return filled
