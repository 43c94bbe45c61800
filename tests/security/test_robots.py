"""robots.txt as RFC 9309 has it, held against a server that answers in all the ways that servers do."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.fetch.robots.policy import ROBOTS_MAX_BYTES, UNREACHABLE_FOR, RobotsResponse, RobotsRules, RobotsState
from crawler.settings_model import PRODUCT
from tests.security.fetch_cli import asked, configured
from tests.security.server import Ask, Server, reply

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CLOSED = b"User-agent: *\nDisallow: /\n"
BEYOND = b"User-agent: *\n" + b"# filling\n" * (ROBOTS_MAX_BYTES // 10) + b"Disallow: /page\n"
WITHIN = b"User-agent: *\nDisallow: /page\n" + b"# filling\n" * (ROBOTS_MAX_BYTES // 5)

ROBOTS: dict[str, bytes] = {  # by the host that answers so
    "open": reply("User-agent: *\nDisallow: /private\n", kind="text/plain"),
    "closed": reply(CLOSED, kind="text/plain"),
    "ours": reply("User-agent: arshif\nDisallow: /\n\nUser-agent: *\nAllow: /\n", kind="text/plain"),
    "others": reply("User-agent: shif\nUser-agent: GPTBot\nDisallow: /\n", kind="text/plain"),
    "longest-wins": reply("User-agent: *\nDisallow: /\nAllow: /page\n", kind="text/plain"),
    "bom": reply(b"\xef\xbb\xbf" + CLOSED, kind="text/plain"),
    "bom-further-down": reply("User-agent: GPTBot\nDisallow: /\n\ufeff" + CLOSED.decode(), kind="text/plain"),
    "missing": reply(CLOSED, 404),
    "forbidden": reply(CLOSED, 403),
    "gone": reply(CLOSED, 410),
    "busy": reply("", 429),
    "broken": reply("User-agent: *\nAllow: /\n", 500),
    "away": reply("User-agent: *\nAllow: /\n", 503),
    "html": reply("<!doctype html><title>Not found</title>"),
    "empty": reply(b"", kind="text/plain"),
    "zipped": reply(gzip.compress(CLOSED), kind="text/plain", Content_Encoding="gzip"),
    "long": reply(BEYOND, kind="text/plain"),
    "long-and-closed": reply(WITHIN, kind="text/plain"),
    "zipped-unlabelled": reply(gzip.compress(CLOSED), kind="text/plain"),
    "zipped-twice": reply(gzip.compress(gzip.compress(CLOSED)), kind="text/plain", Content_Encoding="gzip"),
    "plain-labelled": reply(CLOSED, kind="text/plain", Content_Encoding="gzip"),
    "plain-labelled-br": reply(b" " + CLOSED, kind="text/plain", Content_Encoding="br"),
    "forbidden-plain-labelled": reply("<h1>403 - Forbidden</h1>", 403, Content_Encoding="gzip"),
    "forbidden-broken-gzip": reply(b"\x1f\x8bnothing", 403, Content_Encoding="gzip"),
    "missing-bomb": reply(gzip.compress(b"#\n" * 20_000_000), 404, Content_Encoding="gzip"),
    "broken-plain-labelled": reply("<h1>Oops</h1>", 500, Content_Encoding="gzip"),
    "bomb": reply(gzip.compress(b"#\n" * 20_000_000), kind="text/plain", Content_Encoding="gzip"),
    "elsewhere": reply("", 301, Location="http://closed.example/robots.txt"),
    "cut": b"HTTP/1.1 200 -\r\nContent-Length: 1000\r\n\r\nUser-agent: *\nAllow: /\n",
    "silent": b"",
}
FORBIDDEN = {"closed", "ours", "bom", "bom-further-down", "zipped", "long-and-closed", "elsewhere"}
FORBIDDEN |= {"zipped-unlabelled", "zipped-twice", "plain-labelled", "plain-labelled-br"}
UNREACHABLE = {"busy", "broken", "broken-plain-labelled", "away", "bomb", "cut", "silent"}


def answer(ask: Ask) -> Iterable[bytes]:
    name = ask.host.removesuffix(".example")
    if ask.path == "/robots.txt" and name.startswith("hops"):
        hops = int(name.removeprefix("hops"))
        return [reply("", 302, Location=f"http://hops{hops - 1}.example/robots.txt") if hops else reply(CLOSED)]
    if ask.path == "/robots.txt":
        return [ROBOTS[name]] if ROBOTS[name] else []
    return [reply("a page")]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], Server]]:
    """What came of `/page` of each host, and the server that was asked."""
    with Server(answer) as server:
        config = configured(tmp_path_factory.mktemp("robots"), proxy=server.url)
        urls = [f"http://{host}.example/page" for host in (*ROBOTS, "hops5", "hops6")]
        urls += ["http://open.example/private", "http://open.example/private/x", "http://open.example/Private"]
        yield asked(config, urls, RETRY_TIMES=0), server


@pytest.mark.parametrize("host", ROBOTS)
def test_each_answer_means_what_rfc_9309_says(host: str, found: tuple[dict[str, Any], Server]) -> None:
    what, server = found
    meant = "DisallowedByRobots" if host in FORBIDDEN else "RobotsUnreachable" if host in UNREACHABLE else 200
    assert what[f"http://{host}.example/page"][0] == meant
    assert len(server.asked(f"{host}.example", "/page")) == (meant == 200)


def test_each_origin_is_asked_once_and_before_anything_else(found: tuple[dict[str, Any], Server]) -> None:
    server = found[1]
    for host in ROBOTS.keys() - {"closed"}:  # "elsewhere" leads to that one's
        assert next(ask.path for ask in server.asked(f"{host}.example")) == "/robots.txt"
        assert len(server.asked(f"{host}.example", "/robots.txt")) == 1


def test_paths_count_with_their_case(found: tuple[dict[str, Any], Server]) -> None:
    what = found[0]
    assert what["http://open.example/private"][0] == what["http://open.example/private/x"][0] == "DisallowedByRobots"
    assert what["http://open.example/Private"][0] == 200


def test_five_redirects_are_followed_and_six_lead_nowhere(found: tuple[dict[str, Any], Server]) -> None:
    what = found[0]
    assert what["http://hops5.example/page"][0] == "DisallowedByRobots"
    assert what["http://hops6.example/page"][0] == 200


def test_a_copy_holds_for_a_day() -> None:
    known = RobotsState().after(RobotsResponse(200, CLOSED), NOW)
    assert known.fresh(NOW + DAY * 0.99)
    assert not known.fresh(NOW + DAY)
    assert not known.fresh(NOW - DAY), "the clock was wrong"


def test_what_cannot_be_had_closes_the_host_whatever_was_allowed_and_for_a_month() -> None:
    known = (
        RobotsState()
        .after(RobotsResponse(200, b""), NOW)
        .after(RobotsResponse(503), NOW + DAY)
        .after(RobotsResponse(None), NOW + DAY * 9)
    )
    assert known.closed(NOW + DAY * 9)
    assert known.closed(NOW + DAY + UNREACHABLE_FOR - timedelta(seconds=1))
    assert not known.closed(NOW + DAY + UNREACHABLE_FOR)
    assert not known.after(RobotsResponse(404), NOW + DAY * 10).closed(NOW + DAY * 10)


def test_after_a_month_the_last_copy_counts_again() -> None:
    known = RobotsState().after(RobotsResponse(200, CLOSED), NOW).after(RobotsResponse(500), NOW + DAY)
    assert not known.rules(PRODUCT).allow("http://step.example/page")
    assert RobotsState().after(RobotsResponse(500), NOW).rules(PRODUCT).allow("http://step.example/page")


def test_a_delay_is_that_of_our_group() -> None:
    rules = RobotsRules(b"User-agent: arshif\nCrawl-delay: 7.5\n\nUser-agent: *\nCrawl-delay: 60\n", PRODUCT)
    assert rules.delay == 7.5
    assert RobotsRules(b"User-agent: *\nCrawl-delay: soon\n", PRODUCT).delay is None
    assert RobotsRules(b"", PRODUCT).delay is None


@pytest.mark.parametrize(
    ("names", "ours"),
    [
        ("arshif", True),
        ("ARSHIF", True),
        ("Arshif/2.0", True),
        ("Arshif/0.1 (+https://example.org)", True),
        ("a\nUser-agent: arshif", True),
        ("arshif-images", False),
        ("arsh", False),
        ("a", False),
        ("shif", False),
        ("a\nCrawl-delay: 5\nUser-agent: b", False),
    ],
)
def test_a_group_is_ours_by_our_whole_name(names: str, ours: bool) -> None:
    rules = RobotsRules(f"User-agent: {names}\nDisallow: /\n\nUser-agent: *\nDisallow: /all\n".encode(), PRODUCT)
    assert (rules.allow("https://x.example/page"), rules.allow("https://x.example/all")) == (not ours, False)


def test_rules_in_utf_16() -> None:
    for codec in ("utf-16", "utf-8-sig"):
        rules = RobotsRules("User-agent: *\nDisallow: /a\n".encode(codec), PRODUCT)
        assert (rules.allow("https://x.example/a"), rules.allow("https://x.example/b")) == (False, True)
