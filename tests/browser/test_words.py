"""What the pages say, in a real Chromium: a newsroom's words, in English and in Arabic, where a reader sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from index.archive import saved_searches
from tests.browser.conftest import Watched
from tests.support.filled_archive import SearchFixture

pytestmark = pytest.mark.browser

LANGUAGES = pytest.mark.parametrize("ui", ["en", "ar"])
HELP = {
    "en": {"elect*": "starts with", "Zelenski~": "similar spelling", "copies:yes": "include duplicates"},
    "ar": {"مدر*": "كلمات تبدأ هكذا", "كليشدار~": "كلمات مشابهة في الإملاء", "copies:yes": "مع المقالات المكررة"},
}
RESULTS = {
    "en": [
        "Filter by author",
        "Filter by section",
        "Download results:",
        "You get a feed; alert recipients are notified of new articles that match.",
    ],
    "ar": [
        "صفِّ حسب الكاتب",
        "صفِّ حسب القسم",
        "نزّل النتائج:",
        "ستحصل على خلاصة، ويصل إشعار بكل مقال جديد مطابق إلى متلقي التنبيهات.",
    ],
}
ARTICLE = {  # the button to the page itself, the link to its copy, its heading, and what is told of it
    "en": (
        "Read the original",
        "Saved page",
        "Saved page, version 1",
        "Text only: 1 script removed; nothing is loaded from the site.",
    ),
    "ar": (
        "اقرأ المقال الأصلي",
        "الصفحة المحفوظة",
        "الصفحة المحفوظة، النسخة 1",
        "نص فقط، أُزيل من الصفحة: نص برمجي واحد. ولا يُحمَّل شيء من الموقع.",
    ),
}
SEARCHES = {
    "en": ["Saved searches", "Feed", "Notify at once", "Save", "Rename", "Delete"],
    "ar": ["عمليات البحث المحفوظة", "خلاصة", "إشعار فوري", "احفظ", "غيّر الاسم", "احذف"],
}
RUNS = {
    "en": ["Runs", "scheduled", "done", "Found", "New", "Duplicates", "Not articles", "Queued", "Blocked pages"],
    "ar": [
        "الجولات",
        "مجدولة",
        "تمت",
        "المكتشفة",
        "الجديدة",
        "المكررة",
        "ليست مقالات",
        "قيد الانتظار",
        "الصفحات المحجوبة",
    ],
}
SITES = {
    "en": ["Sites", "Add a site", "Find a site", "State", "Articles", "Last crawl", "Next crawl", "fine"],
    "ar": ["المواقع", "إضافة موقع", "ابحث عن موقع", "الحالة", "المقالات", "آخر زيارة", "الزيارة التالية", "سليم"],
}


def sees(tab: Watched, *texts: str) -> None:
    """Each of these is on the page where it can be read, word for word."""
    for text in texts:
        expect(tab.page.get_by_text(text, exact=True).filter(visible=True).first).to_be_visible()


@LANGUAGES
def test_help_and_results(tab: Watched, ui: str) -> None:
    tab.open(f"/search?q=حلب OR town&ui={ui}")
    tab.page.keyboard.press("?")
    for query, meaning in HELP[ui].items():
        line = tab.page.locator("#help dl > div").filter(has=tab.page.get_by_text(query, exact=True))
        expect(line.locator("dd")).to_have_text(meaning)
        expect(line).to_be_visible()
    tab.page.keyboard.press("Escape")
    tab.page.locator(".save summary").click()
    sees(tab, *RESULTS[ui][:2], RESULTS[ui][3])
    expect(tab.page.locator(".exports")).to_have_text(f"{RESULTS[ui][2]} CSV · JSONL · WACZ")


@LANGUAGES
def test_an_article_and_its_saved_copy(tab: Watched, ui: str) -> None:
    original, link, heading, told = ARTICLE[ui]
    tab.open(f"/search?q=site:sahel البوكمال&ui={ui}")
    tab.page.locator(".hits h2 a").first.click()
    sees(tab, original)
    tab.page.locator(".tools").get_by_role("link", name=link, exact=True).click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text(heading)
    sees(tab, told)


@LANGUAGES
def test_saved_searches_runs_and_sites(tab: Watched, shelf: SearchFixture, ui: str) -> None:
    number = shelf.archive.write(lambda conn: saved_searches.add(conn, "1", "2", datetime.now(UTC))).result()
    tab.open(f"/searches?ui={ui}")
    expect(tab.page.locator(".digest option[selected]")).to_have_text(SEARCHES[ui][2])
    for text in (*SEARCHES[ui][:2], *SEARCHES[ui][3:]):
        expect(tab.page.locator("main")).to_contain_text(text)
    shelf.archive.write(lambda conn: saved_searches.remove(conn, number)).result()
    tab.open(f"/runs?ui={ui}")
    sees(tab, *RUNS[ui])
    tab.open(f"/sites?ui={ui}")
    sees(tab, *SITES[ui])
