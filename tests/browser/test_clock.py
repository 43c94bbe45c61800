"""The reader's time zone in a real Chromium: the page comes in it from the first look on."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import fresh, watch

pytestmark = pytest.mark.browser

KATHMANDU = ZoneInfo("Asia/Kathmandu")  # UTC+5:45: no machine that runs this is likely to be there


@pytest.mark.parametrize(("ui", "beside"), [("ar", "بتوقيت الموقع"), ("en", "at the site")], ids=["ar", "en"])
def test_a_reader_elsewhere_sees_their_own_time(browser: Browser, address: str, ui: str, beside: str) -> None:
    context = fresh(browser, locale=ui, timezone_id=str(KATHMANDU))
    tab = watch(context, address)
    for order in ("oldest", "newest"):
        tab.open(f"/search?sort={order}&ui={ui}")
        expect(tab.page.locator("body")).to_have_attribute("data-offset", "345")  # after one more look by itself
        time = tab.page.locator(".hits time").filter(has_text=":").first
        moment = datetime.fromisoformat(str(time.get_attribute("datetime"))).astimezone(KATHMANDU)
        expect(time).to_have_text(re.compile(rf"^{moment.day} .*{moment:%H:%M}$"))
    tab.open(f"/search?q=site:asi&sort=newest&ui={ui}")
    tab.page.locator(".hits h2 a").first.click()
    fact = tab.page.locator(".facts li").filter(has=tab.page.locator("small"))
    there = datetime.fromisoformat(str(fact.locator("time").get_attribute("datetime")))
    expect(fact.locator("time")).to_contain_text(f"{there.astimezone(KATHMANDU):%H:%M}")
    for text in (beside, f"{there:%H:%M}"):
        expect(fact.locator("small")).to_contain_text(text)
    context.close()
    assert tab.complaints == []
