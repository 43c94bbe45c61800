"""Tags, a note and a collection, added in a real Chromium by keyboard and mouse, as a newsroom would."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser


def test_an_article_is_tagged_noted_and_put_into_a_collection(tab: Watched) -> None:
    tab.open("/search?q=البوكمال&ui=ar")
    tab.page.locator(".hits h2 a").first.click()
    headline = tab.page.locator("article h1").inner_text()
    own = tab.page.locator("#own")
    own.get_by_text("عدّل").click()
    own.get_by_label("الوسوم").fill("دير الزور، للتحقق")
    own.locator("form:has([name=tags]) button").click()
    expect(own.locator(".keywords a")).to_have_count(2)
    own.get_by_text("عدّل").click()
    own.get_by_label("ملاحظة").fill("سطر أول\nسطر ثانٍ")
    own.locator("form:has([name=note]) button").click()
    expect(own.locator(".own-note")).to_have_text("سطر أول\nسطر ثانٍ")
    expect(own.locator(".keywords a")).to_have_text(["دير الزور", "للتحقق"])
    own.get_by_text("عدّل").click()
    own.get_by_label("أضف إلى مجموعة").fill("ملف البوكمال")
    own.get_by_role("button", name="أضف").click()
    own.get_by_role("link", name="ملف البوكمال").click()
    expect(tab.page.locator("h1")).to_have_text("ملف البوكمال")
    expect(tab.page.locator(".list h2")).to_have_text([headline])
    assert tab.overflow() <= 0
    with tab.page.expect_download() as file:
        tab.page.get_by_role("link", name="CSV").click()
    assert "دير الزور; للتحقق" in file.value.path().read_text("utf-8-sig")
    tab.page.get_by_role("button", name="أزل").click()
    expect(tab.page.locator(".empty")).to_contain_text("لا شيء في هذه المجموعة بعد")
    tab.page.get_by_text("غيّر اسم هذه المجموعة أو احذفها").click()
    tab.page.get_by_role("button", name="احذف المجموعة").click()
    expect(tab.page.locator("h1")).to_have_text("المجموعات")
    tab.page.get_by_role("link", name="للتحقق").click()
    expect(tab.page.locator(".list h2")).to_have_text([headline])


def test_results_are_ticked_on_two_pages_and_exported(tab: Watched) -> None:
    tab.open("/search?q=site:asi&sort=newest&ui=ar")
    first = tab.page.locator(".hits h2").nth(1).inner_text()
    tab.page.locator(".tick input").nth(1).check()
    count = tab.page.locator("#selection output")
    expect(count).to_have_text("1")
    tab.page.get_by_role("link", name="مزيد من النتائج").click()
    expect(count).to_have_text("1")
    expect(tab.page.locator(".hits h2").nth(1)).not_to_have_text(first)
    second = tab.page.locator(".hits h2").nth(0).inner_text()
    tab.page.locator(".tick input").nth(0).check()
    expect(count).to_have_text("2")
    assert tab.overflow() <= 0
    with tab.page.expect_download() as file:
        tab.page.locator("#selection").get_by_role("button", name="JSONL").click()
    lines = [json.loads(line) for line in file.value.path().read_text("utf-8").splitlines()]
    assert {line["headline"] for line in lines} == {first, second}
    tab.page.locator("#selection").get_by_role("textbox").fill("المختار")
    tab.page.locator("#selection").get_by_role("button", name="أضف إلى مجموعة").click()
    expect(tab.page.locator("h1")).to_have_text("المختار")
    expect(tab.page.locator(".list h2")).to_have_count(2)
    tab.page.go_back()
    tab.page.locator("#selection .clear").click()
    expect(count).to_have_text("0")
    expect(tab.page.locator(".tick input:checked")).to_have_count(0)
    expect(tab.page.locator("#selection").get_by_role("button", name="CSV")).to_be_disabled()
