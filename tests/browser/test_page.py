"""The search page in a real Chromium: a search in Arabic, an article, the keyboard, and nothing from elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import TRAPS, Watched, fresh, watch

pytestmark = pytest.mark.browser


def test_an_arabic_search_leads_to_the_article(tab: Watched) -> None:
    tab.open("/")
    expect(tab.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(tab.page.get_by_role("searchbox")).to_be_focused()
    tab.page.keyboard.type("معارك البوكمال")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/search?q=*")
    marks = tab.page.locator(".hits mark")
    expect(marks.first).to_be_visible()
    assert "البوكمال" in marks.all_inner_texts()
    expect(tab.page.get_by_role("searchbox")).to_have_value("معارك البوكمال")
    tab.page.get_by_role("link", name="تطوّرات معارك").first.click()
    heading = tab.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("تطوّرات معارك “البوكمال” وداعش يُبشر بفتوحات قريبة")
    expect(tab.page.locator(".body p")).to_have_count(7)
    assert tab.page.locator(".body").evaluate("body => getComputedStyle(body).direction") == "rtl"


def test_each_text_stands_on_its_side(tab: Watched) -> None:
    tab.open("/search?q=lang:fr&sort=newest")
    french = tab.page.locator(".hits > li").first
    assert french.evaluate("hit => getComputedStyle(hit).direction") == "ltr"
    edges = "link => { const a = link.getBoundingClientRect(), b = link.closest('li').getBoundingClientRect();"
    left = f"{edges} return [a.left - b.left, b.right - a.right]; }}"
    from_left, from_right = french.locator("h2 a").evaluate(left)
    assert from_left < from_right
    tab.open("/search?q=lang:ar&sort=newest&ui=en")
    from_left, from_right = tab.page.locator(".hits h2 a").first.evaluate(left)
    assert from_right < from_left


def test_pages_of_results_are_turned_by_links(tab: Watched) -> None:
    tab.open("/search?q=lang:ar&sort=oldest")
    first = tab.page.locator(".hits h2").all_inner_texts()
    tab.page.get_by_role("link", name="مزيد من النتائج").click()
    tab.page.wait_for_url("**cursor=*")
    second = tab.page.locator(".hits h2").all_inner_texts()
    assert len(first) == len(second) == 10
    assert first != second
    tab.page.get_by_role("link", name="الصفحة الأولى").click()
    expect(tab.page.locator(".hits h2").first).to_have_text(first[0])


def test_the_keyboard_reaches_everything_and_sees_where_it_is(tab: Watched) -> None:
    tab.open("/search?q=حلب")
    tab.page.keyboard.press("Tab")
    skip = tab.page.get_by_role("link", name="إلى المحتوى")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("main")).to_be_focused()
    order = []
    for _ in range(4):
        tab.page.keyboard.press("Tab")
        style = "[document.activeElement.innerText, getComputedStyle(document.activeElement).outlineStyle]"
        order.append(tab.page.evaluate(style))
    assert [name for name, _ in order[:3]] == ["الصلة", "الأحدث", "الأقدم"]
    assert all(outline == "solid" for _, outline in order)


def test_a_hostile_article_does_nothing(tab: Watched) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    for trap in TRAPS:
        tab.open(f"/articles/{trap.id}?ui=en")
        assert "فخ" in tab.page.locator("h1").inner_text()
        assert tab.page.title().endswith("· Arshif"), trap.headline[:80]
        assert tab.page.locator("article :is(script, img, svg, iframe, form, style, link, base, meta)").count() == 0
        assert tab.overflow() <= 0, trap.headline[:80]


@pytest.mark.parametrize(
    "path",
    ["/", "/search?q=حلب", "/search?q=فخ", "/search?q=زققثص", "/sites", "/sites/asi", "/alerts", "/edits", "/runs"],
)
def test_no_page_is_wider_than_the_window(tab: Watched, path: str) -> None:
    for ui in ("ar", "en"):
        tab.open(path + ("&" if "?" in path else "?") + f"ui={ui}")
        for width in (1200, 390, 320):
            tab.page.set_viewport_size({"width": width, "height": 844})
            assert tab.overflow() <= 0, f"{width} {ui}"


def test_a_script_would_not_run_even_if_one_came_through(browser: Browser, address: str) -> None:
    context = fresh(browser)
    watched = watch(context, address)
    watched.open("/")
    inject = "const s = document.createElement('script'); s.textContent = 'window.owned = 1'; document.body.append(s)"
    watched.page.evaluate(inject)
    assert watched.page.evaluate("window.owned") is None
    assert any("Content Security Policy" in complaint for complaint in watched.complaints)
    context.close()
