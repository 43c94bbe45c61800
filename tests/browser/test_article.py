"""An article in a real Chromium: what changed in it, its saved copy, its citation, an export; and the form that asks
for a token."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from index.warc.record import Response
from index.warc.store import WarcStore
from tests.browser import chromium
from tests.browser.conftest import Watched, fresh, watch
from tests.browser.test_axe import RULES, wrong
from tests.support.filled_archive import NOW, article, fill, newsroom, page
from tests.support.hostile_texts import HOSTILE

pytestmark = pytest.mark.browser

AR = {
    "changed": "ما تغيّر", "back": "العودة إلى المقال", "redline": "النص كاملاً مع التعديلات", "only": "ما تغيّر فقط",
    "saved": "الصفحة المحفوظة", "version": "الصفحة المحفوظة، النسخة 2", "text": "نص فقط، أُزيل من الصفحة: ",
    "removed": "5 صور", "nothing": "ولا يُحمَّل شيء من الموقع.",
}  # fmt: skip
EN = {
    "changed": "What changed", "back": "Back to the article", "redline": "Redline", "only": "Only what changed",
    "saved": "Saved page", "version": "Saved page, version 2", "text": "Text only: ", "removed": "5 images",
    "nothing": "removed; nothing is loaded from the site.",
}  # fmt: skip
LANGUAGES = pytest.mark.parametrize(("ui", "words"), [("ar", AR), ("en", EN)], ids=["ar", "en"])
TOKEN = "correct horse battery staple"
FIRST = article(
    "https://asi.example/bread",
    headline="سعر الخبز في المدينة",
    body="فقرة أولى عن الأسعار\n\nالسعر مئة ليرة\n\nفقرة ثالثة\n\nفقرة رابعة\n\nفقرة خامسة",
    published=NOW - timedelta(hours=3),
    authors=("سامر",),
)
SECOND = replace(FIRST, body=FIRST.body.replace("مئة ليرة", "مئتا ليرة"), content_hash="other")
PORT = article(
    f"https://asi.example/{quote('أخبار')}/{quote('مرفأ')}?p=1",
    headline="المرفأ يعود",
    body="فقرة عن المرفأ",
    published=NOW - timedelta(days=40),
    authors=("ليلى", "سامر"),
)
PAGE = f"""<!doctype html><html><head><script src="https://evil.example/x.js"></script>
<link rel=stylesheet href="https://evil.example/x.css"><meta http-equiv=refresh content="0;url=https://evil.example/">
</head><body onload="document.title='owned'"><h1>سعر الخبز</h1>
<p>السعر <a href="https://evil.example/">مئتا ليرة</a></p>
<img src="https://evil.example/p.gif"><iframe src="https://evil.example/"></iframe>{" ".join(HOSTILE[:16])}</html>"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarcStore]:
    with WarcStore(tmp_path_factory.mktemp("raw")) as folder:
        yield folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, raw: WarcStore) -> Iterator[str]:
    """The page of the newsroom's articles, and of one that changed and has a saved copy; a token is wanted."""
    answer = Response(FIRST.url, NOW, "HTTP/1.1 200 OK", [("Content-Type", "text/html")], PAGE.encode())
    edited = [
        page(PORT),
        page(FIRST),
        page(SECOND, NOW + timedelta(hours=1), body_hash="other", raw=lambda: raw.append(answer)),
    ]
    shelf = fill(tmp_path_factory.mktemp("shelf"), [*map(page, newsroom()), *edited])
    with chromium.served(shelf, raw=raw, token=TOKEN) as url:
        yield url
    shelf.close()


@pytest.fixture(scope="module")
def state(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A browser that was let in, by the form."""
    context = fresh(browser, locale="ar", accept_downloads=True)
    tab = context.new_page()
    tab.goto(f"{address}/search?q={quote('سعر')}")
    expect(tab.get_by_role("heading", level=1)).to_have_text("يتطلب هذا الأرشيف رمز دخول")
    tab.keyboard.type("wrong")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("alert")).to_be_visible()
    tab.keyboard.type(TOKEN)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search?q=*")
    tab.close()
    yield context
    context.close()


@pytest.fixture
def tab(state: BrowserContext, address: str) -> Iterator[Watched]:
    """A tab of it, which must end without a complaint or a request to elsewhere."""
    watched = watch(state, address)
    yield watched
    watched.page.close()
    assert watched.complaints == []
    assert watched.hosts == {address.removeprefix("http://")}


@LANGUAGES
def test_what_changed_is_marked_word_by_word(tab: Watched, ui: str, words: dict[str, str]) -> None:
    tab.open(f"/articles/{FIRST.id}?ui={ui}")
    tab.page.get_by_role("link", name=words["changed"]).click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text(words["changed"])
    expect(tab.page.locator("del")).to_have_text("مئة")
    expect(tab.page.locator("ins")).to_have_text("مئتا")
    assert tab.page.locator("article").evaluate("node => getComputedStyle(node).direction") == "rtl"
    for width in (1200, 320):
        tab.page.set_viewport_size({"width": width, "height": 800})
        assert tab.overflow() <= 0
    tab.page.get_by_role("link", name=words["back"]).click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text(FIRST.headline)


@LANGUAGES
def test_a_redline_is_the_whole_text_from_right_to_left(tab: Watched, ui: str, words: dict[str, str]) -> None:
    tab.open(f"/articles/{FIRST.id}?ui={ui}")
    tab.page.get_by_role("link", name=words["redline"]).click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text(words["redline"])
    assert tab.page.locator(".body p").count() == 5, "what did not change is there, too"
    expect(tab.page.locator(".body del")).to_have_text("مئة")
    expect(tab.page.locator(".body ins")).to_have_text("مئتا")
    places = [tab.page.locator(f".body {name}").bounding_box() for name in ("del", "ins")]
    assert places[0]["x"] > places[1]["x"], "what was removed stands before what came in its place"  # type: ignore[index]
    for width in (1200, 320):
        tab.page.set_viewport_size({"width": width, "height": 800})
        assert tab.overflow() <= 0
    tab.page.get_by_role("link", name=words["only"]).click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text(words["changed"])
    expect(tab.page.locator(".skipped").first).to_be_visible()


def test_a_redline_is_printed_without_colours_on_as_many_pages_as_it_needs(tab: Watched) -> None:
    """What makes the difference is a line, which any printer has; nothing but the text is printed."""
    tab.open(f"/articles/{FIRST.id}/redline")
    tab.page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("nav", "footer", ".tools", "header .search"):
        expect(tab.page.locator(hidden).first).to_be_hidden()
    expect(tab.page.get_by_text(FIRST.url)).to_be_visible()
    expect(tab.page.get_by_text(SECOND.content_hash, exact=True)).to_be_visible()
    for name, line in (("del", "line-through"), ("ins", "underline")):
        piece = tab.page.locator(f".body {name}")
        assert piece.evaluate("node => getComputedStyle(node).textDecorationLine") == line
        assert piece.evaluate("node => getComputedStyle(node).backgroundColor") == "rgba(0, 0, 0, 0)"
        assert piece.evaluate("node => getComputedStyle(node).color") == "rgb(0, 0, 0)"
    one = tab.page.pdf(format="A4", prefer_css_page_size=True)
    assert one.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", one)) == 1
    tab.page.locator(".body p").first.evaluate("node => node.textContent = 'فقرة طويلة عن الأسعار '.repeat(1500)")
    many = tab.page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", many)) > 3, "a long text goes on on the next page"


@LANGUAGES
def test_a_saved_copy_is_read_and_does_nothing(tab: Watched, ui: str, words: dict[str, str]) -> None:
    tab.open(f"/articles/{FIRST.id}?ui={ui}")
    tab.page.locator(".tools").get_by_role("link", name=words["saved"], exact=True).click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text(words["version"])
    for part in ("text", "removed", "nothing"):
        expect(tab.page.locator(".copy-told")).to_contain_text(words[part])
    frame = tab.page.frame_locator("iframe.copy")
    expect(frame.get_by_role("heading", level=1).first).to_have_text("سعر الخبز")
    expect(frame.locator("body")).to_contain_text("مئتا ليرة")
    assert frame.locator("a, img, script, iframe, form, input, link, svg, object").count() == 0
    inner = tab.page.frames[1]
    assert inner.evaluate("() => 1 + 1") == 2  # by us, from outside of the page's own powers
    assert inner.evaluate("() => window.origin") == "null"
    assert inner.evaluate("() => getComputedStyle(document.body).direction") == "rtl"
    assert "owned" not in tab.page.title()
    assert tab.overflow() <= 0


def test_a_citation_is_chosen_by_one_click_and_downloaded(tab: Watched) -> None:
    tab.open(f"/articles/{FIRST.id}?ui=en")
    tab.page.locator(".cite").click()
    chosen = tab.page.evaluate("() => window.getSelection().toString()")
    assert chosen.startswith("سامر, “سعر الخبز في المدينة”, صحيفة العاصي, 23 November 2026. https://asi.example/bread.")
    assert "Content hash other" in chosen
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="BibTeX").click()
    text = Path(download.value.path()).read_text("utf-8")
    assert text.startswith("@article{")
    assert "سعر الخبز في المدينة" in text


@pytest.mark.parametrize(
    ("ui", "told", "direction"),
    [("ar", "ليلى، سامر، ", "rtl"), ("en", "ليلى, سامر, ", "ltr")],
    ids=["ar", "en"],
)
def test_a_citation_has_an_arabic_address_to_read_and_one_to_copy(
    tab: Watched, ui: str, told: str, direction: str
) -> None:
    tab.open(f"/articles/{PORT.id}?ui={ui}")
    cited = tab.page.locator(".cite")
    expect(cited).to_contain_text(told)
    assert cited.evaluate("node => getComputedStyle(node).direction") == direction
    readable = cited.locator("bdi[dir=ltr]").first
    expect(readable).to_have_text("https://asi.example/أخبار/مرفأ?p=1")
    assert readable.evaluate("node => getComputedStyle(node).direction") == "ltr"
    expect(tab.page.locator(".encoded code")).to_have_text(PORT.url)
    assert tab.overflow() <= 0


@pytest.mark.parametrize(("ui", "told"), [("ar", "آخر تعديل"), ("en", "Last changed")], ids=["ar", "en"])
def test_results_by_last_change_say_when_and_what(tab: Watched, ui: str, told: str) -> None:
    tab.open(f"/?q={quote('سعر الخبز')}&ui={ui}")  # the home page leads to the results
    tab.page.wait_for_url("**/search?**")
    tab.page.locator(".found a[href*='sort=changed']").click()
    first = tab.page.locator(".hits > li").first
    expect(first.locator("h2")).to_have_text(FIRST.headline)
    change = first.locator("p.others")
    expect(change).to_contain_text(told)
    expect(change.locator("time")).to_have_attribute("datetime", re.compile(r"^2026-11-23T13:00"))
    change.get_by_role("link").click()
    expect(tab.page.locator("ins")).to_have_text("مئتا")


def test_a_link_on_another_site_leads_in_who_was_let_in(state: BrowserContext, address: str) -> None:
    """As the bookmarklet does, and a link in a message."""
    elsewhere = address.replace("127.0.0.1", "localhost")  # another site to a browser, which gives it no cookie of ours
    page = state.new_page()
    page.goto(f"{elsewhere}/login")
    page.evaluate(f"location = '{address}/articles/{FIRST.id}?ui=en'")
    page.wait_for_url(f"{address}/**")
    expect(page.get_by_role("heading", level=1)).to_have_text(FIRST.headline)
    page.close()


def test_an_export_is_downloaded_whole(tab: Watched) -> None:
    tab.open("/search?q=lang:ar")
    with tab.page.expect_download() as download:
        tab.page.locator("a[href^='/export.csv']").click()
    assert download.value.suggested_filename == "arshif.csv"
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 30
    assert {row["inLanguage"] for row in rows} == {"ar"}
    assert "السعر مئتا ليرة" in next(row["articleBody"] for row in rows if row["id"] == FIRST.id)


def test_the_article_is_printed_without_the_frame_of_the_page(tab: Watched) -> None:
    tab.open(f"/articles/{FIRST.id}")
    tab.page.emulate_media(media="print")
    expect(tab.page.locator("nav")).to_be_hidden()
    expect(tab.page.locator(".tools")).to_be_hidden()
    expect(tab.page.locator(".body p").first).to_be_visible()


def test_it_works_without_javascript(browser: Browser, state: BrowserContext, address: str) -> None:
    context = fresh(browser, java_script_enabled=False, storage_state=state.storage_state())
    plain = context.new_page()
    plain.goto(f"{address}/articles/{FIRST.id}/diff?ui=ar")
    expect(plain.locator("ins")).to_have_text("مئتا")
    plain.goto(f"{address}/articles/{FIRST.id}/copy?ui=ar")
    expect(plain.frame_locator("iframe.copy").locator("h1").first).to_have_text("سعر الخبز")
    context.close()


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_axe_finds_nothing(state: BrowserContext, browser: Browser, address: str, ui: str) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    stranger = fresh(browser)
    found = []
    own = f"/articles/{FIRST.id}"
    for context, path in (
        (state, own),
        (state, f"{own}/diff"),
        (state, f"{own}/redline"),
        (state, f"{own}/copy"),
        (stranger, "/login"),
    ):
        tab = context.new_page()
        tab.goto(f"{address}{path}?ui={ui}")
        tab.evaluate(axe)
        found += [(path, *told) for told in wrong(tab.evaluate(RULES))]
        tab.close()
    stranger.close()
    assert found == []
