"""A site added and changed in a real Chromium: the preview appears by itself, a mistake loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from crawler.onboarding.messages import ProposalMessage
from index.archive import runs, site_previews
from index.model.message import Message
from tests.browser.conftest import Watched
from tests.support import previews
from tests.support.filled_archive import SearchFixture

pytestmark = pytest.mark.browser


def test_a_site_is_looked_at_and_added(tab: Watched, shelf: SearchFixture) -> None:
    tab.open("/sites?ui=ar")
    tab.page.get_by_role("link", name="إضافة موقع").click()
    tab.page.get_by_label("رابط صفحته الرئيسية").fill("village.example")
    tab.page.get_by_role("button", name="عاين").click()
    expect(tab.page.locator("#preview progress")).to_be_visible()
    tab.page.evaluate("window.here = true")
    number = int(tab.page.url.partition("/add-site/")[2].partition("?")[0])

    def begin(conn: object) -> None:
        run = runs.start(conn, [], datetime.now(UTC), owner="test")  # type: ignore[arg-type]
        site_previews.claim(conn, number, run)  # type: ignore[arg-type]
        step = Message(ProposalMessage.REQUEST, {"n": 3, "url": previews.HOME})
        site_previews.record_step(conn, number, step)  # type: ignore[arg-type]

    shelf.archive.write(begin).result()
    expect(tab.page.locator("#preview [role=status]")).to_contain_text("الطلب 3")
    shelf.archive.write(lambda conn: previews.settle(conn, number)).result()
    expect(tab.page.locator("#preview h2")).to_have_text("أخبار القرية")
    assert tab.page.evaluate("window.here") is True
    tab.page.get_by_text("فتح طريق القرية").click()
    expect(tab.page.get_by_text("فقرة ثانية منه.")).to_be_visible()
    assert tab.overflow() <= 0
    tab.page.get_by_text("ملف الموقع", exact=True).click()
    tab.page.locator("textarea").fill("name: أخبار\n# my own words")
    tab.page.get_by_role("button", name="أضف هذا الموقع").click()
    expect(tab.page.locator("#mistake")).to_contain_text("\u2068homepage\u2069: غير مكتوب")
    expect(tab.page.locator("textarea")).to_have_value("name: أخبار\n# my own words")
    assert all("400" in told for told in tab.complaints), "which the browser's console tells as well"
    tab.complaints.clear()
    tab.page.locator("textarea").fill(previews.proposal().yaml())
    tab.page.get_by_role("button", name="أضف هذا الموقع").click()
    expect(tab.page.locator("h1")).to_have_text("أخبار القرية")

    tab.page.get_by_role("button", name="أوقفه").click()
    expect(tab.page.get_by_role("button", name="شغّله")).to_be_visible()
    tab.page.get_by_label("كل", exact=True).check()
    tab.page.get_by_role("spinbutton").fill("45")
    tab.page.locator("form.schedule button").click()
    expect(tab.page.get_by_role("spinbutton")).to_have_value("45")
    assert tab.overflow() <= 0
