"""Outlets that publish for a year: their lists and pages are made from a site's number, an item's number and the time,
so that a million of them take no room. One HTTP proxy on loopback serves them all.

Of every five items, one is an article, one a page that is none, one is gone, and two are older than a first visit looks
back. Some articles are edited, taken down later, or the same on two sites.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self

HOST = "127.0.0.1"
LISTED = 8  # polls for which an item is listed
KINDS = 5  # of items, in turn
LONG_AGO = timedelta(days=3_650)  # before they are published: the dates of items that are old
EDITED_EACH, REMOVED_EACH, SHARED_EACH = 50, 175, 125  # of items: a tenth of the articles, a 35th and a 25th
EDITED_AFTER, REMOVED_AFTER = 1.5, 3.5  # polls of the site after it was published
PLAIN, MARKUP, FEED = "text/plain", "text/html; charset=utf-8", "application/rss+xml"

Fault = Literal["503", "429", "dropped", "wall"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request; `tag` is its ETag."""

    status: int
    kind: str
    body: bytes
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:16]}"'


def _words(arabic: bool) -> tuple[str, ...]:
    """A vocabulary: made up, and so without words that mean anything to a rule."""
    letters = "بتجدرزسشعفقكلمنهوي" if arabic else "bcdfgklmnprstvz"
    vowels = "اوي" if arabic else "aeiou"
    dice = random.Random(arabic)
    return tuple(
        "".join(dice.choice(letters) + dice.choice(vowels) for _ in range(dice.randint(2, 4))) for _ in range(3_000)
    )


def _arabic(site: int) -> bool:
    """Whether a site writes in Arabic: so do every third and fourth, as neighbours share texts."""
    return site % 4 > 1


WORDS = {arabic: _words(arabic) for arabic in (True, False)}


@dataclass
class Outlets:
    """`count` sites that publish `items` each, evenly between `begin` and `end`, and are polled `every` so often; `now`
    gives the time, and `faults` says what is wrong with a site (by its number) at the moment."""

    count: int
    items: int
    begin: datetime
    end: datetime
    every: timedelta
    now: Callable[[], datetime]
    faults: dict[int, Fault] = field(default_factory=dict)
    away: bool = False  # no site answers

    @property
    def length(self) -> timedelta:
        return self.end - self.begin

    @property
    def listed(self) -> int:
        """How many items a feed has."""
        return KINDS + int(LISTED * self.items * self.every / self.length)

    def host(self, site: int) -> str:
        return f"outlet{site:02d}.example"

    def url(self, site: int, item: int) -> str:
        return f"http://{self.host(site)}/news/{item}"

    def published(self, site: int, item: int) -> datetime:
        step = self.length / self.items
        return self.begin + item * step + step * site / self.count

    def so_far(self, site: int, at: datetime) -> int:
        """How many items a site has published by then."""
        step = self.length / self.items
        return min(self.items, max(0, (at - self.begin - step * site / self.count) // step + 1))

    def articles(self, at: datetime) -> set[str]:
        """The URLs of all articles that were published by then."""
        return {self.url(site, item) for site in range(self.count) for item in range(0, self.so_far(site, at), KINDS)}

    def configure(self, directory: Path, proxy: str) -> Path:
        """Write a configuration that crawls them; give its folder."""
        (directory / "sites" / "test").mkdir(parents=True)
        hours = self.every / timedelta(hours=1)
        for site in range(self.count):
            home = f"http://{self.host(site)}"
            said = {
                "name": f"Outlet {site}", "homepage": f"{home}/", "country": "SY" if _arabic(site) else "GB",
                "languages": ["ar" if _arabic(site) else "en"], "time_zone": "UTC", "rendering": "none",
                "enabled": True,
                "sources": [{"kind": "feed", "url": f"{home}/feed"}],
                "schedule": {"every": self.every / timedelta(minutes=1)},
                "revisit": [f"{2 * hours:.3f} h", f"{4 * hours:.3f} h"],
            }  # fmt: skip
            (directory / "sites" / "test" / f"outlet{site:02d}.yaml").write_text(json.dumps(said), "utf-8")
        settings = {
            "contact": "soak@localhost.example", "proxy": proxy, "allow_networks": ["127.0.0.1/32"],
            "politeness": {"delay": 0, "timeout": 10}, "schedule": {"first_visit_days": 60},
        }  # fmt: skip
        (directory / "arshif.yaml").write_text(json.dumps(settings), "utf-8")
        return directory

    # --- what they answer ---

    def answer(self, host: str, path: str) -> Answer | None:
        """None: the connection is dropped."""
        with suppress(ValueError):
            site = int(host.removeprefix("outlet").removesuffix(".example"))
            fault = self.faults.get(site)
            if self.away or fault == "dropped":
                return None
            if fault == "wall":
                wall = b"<title>Just a moment...</title><h1>Checking your browser</h1><p>Verify that you are human."
                return Answer(403, MARKUP, wall)
            if fault:
                return Answer(int(fault), PLAIN, b"later", (("Retry-After", "7200"),) if fault == "429" else ())
            if path == "/robots.txt":
                return Answer(200, PLAIN, b"User-agent: *\nDisallow: /admin/\n")
            if path == "/feed":
                return Answer(200, FEED, self._feed(site))
            if path.startswith("/news/"):
                return self._page(site, int(path.removeprefix("/news/")))
        return Answer(404, MARKUP, b"<title>Not found</title><h1>Not found</h1>")

    def _feed(self, site: int) -> bytes:
        last = self.so_far(site, self.now())
        listed = []
        for item in range(last - 1, max(-1, last - 1 - self.listed), -1):
            at = self.published(site, item) - (LONG_AGO if item % KINDS > 2 else timedelta(0))
            listed.append(
                f"<item><title>{self._headline(site, item)}</title><link>{self.url(site, item)}</link>"
                f"<guid>{self.url(site, item)}</guid><pubDate>{format_datetime(at)}</pubDate></item>"
            )
        head = f"<title>Outlet {site}</title><link>http://{self.host(site)}/</link><description>News</description>"
        return f'<rss version="2.0"><channel>{head}{"".join(listed)}</channel></rss>'.encode()

    def _page(self, site: int, item: int) -> Answer:
        now, at = self.now(), self.published(site, item)
        if at > now or item % KINDS == 2 or (item % REMOVED_EACH == 0 and now > at + REMOVED_AFTER * self.every):
            return Answer(404, MARKUP, b"<title>Not found</title><h1>Not found</h1>")
        headline, home = self._headline(site, item), f"http://{self.host(site)}"
        if item % KINDS == 1:
            return Answer(200, MARKUP, f"<title>{headline}</title><h1>{headline}</h1><video src=x></video>".encode())
        body = self._body(site, item)
        if item % EDITED_EACH == 0 and now > at + EDITED_AFTER * self.every:
            body.append(self._paragraph(random.Random(f"edit {site} {item}"), site))
        said = {
            "@context": "https://schema.org", "@type": "NewsArticle", "headline": headline,
            "datePublished": at.isoformat(timespec="seconds"),
            "author": {"@type": "Person", "name": f"Author {item % 7}"},
            "articleSection": ("World", "Local", "Sport")[item % 3], "mainEntityOfPage": self.url(site, item),
        }  # fmt: skip
        page = (
            f'<!DOCTYPE html><html lang="{"ar" if _arabic(site) else "en"}"><head><meta charset="utf-8">'
            f"<title>{headline}</title>"
            f'<script type="application/ld+json">{json.dumps(said)}</script></head><body>'
            f'<nav><a href="{home}/">Home</a> <a href="{home}/world">World</a></nav><article><h1>{headline}</h1>'
            f"<p>{'</p><p>'.join(body)}</p></article><footer><p>Copyright Outlet {site}</p></footer></body></html>"
        )
        return Answer(200, MARKUP, page.encode())

    def _source(self, site: int, item: int) -> str:
        """What an item's text is made from: two sites that are neighbours share some."""
        return f"{site // 2 * 2 if item % SHARED_EACH == 0 else site} {item}"

    def _headline(self, site: int, item: int) -> str:
        return " ".join(random.Random(self._source(site, item)).choices(WORDS[_arabic(site)], k=7)).capitalize()

    def _body(self, site: int, item: int) -> list[str]:
        dice = random.Random(f"body {self._source(site, item)}")
        return [self._paragraph(dice, site if item % SHARED_EACH else site // 2 * 2) for _ in range(6)]

    def _paragraph(self, dice: random.Random, site: int) -> str:
        words = WORDS[_arabic(site)]
        return " ".join(" ".join(dice.choices(words, k=dice.randint(9, 14))).capitalize() + "." for _ in range(3))


class Proxy:
    """Serves outlets as an HTTP proxy in a thread of its own; a context manager."""

    def __init__(self, outlets: Outlets) -> None:
        self.outlets = outlets
        self.requests = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="outlets", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, HOST, self.port))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ValueError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                self.requests += 1
                _, _, rest = head[0].split()[1].partition("://")
                host, _, path = rest.partition("/")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                answer = self.outlets.answer(host, f"/{path}")
                if answer is None:
                    break
                writer.write(_bytes(answer, headers))
                await writer.drain()
        writer.close()


def _bytes(answer: Answer, asked: Mapping[str, str]) -> bytes:
    if answer.status == 200 and asked.get("if-none-match") == answer.tag:
        return f"HTTP/1.1 304 Not Modified\r\nETag: {answer.tag}\r\n\r\n".encode()
    headers = [("Content-Type", answer.kind), ("Content-Length", str(len(answer.body))), *answer.extra]
    headers += [("ETag", answer.tag)] if answer.status == 200 else []
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {answer.status} Soak\r\n{lines}\r\n".encode() + answer.body
