"""What a crawl makes of sites that break, each in its own way: recorded from real crawls of the newsroom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from crawler.config import load
from index.archive import health
from index.archive import tables as t
from index.archive.health import Evidence, PageSeen, Sample
from index.model.message import Message
from tests.integration.harness import Harness
from tests.support.news_sites import Article, Newsroom

ARTICLES = 5  # that a site publishes after it broke

Break = Callable[[Newsroom, str, list[Article]], None]  # … with what the site published last


@dataclass(frozen=True, slots=True)
class Breakage:
    """One kind: the verdict that it must get, how a site of the newsroom breaks so, and what is different about the
    articles that it publishes then."""

    verdict: str
    happens: Break
    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A site's articles before it broke; what became of its pages after; what its sources answered."""

    before: tuple[Sample, ...]
    pages: tuple[PageSeen, ...]
    samples: tuple[Sample, ...]
    problems: tuple[Message | None, ...]


def _nothing(_room: Newsroom, _site: str, _new: list[Article]) -> None:
    """It goes on, with other articles than before."""


def _fail(status: int, only: str = "/") -> Break:
    return lambda room, site, _new: room.fail(site, status, only=only)


def _serve(paths: tuple[str, ...], body: bytes, kind: str = "text/html") -> Break:
    def happens(room: Newsroom, site: str, _new: list[Article]) -> None:
        for path in paths:
            room.serve(f"http://{room.sites[site].host}{path}", body, kind)

    return happens


def _no_feed(room: Newsroom, site: str, new: list[Article]) -> None:
    room.bury_feed(site)
    room.fail(site, 410, only="/sitemap.xml")
    _serve(("/",), b"<html><title>x</title><p>We have a new look.</p></html>")(room, site, new)  # and names no new one


def _shell(room: Newsroom, _site: str, new: list[Article]) -> None:
    """Its pages come empty, for a script to fill."""
    shell = b'<html><title>News</title><body><div id="root"></div><script src="/app.js"></script></body></html>'
    for article in new:
        for ending in ("", "?ref=section"):
            room.serve(article.url + ending, shell)


def _new_host(room: Newsroom, site: str, new: list[Article]) -> None:
    """Its feed names another host, where its articles are now."""
    host, there = room.sites[site].host, "www.elsewhere.example"
    items = []
    for article in new:
        url = article.url.replace(host, there)
        items.append(f"<item><link>{url}</link><pubDate>{format_datetime(article.published)}</pubDate></item>")
        text = "".join(f"<p>{paragraph}</p>" for paragraph in article.body)
        room.serve(url, f"<html><h1>{article.headline}</h1><article>{text}</article></html>".encode())
    feed = f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>'.encode()
    _serve(("/rss.xml",), feed, "application/rss+xml")(room, site, new)
    _serve(("/sitemap.xml",), b"<urlset/>", "application/xml")(room, site, new)


WEB_PAGE = b"<html><head><title>Welcome</title></head><body><p>Our new site is coming soon.</p></body></html>"
FIXED = datetime.now(UTC) - timedelta(days=1)
FIRST: dict[str, Breakage] = {
    "jannah": Breakage("blocked", _fail(403, "/2"), {}),
    "arabic2": Breakage("blocked", lambda room, site, _new: room.wall(site), {}),
    "english": Breakage("layout changed", _shell, {}),
    "fa": Breakage("feed dead", _no_feed, {}),
    "fr": Breakage("robots closed", _serve(("/robots.txt",), b"User-agent: *\nDisallow: /\n", "text/plain"), {}),
    "ru": Breakage("dates broken", _nothing, {"published": FIXED}),
    "zh": Breakage("moved", _new_host, {}),
}
SECOND: dict[str, Breakage] = {
    "jannah": Breakage("layout changed", _nothing, {"body": "قال مصدر مطلع إن الخبر سيُنشر كاملاً في وقت لاحق."}),
    "arabic2": Breakage("blocked", _fail(429), {}),
    "english": Breakage("layout changed", _nothing, {"authors": (), "caption": None, "figure": "none"}),
    "fa": Breakage("feed dead", _serve(("/rss.xml", "/sitemap.xml", "/"), WEB_PAGE), {}),
    "fr": Breakage("down", _fail(500), {}),
    "ru": Breakage("layout changed", _nothing, {"headline": "Вестник гавани: главные новости порта и города"}),
    "zh": Breakage("quiet", _nothing, {}),  # its sources go on answering, and have nothing new
}


def record(kinds: dict[str, Breakage], directory: Path) -> dict[str, Recorded]:
    """What two crawls see of these sites: one before they break, and one after."""
    with Newsroom(via="proxy", only=tuple(kinds)) as room:
        house = Harness(room, directory)
        house.crawl()
        before = {site: _seen(house, site) for site in kinds}
        for site, kind in kinds.items():
            new = [room.publish(site, **kind.fields) for _ in range(ARTICLES if kind.verdict != "quiet" else 0)]
            kind.happens(room, site, new)
        with house.open() as archive:  # tomorrow, when robots.txt is asked for again
            archive.write(lambda conn: conn.execute(t.hosts.delete())).result()
        house.crawl(code=1)
        return {site: _difference(before[site], _seen(house, site)) for site in kinds}


def _seen(house: Harness, site: str) -> Evidence:
    urls = [str(source.url) for source in load(house.config).sites[site].sources]
    with house.archive() as conn:
        return health.evidence(conn, site, urls, datetime.now(UTC))


def _difference(before: Evidence, after: Evidence) -> Recorded:
    known, stored = {page.url for page in before.pages}, {sample.url for sample in before.samples}
    return Recorded(
        before.samples,
        tuple(page for page in after.pages if page.url not in known),
        tuple(sample for sample in after.samples if sample.url not in stored),
        tuple(source.problem for source in after.sources),
    )
