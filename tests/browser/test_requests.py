"""Asking for an address in a real Chromium: a button on the article, and what becomes of it without loading again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from index.archive import documents, requests, runs
from index.model.codes import FetchOutcome, RunStatus
from index.model.message import Message
from tests.browser.conftest import Watched
from tests.support.filled_archive import SearchFixture

pytestmark = pytest.mark.browser


def test_an_article_is_checked_and_the_result_appears(tab: Watched, shelf: SearchFixture) -> None:
    tab.open("/search?q=البوكمال&ui=ar")
    tab.page.locator(".hits h2 a").first.click()
    headline = tab.page.locator("article h1").inner_text()
    tab.page.get_by_role("button", name="افحص هذا الرابط الآن").click()
    state = tab.page.locator("#request .tag")
    expect(state).to_have_text("قيد الانتظار")
    expect(tab.page.locator("#request progress")).to_be_visible()
    assert tab.overflow() <= 0
    tab.page.evaluate("window.here = true")
    number = int(tab.page.url.partition("/archive/")[2].partition("?")[0])
    now = datetime.now(UTC)
    run = shelf.archive.write(lambda conn: runs.start(conn, [], now, owner="test")).result()
    shelf.archive.write(lambda conn: requests.claim(conn, [number], run)).result()
    expect(state).to_have_text("قيد التنفيذ")
    with shelf.archive.read() as conn:
        one = requests.get(conn, number)
        assert one is not None
        known = documents.by_url(conn, one.url)

    def end(conn: object) -> None:
        requests.settle(conn, [number], Message(FetchOutcome.SAME), now, known, 1)  # type: ignore[arg-type]
        runs.finish(conn, run, RunStatus.OK, now)  # type: ignore[arg-type]

    shelf.archive.write(end).result()
    expect(state).to_have_text("لم يتغير")
    assert tab.page.evaluate("window.here") is True
    tab.page.locator("#request a.button").click()
    expect(tab.page.locator("article h1")).to_have_text(headline)


def test_a_bookmarklet_brings_the_page_that_one_reads(tab: Watched) -> None:
    tab.open("/archive?ui=ar")
    tab.page.locator("details:has(code) summary").click()
    kept = tab.page.locator(".encoded code").inner_text()
    assert kept.startswith("javascript:")
    tab.open("/search?q=حلب")
    read = tab.page.url
    tab.page.evaluate(kept.removeprefix("javascript:"))
    tab.page.wait_for_url("**/archive?url=*")
    expect(tab.page.locator("input[name=url]")).to_have_value(read)


def test_an_address_from_a_bookmark_is_asked_for(tab: Watched) -> None:
    tab.open("/archive?ui=en&url=https%3A%2F%2Fnews.elsewhere.example%2F2026%2F%D8%AE%D8%A8%D8%B1")
    expect(tab.page.get_by_label("Address")).to_have_value("https://news.elsewhere.example/2026/خبر")
    tab.page.get_by_role("button", name="Archive it").click()
    expect(tab.page.locator("#request .tag")).to_have_text("queued")
    tab.page.get_by_role("link", name="Last requests").click()
    expect(tab.page.locator("#requests tbody tr").first).to_contain_text("news.elsewhere.example/2026/خبر")
