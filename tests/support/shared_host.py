"""Sites whose feeds lead to the pages of another's host, so that several crawls, on several machines, ask it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from tests.support.news_sites import Newsroom

SITE = """\
name: {name}
homepage: http://{name}.example/
country: SY
languages: [en]
time_zone: Asia/Damascus
domains: [{host}]
sources: [{{kind: feed, url: "http://{name}.example/feed"}}]
rendering: none
enabled: {enabled}
"""


def share(room: Newsroom, site: str, names: Sequence[str], config: Path, *, enabled: bool) -> None:
    """Have the articles of a site found by sites of these names in its place, each of which has its part of them."""
    folder = config / "sites" / "test"
    (folder / f"{site}.yaml").unlink()
    host = room.sites[site].host
    for name in names:
        text = SITE.format(name=name, host=host, enabled=str(enabled).lower())
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    list_all(room, site, names)


def list_all(room: Newsroom, site: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Have the feeds of these names list the articles that there are now; gives their addresses, by name."""
    urls = [article.url for article in sorted(room.articles(site), key=lambda article: article.number)]
    parts = {name: urls[number :: len(names)] for number, name in enumerate(names)}
    for name, listed in parts.items():
        room.serve(f"http://{name}.example/feed", _feed(listed), "application/rss+xml")
    return parts


def _feed(urls: list[str]) -> bytes:
    now = format_datetime(datetime.now(UTC))
    items = "".join(f"<item><title>{u}</title><link>{u}</link><pubDate>{now}</pubDate></item>" for u in urls)
    return f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()
