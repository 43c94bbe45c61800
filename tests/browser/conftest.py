"""One server and one Chromium for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Connection

from crawler.fetch.rendering.settings import find_browser
from crawler.onboarding.site_desk import SiteDesk
from crawler.requested.desk import Desk
from index.archive import collections, notes
from index.model.article import Image
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.browser import chromium
from tests.support.filled_archive import NOW, SearchFixture, article, fill, newsroom, page
from tests.support.hostile_texts import HOSTILE, HOSTILE_URLS
from tests.support.newspaper import configured
from tests.support.patience import PATIENCE
from tests.support.requirements import missing

TRAPS = [
    article(
        f"https://sahel.example/trap/{number}",
        site="sahel",
        headline=f"فخ {text}",
        body=f"فخ {text}\n\n{text}",
        section=text,
        authors=(text,),
        keywords=(text,),
        published=NOW,
        images=(Image(HOSTILE_URLS[number % len(HOSTILE_URLS)], text, text),),
    )
    for number, text in enumerate(HOSTILE)
]


@dataclass
class Watched:
    """A tab, the hosts that it asked for anything, and what its console complained of."""

    page: Page
    address: str
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(wide))


def collected(conn: Connection) -> None:
    """Puts an article and a trap into a collection, with tags and notes."""
    number = collections.create(conn, "ملف المرفأ", NOW)
    for one in (next(newsroom()), TRAPS[0]):
        collections.add(conn, number, [one.id], NOW)
        notes.set_tags(conn, one.id, ["مرفأ", one.headline[:60]])
        notes.set_note(conn, one.id, one.headline, NOW)


@pytest.fixture(scope="package")
def saved_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarcStore]:
    """Where saved copies are."""
    with WarcStore(tmp_path_factory.mktemp("copies")) as folder:
        yield folder


@pytest.fixture(scope="package")
def shelf(tmp_path_factory: pytest.TempPathFactory, saved_copies: WarcStore) -> Iterator[SearchFixture]:
    """The newsroom's articles, the last one of them with a saved copy, and some that are traps."""
    *others, last = newsroom()
    text = f"<!doctype html><title>x</title><script>1</script><h1>{last.headline}</h1><p>{last.body}</p>"
    answer = Response(last.url, NOW, "HTTP/1.1 200 OK", [("Content-Type", "text/html; charset=utf-8")], text.encode())
    kept = page(last, raw=lambda: saved_copies.append(answer))
    filled = fill(tmp_path_factory.mktemp("shelf"), [*map(page, others), kept, *map(page, TRAPS)])
    filled.archive.write(collected).result()
    yield filled
    filled.close()


@pytest.fixture(scope="package")
def address(shelf: SearchFixture, saved_copies: WarcStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where they are served."""
    config = configured(tmp_path_factory.mktemp("config"))
    desks = {"ask": Desk(config, shelf.archive), "site_desk": SiteDesk(config, shelf.archive)}
    with chromium.served(shelf, raw=saved_copies, site_files=config.site_files, **desks) as url:
        yield url


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = find_browser("")
    if path is None:
        missing("There is no Chromium on this machine: install it (Debian: apt install chromium-headless-shell).")
    expect.set_options(timeout=PATIENCE * 1_000)
    with chromium.running(path) as running:
        yield running


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Watched]:
    """A tab of an Arabic reader, 1200 pixels wide; it must end without a complaint or a request to elsewhere."""
    context = fresh(browser, locale="ar", viewport={"width": 1200, "height": 800})
    watched = watch(context, address)
    yield watched
    context.close()
    assert watched.complaints == []
    assert watched.hosts == {urlsplit(address).netloc}


def fresh(browser: Browser, **options: Any) -> BrowserContext:
    """A new context, in which everything waits as long as it must."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE * 1_000)
    return context


def watch(context: BrowserContext, address: str) -> Watched:
    """A new tab of this context."""
    watched = Watched(context.new_page(), address)
    watched.page.on("console", lambda message: watched.complaints.append(message.text))
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on("dialog", lambda dialog: watched.complaints.append(f"dialog: {dialog.message}"))
    context.on("request", lambda request: watched.hosts.add(urlsplit(request.url).netloc))
    return watched
