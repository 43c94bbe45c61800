"""Fifty sites: ten that are honest, and forty that hold up, fill up or mislead whoever crawls them."""

from __future__ import annotations

import gzip
import itertools
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.security.server import Answerer, Ask, reply
from tests.support.patience import wait_for

ARTICLES = 4  # of each honest site
HONEST = tuple(f"honest-{n}" for n in range(10))
NOW = datetime.now(UTC)
WORDS = ("harbour", "council", "bridge", "harvest", "school", "railway", "market", "museum", "river", "election")

Page = Callable[[Ask], Iterable[bytes]]


# --- honest ----------------------------------------------------------------------------------------------------------


def article(host: str, number: int) -> str:
    word = WORDS[number % len(WORDS)]
    body = "".join(
        f"<p>{host} reports from the {word}, part {part}: the {WORDS[(number + part) % len(WORDS)]} opens again after "
        f"repairs that took {number + part + 2} weeks, and people of the {part + 3}th quarter say they are glad.</p>"
        for part in range(6)
    )
    date = (NOW - timedelta(hours=number)).isoformat()
    return f"""<!doctype html><html lang="en"><head><title>{host}: the {word} {number}</title>
    <meta property="og:type" content="article"><meta property="article:published_time" content="{date}"></head>
    <body><article><h1>{host}: the {word} opens again, {number}</h1>{body}</article></body></html>"""


def feed(host: str, links: Iterable[str]) -> str:
    items = "".join(
        f"<item><title>Story {n} of {host}</title><link>{link.replace('&', '&amp;')}</link><pubDate>"
        f"{format_datetime(NOW - timedelta(hours=n % 100))}</pubDate></item>"
        for n, link in enumerate(links)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{host}</title>{items}</channel></rss>'


def own(host: str, count: int = ARTICLES) -> list[str]:
    return [f"http://{host}.example/2026/story-number-{n}-of-today" for n in range(count)]


def honest(ask: Ask) -> Iterable[bytes]:
    host = ask.host.removesuffix(".example")
    if ask.path == "/feed":
        return [reply(feed(host, own(host)), kind="application/rss+xml")]
    if "story-number-" in ask.path:
        return [reply(article(host, int(ask.path.split("-")[2])))]
    return [reply("", 404)]


AHEAD = 4  # pages of a host that `awaiting` answers although none of them was judged yet


def awaiting(directory: Path, host: str, answer: Answerer) -> Answerer:
    """As `answer`, but each page of this site (whose path has two parts) waits until the archive in `directory` tells
    what became of those before it, but for the last AHEAD: how many are asked for depends on what they say, and not on
    how fast a machine reads them."""
    pages = itertools.count()

    def wait(ask: Ask) -> Iterable[bytes]:
        if ask.host == f"{host}.example" and ask.path.count("/") > 1:
            number = next(pages)
            wait_for(lambda: judged(directory, host) >= number - AHEAD)
        return answer(ask)

    return wait


def judged(directory: Path, site: str) -> int:
    """How many of a site's pages were read, whatever came of them."""
    with closing(sqlite3.connect(f"file:{directory / 'data' / 'archive.sqlite3'}?mode=ro", uri=True)) as connection:
        query = "SELECT count(*) FROM frontier WHERE site = ? AND state != 'pending'"
        found: int = connection.execute(query, [site]).fetchone()[0]
        return found


# --- hostile ---------------------------------------------------------------------------------------------------------


def endless(start: bytes, pieces: Iterable[bytes], pause: float = 0.0) -> Iterator[bytes]:
    yield start
    for piece in pieces:
        yield piece
        time.sleep(pause)


HEAD = b"HTTP/1.1 200 -\r\nContent-Type: text/html\r\n"
XML = b"HTTP/1.1 200 -\r\nContent-Type: application/xml\r\n\r\n"
URLSET = b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
BOMB = gzip.compress(bytes(300_000_000), 9)
LOCS = gzip.compress(
    URLSET + b"".join(b"<url><loc>http://many.example/%d</loc></url>" % n for n in range(200_000)) + b"</urlset>", 6
)
# Attributes of one tag: a parser's time grows with the square of their number; 16,000 take 3 s, these take minutes
SLOW = b"<rss><channel><item " + b" ".join(b"a%d='%d'" % (n, n) for n in range(200_000)) + b">"
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]><rss><channel><title>&j;</title><item><link>http://laughs.example/&j;</link></item>"  # fmt: skip


def to(source: Callable[[Ask], Iterable[bytes]], page: Page | None = None) -> Page:
    """A site whose sources answer so, and whose pages, if it has any, so."""

    def answers(ask: Ask) -> Iterable[bytes]:
        path = urlsplit(ask.path).path
        if path == "/robots.txt":
            return [reply("", 404)]
        if path in ("/feed", "/sitemap.xml", "/news", "/wp-json/wp/v2/posts") or page is None:
            return source(ask)
        return page(ask)

    return answers


def pages(page: Page, count: int = 6) -> Page:
    """A site with an honest feed, whose pages answer so."""
    return to(lambda ask: [reply(feed(_name(ask), own(_name(ask), count)), kind="application/rss+xml")], page)


def _name(ask: Ask) -> str:
    return ask.host.removesuffix(".example")


def index_of(links: Iterable[str]) -> bytes:
    entries = "".join(f"<sitemap><loc>{link}</loc></sitemap>" for link in links)
    return reply(f'<?xml version="1.0"?><sitemapindex>{entries}</sitemapindex>', kind="application/xml")


def listing(links: Iterable[str]) -> bytes:
    return reply(
        "<h1>News</h1><ul>" + "".join(f'<li><a href="{x}">A story of some length here</a></li>' for x in links)
    )


def calendar(ask: Ask) -> Iterable[bytes]:
    start = sum(map(ord, ask.path)) * 97
    return [listing(f"/event/{start + n}-{n}/2026-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(60))]


def paging(ask: Ask) -> Iterable[bytes]:
    page = int(parse_qs(urlsplit(ask.path).query).get("p", ["0"])[0])
    return [listing(f"/archive-of-stories-{n}?p={page * 60 + n}" for n in range(60))]


def sessions(_: Ask) -> Iterable[bytes]:
    salt = time.monotonic_ns()
    return [listing(f"/story-of-today-123456?sid={salt + n}" for n in range(60))]


def segments(ask: Ask) -> Iterable[bytes]:
    return [listing(f"{ask.path.rstrip('/')}/deeper-{n}/deeper-{n}/" for n in range(30))]


def words(ask: Ask) -> Iterable[bytes]:
    seed = sum(map(ord, ask.path)) * 7_919
    return [
        listing(
            "/" + "-".join(WORDS[(seed >> n * 3) % 10] for n in range(k, k + 6)) + f"-{seed % 9973}" for k in range(60)
        )
    ]


def wordpress(ask: Ask) -> Iterable[bytes]:
    page = int(parse_qs(urlsplit(ask.path).query).get("page", ["1"])[0])
    posts = ",".join(
        f'{{"link": "http://posts.example/{page}/{n}-story-of-the-day", "title": {{"rendered": "Story"}},'
        f'"date_gmt": "{NOW - timedelta(minutes=n):%Y-%m-%dT%H:%M:%S}"}}'
        for n in range(100)
    )  # fmt: skip
    return [reply(f"[{posts}]", kind="application/json", X_WP_TotalPages="100000", X_WP_Total="10000000")]


def loop(ask: Ask) -> Iterable[bytes]:
    return [reply("", 302, Location=f"http://{ask.host}{urlsplit(ask.path).path}?{time.monotonic_ns()}")]


def growing(ask: Ask) -> Iterable[bytes]:
    return [reply("", 301, Location=f"http://{ask.host}{ask.path}{'/x' * 200}")]


def drip(_: Ask) -> Iterable[bytes]:
    return endless(HEAD + b"\r\n", itertools.repeat(b"<p>x"), 0.3)


def slow_head(_: Ask) -> Iterable[bytes]:
    return endless(b"HTTP/1.1 200 -\r\n", (b"X-%d: y\r\n" % n for n in itertools.count()), 0.3)


def never(_: Ask) -> Iterable[bytes]:
    return endless(b"", itertools.repeat(b""), 0.5)


def late(ask: Ask) -> Iterable[bytes]:
    time.sleep(2)
    return [reply(article(_name(ask), 1))]


def flood(_: Ask) -> Iterable[bytes]:
    return endless(HEAD + b"\r\n", itertools.repeat(b"<p>" + b"x" * 65_000))


def headers(_: Ask) -> Iterable[bytes]:
    return endless(b"HTTP/1.1 200 -\r\n", itertools.repeat(b"X-Filling: " + b"x" * 2_000 + b"\r\n"))


def wall(_: Ask) -> Iterable[bytes]:
    return [reply("<title>Just a moment...</title><h1>Just a moment...</h1><p>Checking your browser")]


HTML_NESTED = "<div>" * 100_000 + "x"
HTML_PARAGRAPHS = "<article><h1>Many</h1>" + "<p>word word word word word</p>" * 15_000
HTML_ATTRIBUTES = "<p " + "a=b " * 100_000 + ">x</p>"
HTML_TABLE = "<table>" + "<tr><td>" * 20_000
JSON_LD = '<script type="application/ld+json">' + '{"a":' * 100_000 + "</script><p>x"
COMMENTS = "<!--" * 100_000

SITES: dict[str, tuple[str, Page]] = {  # host -> kind of its source, and how it answers
    # what takes time
    "silent-feed": ("feed", to(never)),
    "drip-feed": ("feed", to(drip)),
    "slow-headers": ("sitemap", to(slow_head)),
    "late-pages": ("feed", pages(late)),
    "drip-pages": ("feed", pages(drip)),
    "silent-pages": ("feed", pages(never)),
    "no-http": ("feed", to(lambda _: [b"\x00\x01\x02 220 ESMTP\r\n" * 10])),
    "hangs-up": ("feed", to(lambda _: [])),
    # what takes memory
    "endless-feed": ("feed", to(flood)),
    "endless-pages": ("feed", pages(flood, 10)),
    "headers": ("feed", to(headers)),
    "header-pages": ("feed", pages(headers, 10)),
    "gzip-feed": ("feed", to(lambda _: [reply(BOMB, Content_Encoding="gzip")])),
    "gzip-pages": ("feed", pages(lambda _: [reply(BOMB, Content_Encoding="gzip")], 10)),
    "gzip-twice": ("sitemap", to(lambda _: [reply(gzip.compress(BOMB), Content_Encoding="gzip")])),
    "gzip-file": ("sitemap", to(lambda _: [reply(BOMB, kind="application/gzip")])),
    "declared": ("feed", to(lambda _: [HEAD + b"Content-Length: 9999999999999\r\n\r\n<rss>"])),
    # what takes a parser's time
    "many": ("sitemap", to(lambda _: [reply(LOCS, kind="application/gzip")], honest)),
    "laughs": ("feed", to(lambda _: [reply(LAUGHS, kind="application/rss+xml")])),
    "nested-feed": ("feed", to(lambda _: [XML + b"<rss><channel>" + b"<item>" * 50_000])),
    "slow-feed": ("feed", to(lambda _: [XML + SLOW], lambda _: [reply("", 404)])),
    "one-tag": ("sitemap", to(lambda _: [XML + URLSET + b"<url " + b"a='b' " * 300_000 + b">"])),
    "ampersands": ("feed", to(lambda _: [XML + b"<rss><channel>" + b"&" * 2_500_000])),
    "nested-json": ("wordpress", to(lambda _: [reply("[" * 2_000_000, kind="application/json")])),
    "links": ("section", to(lambda _: [reply("<a href=/x>" * 50_000)])),
    "nested-pages": ("feed", pages(lambda _: [reply(HTML_NESTED)], 2)),
    "paragraphs": ("feed", pages(lambda _: [reply(HTML_PARAGRAPHS)], 3)),
    "attributes": ("feed", pages(lambda _: [reply(HTML_ATTRIBUTES)], 5)),
    "tables": ("feed", pages(lambda _: [reply(HTML_TABLE)], 5)),
    "json-ld": ("feed", pages(lambda _: [reply(JSON_LD)], 5)),
    "comments": ("feed", pages(lambda _: [reply(COMMENTS)], 5)),
    # what has no end
    "calendar": ("section", to(calendar, calendar)),
    "paging": ("section", to(paging, paging)),
    "sessions": ("section", to(sessions, sessions)),
    "segments": ("section", to(segments, segments)),
    "words": ("section", to(words, words)),
    "posts": ("wordpress", to(wordpress, paging)),
    "index-itself": ("sitemap", to(lambda ask: [index_of([f"http://{ask.host}/sitemap.xml?{time.monotonic_ns()}"])])),
    "index-wide": (
        "sitemap",
        to(lambda ask: [index_of(f"http://{ask.host}/sitemap.xml?{time.monotonic_ns()}-{n}" for n in range(2_000))]),
    ),
    "loop": ("feed", to(loop, loop)),
    "growing": ("feed", to(growing, growing)),
    # what misleads
    "walls": ("feed", pages(wall)),
    "soft-404": ("feed", pages(lambda _: [reply("<title>Page not found</title><h1>Page not found</h1>")])),
    "not-found": ("feed", pages(lambda _: [reply("", 404)])),
    "private": ("feed", to(lambda _: [reply(feed("private", [f"http://127.0.0.{n}/" for n in range(2, 60)]))])),
    "robots-away": ("feed", lambda _: [reply("", 503)]),
}
HOSTILE = {host: kind for host, (kind, _) in SITES.items()}


def answer(ask: Ask) -> Iterable[bytes]:
    """What any of the fifty answers."""
    name = ask.host.removesuffix(".example")
    return SITES[name][1](ask) if name in SITES else honest(ask)
