"""Asking for an address in a real Chromium: a button on the article, and what becomes of it without loading again."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from index.archive import documents, requests, runs
from index.model.codes import FetchOutcome, RunStatus
from index.model.message import Message
from tests.browser.conftest import Watched
from tests.support.filled_archive import SearchFixture

pytestmark = pytest.mark.browser

AR = {
    "check": "افحص هذا الرابط الآن", "waiting": "قيد الانتظار", "running": "قيد التنفيذ", "same": "لم يتغير",
    "address": "الرابط", "archive": "أرشفه", "last": "آخر الطلبات", "again": "حاول مجدداً",
    "keep": "إشارة مرجعية تؤرشف الصفحة التي تقرؤها", "wrong": "ليس رابط صفحة على الويب",
    "back": "العودة إلى الصفحة السابقة",
}  # fmt: skip
EN = {
    "check": "Check this address now", "waiting": "queued", "running": "in progress", "same": "unchanged",
    "address": "Address", "archive": "Archive it", "last": "Last requests", "again": "Try again",
    "keep": "A bookmark that archives the page you are reading", "wrong": "is not a web address",
    "back": "Back to the page before",
}  # fmt: skip
LANGUAGES = pytest.mark.parametrize(("ui", "words"), [("ar", AR), ("en", EN)], ids=["ar", "en"])


@LANGUAGES
def test_an_article_is_checked_and_the_result_appears(
    tab: Watched, shelf: SearchFixture, ui: str, words: dict[str, str]
) -> None:
    tab.open(f"/search?q=البوكمال&ui={ui}")
    tab.page.locator(".hits h2 a").first.click()
    headline = tab.page.locator("article h1").inner_text()
    tab.page.get_by_role("button", name=words["check"]).click()
    state = tab.page.locator("#request .tag")
    expect(state).to_have_text(words["waiting"])
    expect(tab.page.locator("#request progress")).to_be_visible()
    assert tab.overflow() <= 0
    tab.page.evaluate("window.here = true")
    number = int(tab.page.url.partition("/archive/")[2].partition("?")[0])
    now = datetime.now(UTC)
    run = shelf.archive.write(lambda conn: runs.start(conn, [], now, owner="test")).result()
    shelf.archive.write(lambda conn: requests.claim(conn, [number], run)).result()
    expect(state).to_have_text(words["running"])
    with shelf.archive.read() as conn:
        one = requests.get(conn, number)
        assert one is not None
        known = documents.by_url(conn, one.url)

    def end(conn: object) -> None:
        requests.settle(conn, [number], Message(FetchOutcome.SAME), now, known, 1)  # type: ignore[arg-type]
        runs.finish(conn, run, RunStatus.OK, now)  # type: ignore[arg-type]

    shelf.archive.write(end).result()
    expect(state).to_have_text(words["same"])
    assert tab.page.evaluate("window.here") is True
    tab.page.locator("#request a.button").click()
    expect(tab.page.locator("article h1")).to_have_text(headline)


@LANGUAGES
def test_a_bookmarklet_brings_the_page_that_one_reads(tab: Watched, ui: str, words: dict[str, str]) -> None:
    tab.open(f"/archive?ui={ui}")
    tab.page.get_by_text(words["keep"], exact=True).click()
    kept = tab.page.locator(".encoded code").inner_text()
    assert kept.startswith("javascript:")
    tab.open("/search?q=حلب")
    read = tab.page.url
    tab.page.evaluate(kept.removeprefix("javascript:"))
    tab.page.wait_for_url("**/archive?url=*")
    expect(tab.page.locator("input[name=url]")).to_have_value(read)


@LANGUAGES
def test_an_address_from_a_bookmark_is_asked_for(tab: Watched, ui: str, words: dict[str, str]) -> None:
    path = f"https://news.elsewhere.example/2026/{ui}"
    tab.open(f"/archive?ui={ui}&url={quote(path, safe='')}%2F%D8%AE%D8%A8%D8%B1")
    expect(tab.page.get_by_label(words["address"], exact=True)).to_have_value(f"{path}/خبر")
    tab.page.get_by_role("button", name=words["archive"]).click()
    expect(tab.page.locator("#request .tag")).to_have_text(words["waiting"])
    tab.page.get_by_role("link", name=words["last"]).click()
    expect(tab.page.locator("#requests tbody tr").first).to_contain_text(f"news.elsewhere.example/2026/{ui}/خبر")


@LANGUAGES
def test_an_address_that_is_none_comes_back_to_be_mended(tab: Watched, ui: str, words: dict[str, str]) -> None:
    given = tab.page.get_by_label(words["address"], exact=True)
    tab.open(f"/archive?ui={ui}")
    given.fill("ftp://files.example/خبر")
    tab.page.get_by_role("button", name=words["archive"]).click()
    expect(tab.page.get_by_role("alert")).to_contain_text(words["wrong"])
    expect(given).to_have_value("ftp://files.example/خبر")
    assert tab.overflow() <= 0
    assert all("400" in told for told in tab.complaints), "which the browser's console tells as well"
    tab.complaints.clear()
    given.fill(f"https://news.elsewhere.example/mended/{ui}")
    tab.page.get_by_role("button", name=words["again"]).click()
    expect(tab.page.locator("#request .tag")).to_have_text(words["waiting"])


@LANGUAGES
def test_what_is_not_there_leads_back(tab: Watched, ui: str, words: dict[str, str]) -> None:
    tab.open(f"/sites?ui={ui}")
    tab.page.evaluate(f"location = '/articles/none?ui={ui}'")
    tab.page.get_by_role("link", name=words["back"]).click()
    tab.page.wait_for_url(f"**/sites?ui={ui}")
    assert all("404" in told for told in tab.complaints), "which the browser's console tells as well"
    tab.complaints.clear()
