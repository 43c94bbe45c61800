"""Desk: what happens at the newsroom by itself: every few seconds a site publishes, or edits what it has published."""

from __future__ import annotations

from .server_group import Newsroom

TURN = ("jannah", "english", "arabic2", "jannah", "english", "old", "app")  # who publishes next, of those that are open
EDIT_EACH = 4  # every fourth time an earlier article is edited instead


def happen(room: Newsroom, turn: int) -> str:
    """Lets the turn's site publish or edit an article; gives a line that says so."""
    sites = [site for site in TURN if site in room.sites]
    site = sites[turn % len(sites)]
    if turn % EDIT_EACH == EDIT_EACH - 1:
        return f"edited {site}: {room.edit(site, room.articles(site)[0].slug).headline}"
    return f"published {site}: {room.publish(site).headline}"
