"""Narrowing and saving a search in a real Chromium: with a mouse, with keys alone, without JavaScript, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watched, fresh, watch

pytestmark = pytest.mark.browser

RECENT = "/search?q=lang:ar&after=2026-11-01&by=day&sort=newest"


def total(page: Page) -> int:
    """How many results the page says that there are."""
    found = page.locator(".found b").inner_text()
    return int(re.sub(r"\D", "", found) or {"نتيجة واحدة": 1, "نتيجتان": 2}[found])


def exchanged(tab: Watched) -> bool:
    """Whether the page that is shown was brought into the one before it, without loading all anew."""
    return bool(tab.page.evaluate("window.here === true"))


@pytest.mark.parametrize(
    ("ui", "word", "site"), [("ar", "المدينة OR البحر", "صحيفة العاصي"), ("en", "town", "The Saltmarsh")]
)
def test_a_facet_narrows_and_its_chip_lets_go(tab: Watched, ui: str, word: str, site: str) -> None:
    tab.open(f"/search?q={quote(word)}&sort=newest&ui={ui}")
    tab.page.evaluate("window.here = true")
    before = total(tab.page)
    link = tab.page.locator("#facet-site ~ ul a").filter(has_text=site)
    count = int(link.locator(".figure").inner_text())
    link.click()
    tab.page.wait_for_url(re.compile(r"[?&]site="))
    expect(tab.page.locator(".chips li")).to_have_count(2)
    assert total(tab.page) == count
    assert "sort=newest" in tab.page.url
    assert exchanged(tab)
    expect(tab.page.locator("main")).to_be_focused()
    tab.page.locator(".chips a").first.click()
    expect(tab.page.locator(".chips")).to_have_count(0)
    assert total(tab.page) == before
    tab.page.go_back()
    expect(tab.page.locator(".chips li")).to_have_count(2)


def test_a_time_is_chosen_by_dragging_over_the_bars(tab: Watched) -> None:
    tab.open(RECENT)
    before = total(tab.page)
    bars = tab.page.locator(".plot .u-over")
    expect(bars).to_be_visible()
    box = bars.bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 30)  # time runs from right to left: its beginning
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 30, steps=6)
    tab.page.mouse.up()
    tab.page.wait_for_url(re.compile("until="))
    assert "after=2026-11-" in tab.page.url
    expect(tab.page.locator(".chips li")).to_have_count(3)
    assert 0 < total(tab.page) < before
    first, last = re.findall(r"(?:after|until)=([\d-]+)", tab.page.url)
    assert first < last
    in_utc = "all => all.map(one => new Date(one.dateTime).toISOString().slice(0, 10))"
    days = tab.page.locator(".hits time").evaluate_all(in_utc)
    assert all(first <= day <= last for day in days)


def test_a_bar_is_a_link_to_its_time(tab: Watched) -> None:
    tab.open(RECENT)
    bars = tab.page.locator(".plot .u-over")
    expect(bars).to_be_visible()
    box = bars.bounding_box()
    assert box is not None
    tab.page.mouse.click(box["x"] + box["width"] / 8, box["y"] + box["height"] - 4)  # the middle of the last of four
    tab.page.wait_for_url(re.compile("after=2026-11-23&until=2026-11-23"))
    expect(tab.page.locator(".chart")).to_have_count(0)  # one day is no chart


def test_keys_alone_search_open_and_come_back(tab: Watched) -> None:
    tab.open("/search?q=حلب&ui=ar")
    tab.page.keyboard.press("/")
    expect(tab.page.get_by_role("searchbox")).to_be_focused()
    tab.page.keyboard.type("jk?/ البوكمال OR حلب")  # letters like any, while one types
    tab.page.keyboard.press("Control+A")
    tab.page.keyboard.type("المدينة OR البحر")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("main")).to_be_focused()
    links = tab.page.locator(".hits h2 a")
    for key, at in (("j", 0), ("j", 1), ("ت", 2), ("k", 1)):
        if key == "ت":  # what an Arabic keyboard has where others have j
            event = "new KeyboardEvent('keydown', {key: 'ت', code: 'KeyJ', bubbles: true})"
            tab.page.evaluate(f"document.activeElement.dispatchEvent({event})")
        else:
            tab.page.keyboard.press(key)
        expect(links.nth(at)).to_be_focused()
    outline = links.nth(1).evaluate("link => getComputedStyle(link).outlineStyle")
    assert outline == "solid"
    tab.page.keyboard.press("?")
    expect(tab.page.locator("#help")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("#help")).to_be_hidden()
    links.nth(1).focus()
    headline = links.nth(1).inner_text()
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text(headline)
    tab.page.go_back()
    expect(links.nth(1)).to_have_text(headline)


AR = {
    "name": "الاسم", "save": "احفظ", "feed": "خلاصة", "delete": "احذف", "taken": "ثمة بحث محفوظ باسم \u2068حلب\u2069",
    "again": "حاول مجدداً",
    "week": "رسالة واحدة كل يوم اثنين في السابعة صباحاً", "hour": "رسالة واحدة كل ساعة",
    "day": "رسالة واحدة كل يوم في السابعة صباحاً",
}  # fmt: skip
EN = {
    "name": "Name", "save": "Save", "feed": "Feed", "delete": "Delete",
    "taken": "There is a saved search named حلب already", "again": "Try again",
    "week": "Mondays at 7:00, in one message", "hour": "Every hour, in one message",
    "day": "Every day at 7:00, in one message",
}  # fmt: skip
LANGUAGES = pytest.mark.parametrize(("ui", "words"), [("ar", AR), ("en", EN)], ids=["ar", "en"])


def save(tab: Watched, words: dict[str, str], name: str, digest: str) -> None:
    """Saves the search that is shown under this name."""
    tab.page.locator(".save summary").click()
    tab.page.get_by_label(words["name"]).fill(name)
    tab.page.locator(".save select").select_option(digest)
    tab.page.get_by_role("button", name=words["save"]).click()


@LANGUAGES
def test_a_search_is_saved_and_deleted(tab: Watched, ui: str, words: dict[str, str]) -> None:
    tab.open(f"/search?q=حلب&site=asi&ui={ui}")
    save(tab, words, "أخبار <b>حلب</b>", "week")
    tab.page.wait_for_url(f"**/searches?ui={ui}")
    digest = tab.page.locator("form.digest")
    expect(digest.locator("select")).to_have_value("week")
    for chosen in ("week", "hour", "day"):
        expect(digest.locator(f"option[value={chosen}]")).to_have_text(words[chosen])
    for chosen in ("hour", "day"):
        digest.locator("select").select_option(chosen)
        digest.get_by_role("button").click()
        tab.page.wait_for_url(f"**/searches?ui={ui}")
        tab.page.reload()
        expect(digest.locator("select")).to_have_value(chosen)
    (saved,) = tab.page.locator(".saved > li").all()
    expect(saved.locator("h2")).to_have_text("أخبار <b>حلب</b>")
    expect(saved.locator(".query")).to_have_text("site:asi حلب")
    feed = tab.page.request.get(tab.address + str(saved.get_by_role("link", name=words["feed"]).get_attribute("href")))
    assert feed.ok
    saved.get_by_role("button", name=words["delete"]).click()
    expect(tab.page.locator(".saved")).to_have_count(0)


@LANGUAGES
def test_a_name_that_is_taken_is_told_and_what_was_written_is_kept(
    tab: Watched, ui: str, words: dict[str, str]
) -> None:
    for _ in range(2):
        tab.open(f"/search?q=حلب&site=asi&ui={ui}")
        save(tab, words, "حلب", "week")
    expect(tab.page.get_by_role("alert")).to_contain_text(words["taken"])
    assert all("400" in told for told in tab.complaints), "which the browser's console tells as well"
    tab.complaints.clear()
    name = tab.page.get_by_label(words["name"])
    expect(name).to_have_value("حلب")
    assert tab.overflow() <= 0
    name.fill("حلب وريفها")
    tab.page.get_by_role("button", name=words["again"]).click()
    saved = tab.page.locator(".saved > li")
    expect(saved.locator("h2")).to_have_text(["حلب وريفها", "حلب"])
    expect(saved.locator(".query")).to_have_text(["site:asi حلب"] * 2)
    assert [one.input_value() for one in saved.locator("select").all()] == ["week", "week"]
    for left in (1, 0):
        saved.first.get_by_role("button", name=words["delete"]).click()
        expect(saved).to_have_count(left)


def test_light_and_dark_stay_as_chosen(tab: Watched) -> None:
    tab.open("/search?q=حلب")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = tab.page.evaluate(paper)
    tab.page.locator("button.theme").click()
    dark = tab.page.evaluate(paper)
    assert dark != light
    tab.page.reload()
    assert tab.page.evaluate(paper) == dark
    tab.page.locator("button.theme").click()
    assert tab.page.evaluate(paper) == light


def test_the_fonts_are_our_own(tab: Watched) -> None:
    tab.open("/search?q=حلب")
    tab.page.evaluate("document.fonts.ready.then(() => true)")
    loaded = tab.page.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
    assert {name.strip('"') for name in loaded} == {"Plex Arabic", "Naskh"}


@pytest.fixture
def plain(browser: Browser, address: str) -> Iterator[Watched]:
    """A tab without JavaScript."""
    context = fresh(browser, locale="en", java_script_enabled=False, viewport={"width": 1200, "height": 900})
    watched = watch(context, address)
    yield watched
    context.close()
    assert watched.complaints == []


def test_everything_works_without_scripts(plain: Watched) -> None:
    page = plain.page
    plain.open("/search?q=lang:ar&sort=oldest&after=2026-11-01")
    before = total(page)
    page.locator("#facet-site ~ ul a").first.click()
    assert 0 < total(page) < before
    page.locator(".bars a").first.click()
    assert "until=" in page.url
    assert 0 < total(page) < before
    page.get_by_role("link", name="Clear all").click()
    assert page.locator(".chips").count() == 0
    page.get_by_role("link", name="More results").click()
    assert "cursor=" in page.url
    page.get_by_label("From").fill("2026-11-22")
    page.get_by_role("button", name="Apply").first.click()
    assert "after=2026-11-22" in page.url
    page.get_by_role("button", name="Help").click()
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    assert page.locator("button.theme").is_hidden()
    page.locator(".save summary").click()
    page.get_by_label("Name").fill("plain")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name=re.compile("Delete.*plain")).click()
    expect(page.locator(".saved")).to_have_count(0)


def test_a_phone_has_its_filters_folded(tab: Watched) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.open("/search?q=حلب&ui=ar")
    sites = tab.page.locator("#facet-site")
    expect(sites).to_be_hidden()
    tab.page.get_by_text("التصفية", exact=True).first.click()
    expect(sites).to_be_visible()
    first = tab.page.locator(".hits > li").first.bounding_box()
    filters = tab.page.locator(".filters").bounding_box()
    assert first is not None
    assert filters is not None
    assert filters["y"] + filters["height"] <= first["y"]
    assert tab.overflow() <= 0


@pytest.mark.parametrize(
    ("ui", "told", "back"),
    [("ar", "هل تقصد البوكمال؟", "العودة إلى النتائج"), ("en", "Did you mean البوكمال?", "Back to the results")],
    ids=["ar", "en"],
)
def test_a_misspelt_word_leads_to_its_results_and_their_matches(tab: Watched, ui: str, told: str, back: str) -> None:
    tab.open(f"/search?q={quote('البوكمالن')}&ui={ui}")
    expect(tab.page.locator(".meant")).to_have_text(told)
    tab.page.locator(".meant a").click()
    results = tab.page.locator(".hits h2 a")
    expect(results.first).to_be_visible()
    results.first.click()
    expect(tab.page.locator("article mark").first).to_contain_text("البوكمال")
    tab.page.get_by_role("link", name=back).click()
    expect(results.first).to_be_visible()


@pytest.mark.parametrize(("ui", "copies"), [("ar", "مقال مكرر واحد"), ("en", "1 copy")], ids=["ar", "en"])
def test_the_same_story_on_another_site_is_folded_below_the_one_that_leads(tab: Watched, ui: str, copies: str) -> None:
    tab.open(f"/search?q={quote('البوكمال')}&ui={ui}")
    (lead,) = tab.page.locator(".hits > li", has=tab.page.locator("details.copies")).all()
    own = lead.locator("h2 a").inner_text()
    expect(lead.locator("summary")).to_have_text(copies)
    other = lead.locator("details li a")
    expect(other).to_be_hidden()
    lead.locator("summary").click()
    expect(other).to_have_text(own)
    assert lead.locator("details li small").inner_text().split("·")[0].strip() in {"صحيفة العاصي", "ساحل لايف"}
    assert tab.overflow() <= 0
    other.click()
    expect(tab.page.locator("#story + ul a").first).to_have_text(own)


@pytest.mark.parametrize(
    ("ui", "told"), [("ar", "ليس \u2068foo:\u2069 حقلاً"), ("en", "foo: is not a field")], ids=["ar", "en"]
)
def test_a_field_that_is_none_is_named_and_marked_in_the_query(tab: Watched, ui: str, told: str) -> None:
    tab.open(f"/?ui={ui}")
    tab.page.get_by_role("searchbox").fill("foo:bar حلب")
    tab.page.keyboard.press("Enter")
    note = tab.page.locator("#mistake")
    expect(note).to_contain_text(told)
    expect(note.locator("mark")).to_have_text("foo:")
    expect(tab.page.get_by_role("searchbox")).to_have_value("foo:bar حلب")
    expect(tab.page.get_by_role("searchbox")).to_have_attribute("aria-describedby", "mistake")
