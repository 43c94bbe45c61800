"""Nothing that a site writes leads a crawl to an address that is not public: a canary waits there, and is never hit.

Every address but 127.0.0.1 leads to the canary (`tests/security/canary.py`), so that a guard that fails sends nothing
anywhere else.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.security.canary import ALLOWED, HOSTS, LITERALS, NAMES, diverted
from tests.security.fetch_cli import ROOT, asked, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import article, feed, index_of
from tests.support.patience import PATIENCE

SCHEMES = (
    "file:///etc/passwd", "ftp://127.0.0.2/x", "data:text/html,x", "s3://bucket/x", "gopher://127.0.0.2/",
    "javascript:0",
)  # fmt: skip
REFUSALS = {"PrivateAddress", "ValueError", "CannotResolveHostError", "RobotsUnreachable", "NotSupported",
            "UnsupportedURLSchemeError", "IgnoreRequest", "InvalidURI", "Forbidden"}  # fmt: skip


def site(ask: Ask) -> Iterable[bytes]:
    """A site that answers whatever it is asked to: a redirect or a page."""
    parts = urlsplit(ask.path)
    to = parse_qs(parts.query).get("to", [""])[0]
    match parts.path:
        case "/redirect":
            return [reply("", 302, Location=to)]
        case "/refresh":
            return [reply(f'<meta http-equiv="refresh" content="0;url={to}"><p>text')]
        case "/script":
            return [reply(f"<script>location.href = {json.dumps(to)}</script><p>text")]
        case "/header":
            return [reply("<p>text", Refresh=f"0;url={to}", Link=f"<{to}>; rel=preload; as=script")]
        case "/robots.txt":
            return [reply("", 404)]
    return [reply("a page")]


def test_there_are_enough_spellings_and_each_would_be_seen(canary: Server) -> None:
    assert len(set(HOSTS)) >= 60
    with diverted(canary.port):
        for host in (*NAMES, "127.0.0.2", "10.0.0.1", "2130706434"):
            socket.create_connection((socket.gethostbyname(host), 80)).close()
    assert canary.hits() == len(NAMES) + 3


def test_a_crawl_reaches_none_of_them_directly_by_redirect_or_by_refresh(tmp_path: Path, canary: Server) -> None:
    with Server(site) as server:
        direct = [f"http://{host}:{canary.port}/" for host in HOSTS] + [f"https://{host}/" for host in LITERALS]
        ways = [
            f"{server.url}/{way}?to={quote(url, safe='')}"
            for way in ("redirect", "refresh", "header")
            for url in (*direct[: len(HOSTS)], *SCHEMES)
        ]
        found = asked(
            configured(tmp_path), [*direct, *SCHEMES, *ways, f"{server.url}/"],
            module=("tests.security.canary", str(canary.port)), RETRY_TIMES=0,
        )  # fmt: skip
    assert found[f"{server.url}/"][0] == 200
    assert canary.hits() == 0
    for url in (*direct, *SCHEMES):
        assert found[url][0] in REFUSALS, (url, found[url])
    for url in ways:
        if "/redirect?to=http" in url:
            assert found[url][0] in REFUSALS, (url, found[url])


def test_no_robots_txt_leads_to_one_of_them(tmp_path: Path, canary: Server) -> None:
    def answer(ask: Ask) -> Iterable[bytes]:
        number = int(ask.host.partition(".")[0].removeprefix("robots-"))
        return [reply("", 302, Location=f"http://{HOSTS[number]}:{canary.port}/robots.txt")]

    with Server(answer) as server:
        urls = [f"http://robots-{number}{ALLOWED}:{server.port}/page" for number in range(len(HOSTS))]
        found = asked(configured(tmp_path), urls, module=("tests.security.canary", str(canary.port)), RETRY_TIMES=0)
        assert {ask.path for ask in server.log} == {"/robots.txt"}
    assert canary.hits() == 0
    assert {what for what, _ in found.values()} == {"RobotsUnreachable"}


def test_a_crawl_reaches_none_of_them_by_feed_sitemap_enclosure_canonical_link_or_section(
    tmp_path: Path, canary: Server
) -> None:
    """Whatever a site's sources and pages name, in a whole crawl. One article comes, so that it was none of nothing."""
    away = [f"http://{host}:{canary.port}/2026/story-of-{n}-today" for n, host in enumerate(HOSTS)]

    def answer(ask: Ask) -> Iterable[bytes]:
        base, path = f"http://{ask.host}", urlsplit(ask.path).path
        number = int(ask.path.partition("=")[2] or 0)
        to = away[number]
        led = [f"{base}/{way}-of-today-{n}?to={n}" for n in range(len(away)) for way in ("redirect", "canonical")]
        match path:
            case "/feed":
                text = feed("news", [f"{base}/2026/story-number-1-of-today", *led, *away])
                media = "".join(f'<enclosure url="{url}" length="1" type="text/html"/>' for url in away)
                return [reply(text.replace("</item>", f"{media}</item>", 1), kind="application/rss+xml")]
            case "/sitemap.xml":
                return [index_of([f"{base}/pages.xml", *away])]
            case "/pages.xml":
                locs = "".join(f"<url><loc>{url}</loc></url>" for url in away)
                return [reply(f'<?xml version="1.0"?><urlset>{locs}</urlset>', kind="application/xml")]
            case "/news":
                links = "".join(f'<li><a href="{url}">A story of some length here</a></li>' for url in away)
                return [reply(f"<base href='{to}'><h1>News</h1><ul>{links}</ul>")]
        if path.startswith("/redirect-"):
            return [reply("", 302, Location=to)]
        if path.startswith(("/canonical-", "/2026/")):
            head = f'<link rel="canonical" href="{to}"><meta property="og:url" content="{to}">'
            head += f'<link rel="amphtml" href="{to}"><meta property="og:image" content="{to}"><base href="{to}">'
            return [reply(article("news", 1 + number).replace("<head>", f"<head>{head}"))]
        return [reply("", 404)]

    with Server(answer) as server:
        config = configured(tmp_path, schedule={"per_run": 4 * len(HOSTS)})
        kinds = {"feed": "/feed", "sitemap": "/sitemap.xml", "section": "/news"}
        about = {
            "name": "news", "homepage": f"{server.url}/", "country": "SY", "languages": ["en"], "enabled": True,
            "sources": [{"kind": kind, "url": f"{server.url}{path}"} for kind, path in kinds.items()],
            "rendering": "none",
        }  # fmt: skip
        (config / "sites").mkdir()
        (config / "sites" / "news.yaml").write_text(json.dumps(about), "utf-8")
        subprocess.run(
            [sys.executable, "-m", "tests.security.canary", str(canary.port), "crawl"], cwd=ROOT, check=True,
            env={**os.environ, "ARSHIF_CONFIG": str(config)}, timeout=PATIENCE,
        )  # fmt: skip
        assert len(server.asked(path="/2026/story-number-1")) == 1
        assert len(server.asked(path="/redirect-")) == len(HOSTS)
        assert {"/feed", "/sitemap.xml", "/pages.xml", "/news"} <= {ask.path for ask in server.log}
    assert canary.hits() == 0


@pytest.mark.parametrize("name", ["rebinding.example", "mixed.example"])
def test_a_name_that_is_rebound_leads_nowhere(name: str, tmp_path: Path, canary: Server) -> None:
    with Server(site) as server:
        urls = [f"http://{name}:{server.port}/{n}" for n in range(3)]
        found = asked(
            configured(tmp_path), urls, module=("tests.security.canary", str(canary.port)), DNSCACHE_ENABLED=False
        )
    assert canary.hits() == 0
    refused = {"PrivateAddress", "CannotResolveHostError", "RobotsUnreachable"}
    assert {what for what, _ in found.values()} & refused
    assert {what for what, _ in found.values()} <= (refused | {200} if name == "mixed.example" else refused)


def test_a_proxy_is_asked_for_none_of_them(tmp_path: Path) -> None:
    with Server(lambda _: [reply("hit")]) as proxy:
        urls = [f"http://{host}/" for host in HOSTS if host not in NAMES] + ["http://localhost/", "http://a.localhost/"]
        found = asked(configured(tmp_path, proxy=proxy.url, allow_networks=[]), urls)
    assert proxy.hits() == 0
    assert {what for what, _ in found.values()} <= REFUSALS
