"""A page that only leads on is followed like a redirect: to its article, as far as redirects, and nowhere private."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from index.archive import Archive, documents
from tests.security.fetch_cli import ROOT, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import article, feed
from tests.support.patience import PATIENCE

LEADING = {
    "/go/1-refresh": '<meta http-equiv="Refresh" content="0; URL=/2026/story-1-of-today"><title>Wait</title>',
    "/go/2-script": "<script>window.location.replace('/2026/story-2-of-today')</script>",
    "/go/3-twice": '<meta http-equiv="refresh" content="1;url=/go/3-again">',
    "/go/3-again": '<body onload="x()"><script>location.href = "/2026/story-3-of-today";</script></body>',
    "/go/4-round": '<meta http-equiv="refresh" content="0;url=/go/4-back">',
    "/go/4-back": '<meta http-equiv="refresh" content="0;url=/go/4-round">',
    "/go/5-inside": '<meta http-equiv="refresh" content="0;url=http://127.0.0.2/2026/story-5-of-today">',
}


def site(ask: Ask) -> Iterable[bytes]:
    path = urlsplit(ask.path).path
    if path == "/feed":
        links = [f"http://{ask.host}{way}" for way in LEADING if "again" not in way and "back" not in way]
        return [reply(feed("a", links), kind="application/rss+xml")]
    if path in LEADING:
        return [reply(LEADING[path])]
    if path.startswith("/2026/"):
        return [reply(article("a", int(path.split("-")[1])))]
    return [reply("", 404)]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Server]:
    directory = tmp_path_factory.mktemp("leading")
    with Server(site) as server:
        config = configured(directory, proxy=server.url)
        (config / "sites").mkdir()
        described = {
            "name": "a", "homepage": "http://a.example/", "country": "SY", "languages": ["en"], "rendering": "none",
            "enabled": True, "sources": [{"kind": "feed", "url": "http://a.example/feed"}],
        }  # fmt: skip
        (config / "sites" / "a.yaml").write_text(yaml.safe_dump(described), "utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "crawler.cli", "crawl", "--json"], cwd=ROOT, check=True, timeout=2 * PATIENCE,
            env={**os.environ, "ARSHIF_CONFIG": str(config)}, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    (directory / "said").write_text(run.stderr, "utf-8")
    return directory, server


def test_the_articles_that_pages_lead_to_at_once_are_stored(crawled: tuple[Path, Server]) -> None:
    directory, _ = crawled
    with Archive(directory / "data" / "archive.sqlite3") as archive, archive.read() as conn:
        assert documents.count(conn, "a") == 3


def test_a_round_of_them_ends_after_as_many_as_redirects_may_be(crawled: tuple[Path, Server]) -> None:
    asked = [ask.path for ask in crawled[1].log]
    assert 2 <= sum("/go/4-" in path for path in asked) <= 6


def test_what_they_lead_to_is_guarded_like_any_address(crawled: tuple[Path, Server]) -> None:
    assert not any("127.0.0.2" in f"{ask.host}{ask.path}" for ask in crawled[1].log)
    assert json.dumps([ask.path for ask in crawled[1].log]).count("story-5") == 0


def test_following_them_warns_of_nothing(crawled: tuple[Path, Server]) -> None:
    said = (crawled[0] / "said").read_text("utf-8")
    assert "leads on" in said
    assert "meta keys" not in said
