"""The gate in front of the browser: what it lets through, and that a page's every way out ends there."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import quote, urlsplit

import pytest

from crawler.fetch.rendering.settings import CONTEXT, launch_options
from crawler.fetch.ssrf.browser_proxy import BrowserProxy
from crawler.fetch.ssrf.policy import AddressPolicy
from tests.security.canary import HOSTS, diverted
from tests.security.server import Ask, Server, reply
from tests.security.test_reach import site
from tests.support.patience import PATIENCE

ALLOWED = ["127.0.0.1/32"]
REFUSED = 200  # ways out of the page below that end at the gate, at least


def page(canary: int) -> str:
    """A page whose frames, pictures, scripts, styles, sockets and links want to reach each forbidden host."""
    hosts = [f"{host}:{canary}" for host in HOSTS]
    tags = "".join(
        f"""<img src="http://{h}/img"><iframe src="http://{h}/frame"></iframe><script src="http://{h}/js"></script>
        <link rel=stylesheet href="http://{h}/css"><link rel=dns-prefetch href="//{h}"><link rel=preconnect
        href="http://{h}"><link rel=prefetch href="http://{h}/prefetch"><object data="http://{h}/object"></object>
        <iframe src="/redirect?to={quote(f"http://{h}/redirected", safe="")}"></iframe>
        <iframe src="/refresh?to={quote(f"http://{h}/refreshed", safe="")}"></iframe>
        <iframe src="/script?to={quote(f"http://{h}/scripted", safe="")}"></iframe>"""
        for h in hosts
    )
    return f"""<!doctype html><title>page</title><body>{tags}<p>text</p><script>
    const hosts = {json.dumps(hosts)};
    for (const h of hosts) {{
      for (const attempt of [
        () => fetch("http://" + h + "/fetch", {{mode: "no-cors"}}),
        () => fetch("https://" + h + "/fetch", {{mode: "no-cors"}}),
        () => new WebSocket("ws://" + h + "/ws"), () => new WebSocket("wss://" + h + "/wss"),
        () => new EventSource("http://" + h + "/events"), () => navigator.sendBeacon("http://" + h + "/beacon", "x"),
        () => {{ const x = new XMLHttpRequest(); x.open("POST", "http://" + h + "/xhr"); x.send("x"); }},
        () => new WebTransport("https://" + h + "/wt"),
        () => {{ const p = new RTCPeerConnection({{iceServers: [{{urls: "stun:" + h}}, {{urls: "turn:" + h +
            "?transport=tcp", username: "a", credential: "b"}}]}}); p.createDataChannel("x");
            p.createOffer().then(o => p.setLocalDescription(o)); }},
        () => open("http://" + h + "/popup"),
      ]) try {{ Promise.resolve(attempt()).catch(() => 0); }} catch {{}}
    }}
    </script>"""


async def through(gate: BrowserProxy, request: str, authorised: bool = True) -> bytes:
    """What the gate answers to this request."""
    told = gate.for_browser
    pair = base64.b64encode(f"{told['username']}:{told['password']}".encode()).decode()
    head = f"{request}\r\nProxy-Authorization: Basic {pair}\r\n\r\n" if authorised else f"{request}\r\n\r\n"
    parts = urlsplit(told["server"])
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(head.encode())
    answer = await reader.read()
    writer.close()
    return answer


async def settled(gate: BrowserProxy) -> None:
    """Waits until a page has tried all that it tries: for a while no more of it is refused."""
    before, end = -1, time.monotonic() + PATIENCE
    while len(gate.refused) <= REFUSED or len(gate.refused) > before:
        assert time.monotonic() < end
        before = len(gate.refused)
        await asyncio.sleep(2)


def asked_of(requests: Iterable[str], authorised: bool = True, **options: object) -> list[bytes]:
    """What a gate that allows 127.0.0.1 answers to each."""

    async def run() -> list[bytes]:
        gate = BrowserProxy(AddressPolicy(ALLOWED), **options)  # type: ignore[arg-type]
        await gate.open()
        try:
            return [await through(gate, request, authorised) for request in requests]
        finally:
            await gate.close()

    return asyncio.run(run())


def test_what_is_allowed_goes_through_as_the_last_request_of_its_connection() -> None:
    with Server(lambda ask: [reply(f"{ask.path} {sorted(ask.headers)}", Connection="keep-alive")]) as server:
        (answer,) = asked_of([f"GET {server.url}/a?b=1 HTTP/1.1\r\nHost: {urlsplit(server.url).netloc}\r\nX-A: 1"])
    assert answer.endswith(b"/a?b=1 ['connection', 'host', 'x-a']")
    assert b"Connection: close" in answer
    assert b"keep-alive" not in answer


def test_a_tunnel_is_opened_only_to_what_is_allowed(canary: Server) -> None:
    with diverted(canary.port):
        answers = asked_of(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}" for host in HOSTS)
        plain = asked_of(f"GET http://{host}:{canary.port}/ HTTP/1.1\r\nHost: x" for host in HOSTS)
    told = Counter(answer.split(b"\r\n")[0][9:12] for answer in (*answers, *plain))
    assert set(told) <= {b"403", b"502", b"400"}
    assert told[b"400"] == 2 * sum(not host.isascii() for host in HOSTS), "the others are refused for where they lead"
    assert canary.hits() == 0


def test_a_stranger_gets_nothing(canary: Server) -> None:
    (answer,) = asked_of([f"GET {canary.url}/ HTTP/1.1\r\nHost: x"], authorised=False)
    assert answer.startswith(b"HTTP/1.1 407")
    assert canary.hits() == 0


@pytest.mark.parametrize(
    "request_line", ["GET ftp://127.0.0.1/ HTTP/1.1", "GET / HTTP/1.1", "GET file:///etc/passwd HTTP/1.1"]
)
def test_other_schemes_and_paths_alone_are_refused(request_line: str) -> None:
    assert asked_of([f"{request_line}\r\nHost: 127.0.0.1"])[0].startswith(b"HTTP/1.1 400")


def test_one_connection_brings_so_many_bytes_and_no_more() -> None:
    def endless(_: Ask) -> Iterable[bytes]:
        yield b"HTTP/1.1 200 -\r\n\r\n"
        while True:
            yield b"x" * 65_536

    with Server(endless) as server:
        (answer,) = asked_of([f"GET {server.url}/ HTTP/1.1\r\nHost: x"], most=1_000_000)
    assert 1_000_000 <= len(answer) < 1_001_000


@pytest.mark.browser
def test_no_page_reaches_a_forbidden_address_in_any_way(chromium: str, canary: Server) -> None:
    from playwright.async_api import Error as PlaywrightError
    from playwright.async_api import async_playwright

    def answer(ask: Ask) -> Iterable[bytes]:
        return [reply(page(canary.port))] if ask.path == "/page" else site(ask)

    async def run(server: Server) -> list[str]:
        gate = BrowserProxy(AddressPolicy(ALLOWED))
        await gate.open()
        options = launch_options(chromium)
        strict = next(flag for flag in options["args"] if flag.startswith("--host-resolver-rules"))
        # as a crawl starts it; but what the browser looks up by itself, which fails there, leads to the canary
        seen = f"--host-resolver-rules=MAP * 127.0.0.1:{canary.port}, EXCLUDE 127.0.0.1"
        options["args"] = [seen if flag == strict else flag for flag in options["args"]]
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(**options, proxy=gate.for_browser)  # type: ignore[arg-type]
            view = await (await browser.new_context(**CONTEXT)).new_page()
            await view.goto(f"{server.url}/page", wait_until="commit")
            await settled(gate)
            for host in HOSTS[::3]:  # navigations of the page itself, by a redirect and at once
                for url in (
                    f"{server.url}/redirect?to={quote(f'http://{host}:{canary.port}/', safe='')}",
                    f"http://{host}/",
                ):
                    with suppress(PlaywrightError):
                        await view.goto(url, wait_until="commit", timeout=5_000)
            await browser.close()
        await gate.close()
        return gate.refused

    with Server(answer) as server, diverted(canary.port):
        refused = asyncio.run(run(server))
    assert canary.hits() == 0, [ask.path for ask in canary.log]
    assert len(refused) > REFUSED, "the page's ways out ended at the gate"
    assert server.asked(path="/redirect"), "the page's frames were loaded"
