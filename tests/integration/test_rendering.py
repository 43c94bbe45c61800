"""A site that is empty without its script: Chromium gives its articles, and nothing of Chromium is left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.integration.harness import Harness, crawled
from tests.support.news_sites import Newsroom
from tests.support.patience import wait_for

pytestmark = pytest.mark.browser
LOOPING = """<!doctype html><html lang="ar"><head><title>صفحة لا تنتهي</title></head><body>
<article><h1>صفحة لا تنتهي</h1><p>نص قصير.</p></article>
<script>setTimeout(() => { for (;;) {} }, 300)</script></body></html>"""


@pytest.fixture
def app(tmp_path: Path, chromium: str) -> Iterator[Harness]:
    """The newsroom's app, whose pages may take fifteen seconds."""
    with Newsroom(via="proxy", only=("app",)) as room:
        yield Harness(room, tmp_path, settings={"browser": {"path": chromium, "timeout": 15}})


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Harness]:
    """The same, crawled once."""
    with Newsroom(via="proxy", only=("app",)) as room:
        yield crawled(Harness(room, tmp_path_factory.mktemp("rendered"), settings={"browser": {"path": chromium}}))


def browsers(house: Harness) -> list[psutil.Process]:
    """The processes that this house's crawls started and that are a browser or its driver."""
    mark = f"ARSHIF_CONFIG={house.config}".encode()
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            is_ours = mark in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if is_ours and any(word in process.info["name"] for word in ("chrom", "node")):
            found.append(process)
    return found


def test_a_browser_gives_what_the_pages_show_and_ends_with_the_crawl(rendered: Harness) -> None:
    stored = rendered.documents("app")
    assert len(stored) == len(rendered.room.articles("app")) == 4
    for truth in rendered.room.articles("app"):
        article = stored[truth.url].article
        assert (article.headline, article.body) == (truth.headline, truth.text)
        assert article.published == truth.published
        assert article.authors == truth.authors
    assert browsers(rendered) == []
    scripts = [request for request in rendered.room.log if request.path.startswith("/api/articles/")]
    assert len(scripts) == 4, "what the pages' scripts asked"
    assert "HeadlessChrome" not in scripts[0].headers["user-agent"]


def test_an_unchanged_site_starts_no_browser(rendered: Harness) -> None:
    rendered.arshif("crawl", **{"ARSHIF_BROWSER__PATH": "/bin/false"})
    assert "ERROR" not in rendered.log
    assert len(rendered.documents("app")) == 4


def test_a_page_whose_script_never_ends_is_given_up_and_the_others_go_on(app: Harness) -> None:
    article = app.room.articles("app")[1]
    app.room.serve(article.url, LOOPING.encode(), "text/html; charset=utf-8")
    record = app.crawl()
    assert record["app"]["counts"]["stored"] == 3
    assert record["app"]["counts"]["failed"] == 1
    row = app.frontier("app")[article.url]
    assert (row.state, row.reason) == ("failed", "fetch.timeout")
    wait_for(lambda: browsers(app) == [])


def test_a_crawl_that_is_killed_takes_its_browser_with_it(app: Harness) -> None:
    app.room.hang("app", 0.5)
    crawl = app.start("crawl")
    try:
        wait_for(lambda: crawl.poll() is not None or any("chrom" in process.name() for process in browsers(app)))
        assert crawl.poll() is None, "it ended before a browser was seen"
    finally:
        os.kill(crawl.pid, signal.SIGKILL)
        crawl.wait()
    wait_for(lambda: browsers(app) == [])


def test_a_site_that_needs_a_browser_says_so_where_there_is_none(app: Harness) -> None:
    app.arshif("crawl", code=1, ARSHIF_BROWSER__PATH="/nowhere/chromium")
    assert "needs Chromium" in app.log


def test_a_single_address_that_needs_a_browser_is_archived_with_it(app: Harness) -> None:
    truth = app.room.articles("app")[0]
    (found,) = app.told("archive", truth.url)
    assert (found["code"], found["site"]) == ("outcome.new", "app")
    assert app.document(truth).article.body == truth.text
    assert browsers(app) == []
