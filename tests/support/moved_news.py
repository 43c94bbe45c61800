"""An outlet on this machine whose feed gives addresses that lead to its articles, as shorteners do."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from tests.security.fetch_cli import configured

SITE = "moved"
_NOW = datetime.now(UTC)
LONG = 100_000  # bytes of the longest body of a redirect
HEADLINES = {  # by the path of the article
    f"/2026/11/{quote('سد-الفرات')}/": "ارتفاع منسوب سد الفرات بعد أسبوع من الأمطار",
    f"/2026/11/{quote('سوق')}/": "سوق الهال يفتح أبوابه بعد ترميم دام عامين",
    "/2026/11/ferry": "The ferry to the island sails again after the storm",
    f"/2026/11/{quote('مضغوط')}/": "مكتبة المدينة تستعيد مخطوطاتها القديمة",
    "/2026/11/bridge": "The old bridge opens to carts and bicycles in spring",
    "/2026/11/orchard": "An orchard of forgotten apples is planted by the river",
}
DAM, MARKET, FERRY, PACKED, BRIDGE, ORCHARD = HEADLINES


@dataclass
class Answer:
    """What the server says at a path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})


def to(location: str, status: int = 301, body: bytes = b"<p>Moved</p>") -> Answer:
    return Answer(body, status, {"Location": location, "Content-Type": "text/html"})


def page(path: str, more: str = "") -> bytes:
    """The page of an article."""
    headline = HEADLINES[path]
    arabic = not headline.isascii()
    number = list(HEADLINES).index(path)
    said = (
        "قال المهندس المشرف إن المياه بلغت الرقم {} في السجل، وإن العمال راقبوا البوابات طوال الليل دون توقف."
        if arabic
        else "The harbour master counted {} boats before noon, and the families on the quay waved to every one of them."
    )
    text = "".join(f"<p>{escape(headline)}. {said.format(number * 100 + n)}</p>" for n in range(6))
    published = (_NOW - timedelta(hours=2 + number)).isoformat(timespec="seconds")
    return (
        f'<!doctype html><html lang="{"ar" if arabic else "en"}"><head><meta charset="utf-8">'
        f'<title>{escape(headline)}</title><meta property="og:type" content="article">'
        f'<meta property="og:title" content="{escape(headline)}">'
        f'<meta property="article:published_time" content="{published}">'
        f"</head><body><article><h1>{escape(headline)}</h1><div>{text}{more}</div></article></body></html>"
    ).encode()


def answers() -> dict[str, Answer]:
    """What there is at each path. The feed gives those that begin with /go/ and that of the packed article."""
    found = {path: Answer(page(path)) for path in HEADLINES}
    packed = found[PACKED]
    packed.headers["Content-Encoding"], packed.body = "deflate", zlib.compress(packed.body)
    html = {"Content-Type": "text/html; charset=utf-8"}
    return found | {
        "/go/1": to("/go/1/again", 302),
        "/go/1/again": to(DAM),
        "/go/2": Answer(f'<meta http-equiv="refresh" content="0; url={MARKET}"><p>Please wait</p>'.encode(), 200, html),
        "/go/3": Answer(f'<script>location.replace("{FERRY}")</script>'.encode(), 200, html),
        "/go/5": to(f"{BRIDGE}?utm_source=feed#top", 302),
        "/go/6": to(ORCHARD, 308, b"<p>" + b"moved " * (LONG // 6)),
        "/go/none": to("/nothing", 302),
    }


GIVEN = {  # the addresses that the feed gives: where each leads
    "/go/1": DAM, "/go/2": MARKET, "/go/3": FERRY, PACKED: PACKED, "/go/5": BRIDGE, "/go/6": ORCHARD,
}  # fmt: skip


@dataclass
class Outlet:
    """The outlet while it is served: what is at each path, and the paths that were asked for."""

    url: str
    answers: dict[str, Answer]
    asked: list[str] = field(default_factory=list)

    def feed(self) -> bytes:
        """Its feed: every address that it gives, and one that leads nowhere."""
        items = "".join(f"<item><title>{n}</title><link>{self.url}{path}</link></item>" for n, path in enumerate(GIVEN))
        items += f"<item><title>x</title><link>{self.url}/go/none</link></item>"
        return f'<rss version="2.0"><channel><title>Moved</title>{items}</channel></rss>'.encode()

    def config(self, directory: Path, **settings: object) -> Path:
        """A configuration for it with these settings, in this folder."""
        folder = configured(directory, schedule={"every": 1}, **settings)
        (folder / "sites" / "test").mkdir(parents=True)
        site = {
            "name": "Moved News", "homepage": f"{self.url}/", "country": "UN", "languages": ["ar", "en"],
            "rendering": "none", "sources": [{"kind": "feed", "url": f"{self.url}/feed"}], "enabled": True,
        }  # fmt: skip
        (folder / "sites" / "test" / f"{SITE}.yaml").write_text(json.dumps(site), "utf-8")
        return folder


@contextmanager
def serving() -> Iterator[Outlet]:
    """The outlet on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            outlet.asked.append(self.path)
            path = self.path.partition("?")[0]
            answer = Answer(outlet.feed(), 200, {"Content-Type": "application/rss+xml"}) if path == "/feed" else None
            answer = answer or outlet.answers.get(path) or Answer(b"<p>Nothing here</p>", 404)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    outlet = Outlet(f"http://127.0.0.1:{server.server_port}", answers())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield outlet
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
