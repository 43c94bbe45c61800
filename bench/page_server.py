"""A press: many pages of real size on this machine, in a process of its own; hosts 127.0.0.1 and on, one port.

Pages are 168 real ones of many outlets and languages, half of them longer than 190 kB (`../shared/pages`, where that
is), or those of the tests' newsroom. Each is served many times, with the words of its texts in another order, so that
none is a copy of another. Each host has a sitemap with a date for each page, and answers with ETag, Last-Modified, 304
and gzip. `/~edit/N` edits N pages, `/~told` says what was sent.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import random
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from bench.extraction import read
from crawler.errors import PageProblem
from index.archive import near_duplicates

PAGES = Path(__file__).parents[2] / "shared" / "pages" / "open"
SOURCES = ("fundus", "arabic", "arabic_wp")  # modern pages
SHORTEST, LONGEST = 20_000, 600_000  # bytes of a page that is taken
PARAGRAPH = 60  # characters of a text from which it is taken for one
_TEXT = re.compile(r"<(script|style|head|h1)\b.*?</\1\s*>|<!--.*?-->|>(?P<text>[^<>]{30,})<", re.DOTALL | re.IGNORECASE)


@dataclass
class Sheet:
    """A page as it is served."""

    packed: bytes
    modified: datetime
    etag: str

    @classmethod
    def of(cls, body: bytes, modified: datetime) -> Sheet:
        """With its validators; only what is sent is kept, for there are gigabytes of them."""
        etag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()[:16]}"'
        return cls(gzip.compress(body, 6, mtime=0), modified, etag)


@dataclass
class Press:
    """All pages by host and path, and what was asked of them."""

    sheets: dict[tuple[str, str], Sheet]
    requests: int = 0
    sent: int = 0
    edited: list[str] = field(default_factory=list)
    maps: dict[tuple[str, str], Sheet] = field(default_factory=dict)

    def answer(self, host: str, path: str, asked: dict[str, str]) -> bytes:
        """The whole answer to a request."""
        if path.startswith("/~"):
            return self._told(path)
        sheet = self.sheets.get((host, path)) or self._map(host, path)
        self.requests += 1
        if sheet is None:
            told = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        else:
            dated = format_datetime(sheet.modified, usegmt=True)
            kind = "application/xml" if path.endswith(".xml") else "text/html; charset=utf-8"
            head = f"ETag: {sheet.etag}\r\nLast-Modified: {dated}\r\nContent-Type: {kind}\r\n"
            if asked.get("if-none-match") == sheet.etag:
                told = f"HTTP/1.1 304 Not Modified\r\n{head}\r\n".encode()
            else:
                size = f"Content-Encoding: gzip\r\nContent-Length: {len(sheet.packed)}\r\n\r\n"
                told = f"HTTP/1.1 200 OK\r\n{head}{size}".encode() + sheet.packed
        self.sent += len(told)
        return told

    def _map(self, host: str, path: str) -> Sheet | None:
        if not path.startswith("/sitemap"):
            return None
        if (host, path) not in self.maps:
            rows = [(p, s.modified) for (h, p), s in self.sheets.items() if h == host]
            entries = "".join(
                f"<url><loc>http://{host}{p}</loc><lastmod>{m.isoformat()}</lastmod></url>\n" for p, m in rows
            )
            text = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>'
            self.maps[host, path] = Sheet.of(text.encode(), max(m for _, m in rows))
        return self.maps[host, path]

    def _told(self, path: str) -> bytes:
        if path.startswith("/~edit/"):
            self._edit(int(path.rpartition("/")[2]))
        body = json.dumps({"requests": self.requests, "sent": self.sent, "edited": self.edited}).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    def _edit(self, count: int) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        for key in random.Random(count).sample(sorted(self.sheets), count):
            body = gzip.decompress(self.sheets[key].packed).decode()
            self.sheets[key] = Sheet.of(_TEXT.sub(_put_right, body).encode(), now)
            self.edited.append(f"http://{key[0]}{key[1]}")
        self.maps.clear()


class Connection(asyncio.Protocol):
    """One client's connection, kept alive."""

    def __init__(self, press: Press) -> None:
        self.press = press
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.held += data
        while b"\r\n\r\n" in self.held:
            head, _, self.held = self.held.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            asked = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            answer = self.press.answer(asked.get("host", ""), first.split(" ")[1], asked)
            self.transport.write(answer)  # type: ignore[attr-defined]


# --- the pages -------------------------------------------------------------------------------------------------------


def originals() -> list[str]:
    """Pages whose articles are others, and no near-duplicates, when the words of their texts are in another order."""
    return [page for page in (_saved() if PAGES.is_dir() else _made()) if _tell_apart(page)]


def _tell_apart(page: str) -> bool:
    try:
        one, other = (read(varied(page, number), "http://127.0.0.1/a").signature for number in (1, 2))
    except PageProblem:
        return False
    return (
        one is not None
        and other is not None
        and near_duplicates.resemblance(one, other) < near_duplicates.MIN_SIGNATURE_SIMILARITY
    )


def _saved() -> Iterator[str]:
    for source in SOURCES:
        for file in sorted((PAGES / source).glob("*.html.gz")):
            page = gzip.decompress(file.read_bytes()).decode("utf-8", "replace")
            if SHORTEST <= len(page.encode()) <= LONGEST:
                yield page


def _made() -> Iterator[str]:
    from tests.support.news_sites import Newsroom

    with Newsroom(via="ports", only=("jannah", "arabic2", "english", "fr")) as room:
        for site in room.sites:
            for article in room.articles(site):
                with urllib.request.urlopen(f"http://127.0.0.1:{room.sites[site].port}{article.path}") as answer:
                    yield answer.read().decode("utf-8", "replace")


def varied(page: str, number: int) -> bytes:
    """The page with the words of each of its texts in an order of its own; head, scripts and headlines stay."""

    def turned(found: re.Match[str]) -> str:
        if found["text"] is None:
            return found[0]
        words = found["text"].split()
        random.Random(number).shuffle(words)
        return f">{' '.join(words)}<"

    return _TEXT.sub(turned, page).encode()


def _put_right(found: re.Match[str]) -> str:
    """A text with a sentence more, where it is a paragraph."""
    long = found["text"] is not None and len(found["text"]) >= PARAGRAPH
    return f">{found['text']} The office has since put this sentence right.<" if long else found[0]


def press(pages: int, hosts: int, port: int) -> Press:
    """So many pages, dealt to so many hosts; each is a day older than the one before, within a month."""
    given, now = originals(), datetime.now(UTC).replace(microsecond=0)
    sheets = {}
    for number in range(pages):
        host = f"127.0.0.{1 + number % hosts}:{port}"
        path = f"/2026/news/{number:06d}-story-of-the-day"
        sheets[host, path] = Sheet.of(
            varied(given[number % len(given)], number), now - timedelta(hours=number % 144 + 1)
        )
    return Press(sheets)


@contextmanager
def running(pages: int, hosts: int = 1) -> Iterator[str]:
    """A press in a process of its own; gives the address of its first host, such as http://127.0.0.1:4711."""
    command = [sys.executable, "-m", "bench.page_server", str(pages), str(hosts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def told(address: str, path: str = "/~told") -> dict[str, object]:
    """What a press says of itself."""
    with urllib.request.urlopen(address + path) as answer:
        return dict(json.loads(answer.read()))


async def _serve(pages: int, hosts: int) -> None:
    loop = asyncio.get_running_loop()
    first = await loop.create_server(lambda: Connection(made), "127.0.0.1", 0)
    port = first.sockets[0].getsockname()[1]
    for number in range(1, hosts):
        await loop.create_server(lambda: Connection(made), f"127.0.0.{1 + number}", port)
    made = press(pages, hosts, port)
    print(port, flush=True)
    await first.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
