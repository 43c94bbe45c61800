"""Desk: what happens at the newsroom by itself: every few seconds a site publishes, or edits what it has published."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

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


@contextmanager
def at_work(room: Newsroom, pause: float, then: Callable[[], None] = lambda: None) -> Iterator[Callable[[], int]]:
    """Something happens every `pause` seconds for the length of the block, and `then` is called after each; gives how
    many changes there were so far."""
    stop = threading.Event()
    done: list[str] = []

    def work() -> None:
        for turn in count():
            if stop.wait(pause):
                return
            done.append(happen(room, turn))
            then()

    thread = threading.Thread(target=work, name="desk")
    thread.start()
    try:
        yield lambda: len(done)
    finally:
        stop.set()
        thread.join()
