"""A site added in a real Chromium: the preview appears by itself, a mistake loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Connection

from crawler.onboarding.messages import ProposalMessage
from index.archive import runs, site_previews
from index.model.message import Message
from tests.browser.conftest import Watched
from tests.support import previews
from tests.support.filled_archive import SearchFixture

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("ui", "add", "home", "look", "request_", "file", "add_this", "mistake"),
    [
        ("ar", "إضافة موقع", "رابط صفحته الرئيسية", "عاين", "الطلب 3", "ملف الموقع", "أضف هذا الموقع", "غير مكتوب"),
        (
            "en",
            "Add a site",
            "Address of its home page",
            "Preview",
            "request 3",
            "Site file",
            "Add this site",
            "missing",
        ),
    ],
    ids=["ar", "en"],
)
def test_a_site_is_looked_at_and_added(  # noqa: PLR0913
    tab: Watched, shelf: SearchFixture, ui: str, add: str, home: str, look: str, request_: str, file: str,
    add_this: str, mistake: str,
) -> None:  # fmt: skip
    tab.open(f"/sites?ui={ui}")
    tab.page.get_by_role("link", name=add).click()
    tab.page.get_by_label(home).fill("village.example")
    tab.page.get_by_role("button", name=look).click()
    expect(tab.page.locator("#preview progress")).to_be_visible()
    tab.page.evaluate("window.here = true")
    number = int(tab.page.url.partition("/add-site/")[2].partition("?")[0])

    def begin(conn: Connection) -> None:
        run = runs.start(conn, [], datetime.now(UTC), owner="test")
        site_previews.claim(conn, number, run)
        step = Message(ProposalMessage.REQUEST, {"n": 3, "url": previews.HOME})
        site_previews.record_step(conn, number, step)

    shelf.archive.write(begin).result()
    expect(tab.page.locator("#preview [role=status]")).to_contain_text(request_)
    shelf.archive.write(lambda conn: previews.settle(conn, number)).result()
    expect(tab.page.locator("#preview h2")).to_have_text("أخبار القرية")
    assert tab.page.evaluate("window.here") is True
    tab.page.get_by_text("فتح طريق القرية").click()
    expect(tab.page.get_by_text("فقرة ثانية منه.")).to_be_visible()
    assert tab.overflow() <= 0
    tab.page.get_by_text(file, exact=True).click()
    tab.page.locator("textarea").fill("name: أخبار\n# my own words")
    tab.page.get_by_role("button", name=add_this).click()
    told = tab.page.locator("#mistake")
    expect(told).to_contain_text("homepage")
    expect(told).to_contain_text(mistake)
    expect(tab.page.locator("textarea")).to_have_value("name: أخبار\n# my own words")
    assert all("400" in told for told in tab.complaints), "which the browser's console tells as well"
    tab.complaints.clear()
    tab.page.locator("textarea").fill(previews.proposal().yaml())
    tab.page.get_by_role("button", name=add_this).click()
    expect(tab.page.locator("h1")).to_have_text("أخبار القرية")
    assert tab.overflow() <= 0
    Path(tab.page.locator("#file ~ details summary").inner_text()).unlink()  # a site of the next one's, too
