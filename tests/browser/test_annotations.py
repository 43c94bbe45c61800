"""Tags, a note and a collection, added in a real Chromium by keyboard and mouse, as a newsroom would."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

AR = {
    "edit": "عدّل", "tags": "الوسوم", "note": "ملاحظة", "add to": "أضف إلى مجموعة", "add": "أضف", "take out": "أزل",
    "empty": "لا شيء في هذه المجموعة بعد", "manage": "غيّر اسم هذه المجموعة أو احذفها", "delete": "احذف المجموعة",
    "collections": "المجموعات", "more": "مزيد من النتائج", "given": "دير الزور، للتحقق", "name": "ملف البوكمال",
    "chosen": "المختار",
}  # fmt: skip
EN = {
    "edit": "Edit", "tags": "Tags", "note": "Note", "add to": "Add to a collection", "add": "Add", "take out": "Remove",
    "empty": "Nothing is in this collection yet", "manage": "Rename or delete this collection",
    "delete": "Delete the collection", "collections": "Collections", "more": "More results",
    "given": "Deir ez-Zor, to check", "name": "Al Bukamal file", "chosen": "Chosen",
}  # fmt: skip
LANGUAGES = pytest.mark.parametrize(("ui", "words"), [("ar", AR), ("en", EN)], ids=["ar", "en"])


@LANGUAGES
def test_an_article_is_tagged_noted_and_put_into_a_collection(tab: Watched, ui: str, words: dict[str, str]) -> None:
    first, second = words["given"].replace("،", ",").split(", ")
    tab.open(f"/search?q=البوكمال&ui={ui}")
    tab.page.locator(".hits h2 a").first.click()
    headline = tab.page.locator("article h1").inner_text()
    own = tab.page.locator("#own")
    own.get_by_text(words["edit"], exact=True).click()
    own.get_by_role("textbox", name=words["tags"]).fill(words["given"])
    own.locator("form:has([name=tags]) button").click()
    expect(own.locator(".keywords a")).to_have_count(2)
    own.get_by_text(words["edit"], exact=True).click()
    own.get_by_role("textbox", name=words["note"]).fill("سطر أول\nسطر ثانٍ")
    own.locator("form:has([name=note]) button").click()
    expect(own.locator(".own-note")).to_have_text("سطر أول\nسطر ثانٍ")
    expect(own.locator(".keywords a")).to_have_text([first, second])
    own.get_by_text(words["edit"], exact=True).click()
    own.get_by_label(words["add to"]).fill(words["name"])
    own.get_by_role("button", name=words["add"], exact=True).click()
    own.get_by_role("link", name=words["name"]).click()
    expect(tab.page.locator("h1")).to_have_text(words["name"])
    expect(tab.page.locator(".list h2")).to_have_text([headline])
    assert tab.overflow() <= 0
    with tab.page.expect_download() as file:
        tab.page.get_by_role("link", name="CSV").click()
    assert f"{first}; {second}" in file.value.path().read_text("utf-8-sig")
    tab.page.get_by_role("button", name=words["take out"]).click()
    expect(tab.page.locator(".empty")).to_contain_text(words["empty"])
    tab.page.get_by_text(words["manage"]).click()
    tab.page.get_by_role("button", name=words["delete"]).click()
    expect(tab.page.locator("h1")).to_have_text(words["collections"])
    tab.page.get_by_role("link", name=second).click()
    expect(tab.page.locator(".list h2")).to_have_text([headline])


@LANGUAGES
def test_results_are_ticked_on_two_pages_and_exported(tab: Watched, ui: str, words: dict[str, str]) -> None:
    tab.open(f"/search?q=site:asi&sort=newest&ui={ui}")
    first = tab.page.locator(".hits h2").nth(1).inner_text()
    tab.page.locator(".tick input").nth(1).check()
    count = tab.page.locator("#selection output")
    expect(count).to_have_text("1")
    tab.page.get_by_role("link", name=words["more"]).click()
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
    tab.page.locator("#selection").get_by_role("textbox").fill(words["chosen"])
    tab.page.locator("#selection").get_by_role("button", name=words["add to"]).click()
    expect(tab.page.locator("h1")).to_have_text(words["chosen"])
    expect(tab.page.locator(".list h2")).to_have_count(2)
    tab.page.go_back()
    tab.page.locator("#selection .clear").click()
    expect(count).to_have_text("0")
    expect(tab.page.locator(".tick input:checked")).to_have_count(0)
    expect(tab.page.locator("#selection").get_by_role("button", name="CSV")).to_be_disabled()
