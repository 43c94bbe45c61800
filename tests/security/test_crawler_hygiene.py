"""What a crawl does not do, whatever a site says: listen, keep cookies, give credentials, follow a refresh that
readers could wait for, go ever deeper; and that it ends when it takes too much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from scrapy.settings import default_settings

from crawler import settings
from index.archive import Archive, documents
from tests.security.fetch_cli import ROOT, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import article, feed, index_of, own
from tests.support.patience import PATIENCE

STORIES = 4
LEVELS = 5  # of a sitemap index that names itself: the site's own, and four below it
TEMPTING = {"Set_Cookie": "id=1; Path=/", "WWW_Authenticate": 'Basic realm="news"'}


def answer(ask: Ask) -> Iterable[bytes]:
    """`news` gives cookies, asks for a password, and sends readers on; `nested` has a sitemap that names itself."""
    host, path = ask.host.removesuffix(".example"), ask.path
    if path == "/feed":
        further = [f"http://news.example/2026/{name}" for name in ("refreshes-in-a-moment-1", "moves-to-another-1")]
        further += [
            "http://reader:secret@news.example/2026/with-a-password-in-it-1",
            "http://news.example/2026/closed-to-all-1",
        ]
        return [reply(feed("news", [*own("news", STORIES), *further]), kind="application/rss+xml", **TEMPTING)]
    if path.startswith("/sitemap.xml"):
        return [index_of([f"http://nested.example/sitemap.xml?{time.monotonic_ns()}"])]
    if "story-number-" in path:
        return [reply(article(host, int(path.split("-")[2])), **TEMPTING)]
    if "refreshes" in path:
        return [
            reply(
                '<meta http-equiv="refresh" content="30;url=/refreshed"><p>text', Refresh="0;url=/refreshed", **TEMPTING
            )
        ]
    if "moves" in path:
        return [reply("", 302, Location="http://other.example/2026/moved-to-here-1", **TEMPTING)]
    if "closed" in path:
        return [reply("", 401, **TEMPTING)]
    return [reply("", 404, **TEMPTING)]


@dataclass
class Seen:
    """What a crawl asked for, and where its processes listened meanwhile."""

    server: Server
    directory: Path
    looks: int = 0
    listening: set[str] = field(default_factory=set)

    def watch(self, child: subprocess.Popen[bytes]) -> None:
        while child.poll() is None:
            with suppress(psutil.Error):
                for process in psutil.Process(child.pid).children(recursive=True):
                    with suppress(psutil.Error):
                        name = " ".join(process.cmdline())
                        self.looks += "_crawl" in name
                        at = [c.laddr for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
                        self.listening |= {f"{name}: {address}" for address in at}
            time.sleep(0.05)


def site(config: Path, host: str, kind: str, path: str) -> None:
    about = {
        "name": host, "homepage": f"http://{host}.example/", "country": "SY", "languages": ["en"], "enabled": True,
        "sources": [{"kind": kind, "url": f"http://{host}.example{path}"}], "rendering": "none",
    }  # fmt: skip
    (config / "sites").mkdir(exist_ok=True)
    (config / "sites" / f"{host}.yaml").write_text(json.dumps(about), "utf-8")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("manners")
    with Server(answer) as server:
        config = configured(directory, proxy=server.url)
        site(config, "news", "feed", "/feed")
        site(config, "nested", "sitemap", "/sitemap.xml")
        seen = Seen(server, directory)
        child = subprocess.Popen(
            [sys.executable, "-m", "crawler.cli", "crawl"], cwd=ROOT, env={**os.environ, "ARSHIF_CONFIG": str(config)}
        )
        watch = threading.Thread(target=seen.watch, args=(child,), daemon=True)
        watch.start()
        try:
            child.wait(PATIENCE)
        finally:
            child.kill()
        watch.join()
        yield seen


def test_all_that_is_an_article_was_read(seen: Seen) -> None:
    with Archive(seen.directory / "data" / "archive.sqlite3") as archive, archive.read() as conn:
        assert documents.count(conn, "news") == STORIES + 1  # the page that refreshes itself later is read as it is
    assert {"other.example", "news.example", "nested.example"} <= {ask.host for ask in seen.server.log}


def test_nothing_of_a_crawl_listens(seen: Seen) -> None:
    assert seen.looks > 5
    assert seen.listening == set()


def test_what_would_listen_is_not_even_imported() -> None:
    remote = {"scrapy.extensions.telnet.TelnetConsole", "scrapy.extensions.remote_control.RemoteControl"}
    assert remote <= default_settings.EXTENSIONS_BASE.keys()
    assert remote.isdisjoint(settings.EXTENSIONS_BASE)
    assert not hasattr(settings, "EXTENSIONS"), "Scrapy imports all that stands there, also what is switched off"


def test_no_cookie_and_no_credential_is_sent_to_anybody(seen: Seen) -> None:
    sent = {name for ask in seen.server.log for name in ask.headers}
    assert "user-agent" in sent
    assert sent & {"cookie", "authorization", "proxy-authorization", "referer"} == set()


def test_no_refresh_of_a_page_that_can_be_read_is_followed(seen: Seen) -> None:
    assert len(seen.server.asked("news.example", "/2026/refreshes")) == 1
    assert seen.server.asked(path="/refreshed") == []


def test_a_sitemap_that_names_itself_is_followed_so_many_levels_down(seen: Seen) -> None:
    assert len(seen.server.asked("nested.example", "/sitemap.xml")) == LEVELS


def test_a_crawl_that_takes_too_much_memory_ends(tmp_path: Path) -> None:
    """By Scrapy's own measure, here of less than a crawl takes to begin with."""
    assert 0 < settings.MEMUSAGE_LIMIT_MB <= 1024
    assert settings.MEMUSAGE_CHECK_INTERVAL_SECONDS <= 5
    with Server(answer) as server:
        config = configured(tmp_path, proxy=server.url)
        site(config, "news", "feed", "/feed")
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "site", "-s", "MEMUSAGE_LIMIT_MB=50"], cwd=ROOT, check=True,
            env={**os.environ, "ARSHIF_CONFIG": str(config)}, timeout=PATIENCE, capture_output=True, text=True,
        )  # fmt: skip
        assert "Spider closed (memusage_exceeded)" in done.stderr
        assert server.log == []
