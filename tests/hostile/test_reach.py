"""Nothing that a site writes leads a crawl to an address that is not public: a canary waits there, and is never hit.

Every address but 127.0.0.1 leads to the canary (`tests/hostile/canary.py`), so that a guard that fails sends nothing
anywhere else.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.hostile.asking import asked, configured
from tests.hostile.canary import HOSTS, LITERALS, NAMES, diverted
from tests.hostile.server import Ask, Server, reply

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


@pytest.fixture
def canary() -> Iterator[Server]:
    with Server(lambda _: [reply("hit")]) as server:
        yield server


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
            module=("tests.hostile.canary", str(canary.port)), RETRY_TIMES=0,
        )  # fmt: skip
    assert found[f"{server.url}/"][0] == 200
    assert canary.hits() == 0
    for url in (*direct, *SCHEMES):
        assert found[url][0] in REFUSALS, (url, found[url])
    for url in ways:
        if "/redirect?to=http" in url:
            assert found[url][0] in REFUSALS, (url, found[url])


def test_a_name_that_is_rebound_leads_nowhere(tmp_path: Path, canary: Server) -> None:
    with Server(site) as server:
        urls = [f"http://rebinding.example:{server.port}/{n}" for n in range(3)]
        found = asked(
            configured(tmp_path), urls, module=("tests.hostile.canary", str(canary.port)), DNSCACHE_ENABLED=False
        )
    assert canary.hits() == 0
    assert {what for what, _ in found.values()} <= {"PrivateAddress", "CannotResolveHostError", "RobotsUnreachable"}


def test_a_proxy_is_asked_for_none_of_them(tmp_path: Path) -> None:
    with Server(lambda _: [reply("hit")]) as proxy:
        urls = [f"http://{host}/" for host in HOSTS if host not in NAMES] + ["http://localhost/", "http://a.localhost/"]
        found = asked(configured(tmp_path, proxy=proxy.url, allow_networks=[]), urls)
    assert proxy.hits() == 0
    assert {what for what, _ in found.values()} <= REFUSALS
