"""The pages of sites in a real Chromium, in both languages: a site's days with their gaps, its health, sources, edits
and next crawl, its switch and schedule; the list, sorted and narrowed; the alerts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Literal

import pytest
import yaml
from playwright.sync_api import Browser, Locator, expect

from crawler.config import Config, refreshed
from crawler.onboarding.site_desk import SiteDesk
from index.archive import Archive
from tests.browser import chromium
from tests.browser.conftest import Watched, fresh, watch
from tests.browser.test_axe import RULES, wrong
from tests.support.filled_archive import NOW
from tests.support.newspaper import configured
from tests.support.watched_sites import GAP, fill_sites

pytestmark = pytest.mark.browser

TOKEN = "correct horse battery staple"


@dataclass(frozen=True)
class Room:
    """Where the sites' pages are served, and the configuration that they change."""

    url: str
    config: Config
    archive: Archive
    locked: str  # the same behind a token


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    shelf, config = fill_sites(tmp_path_factory.mktemp("sites")), configured(tmp_path_factory.mktemp("config"))
    desk, now = SiteDesk(config, shelf.archive), NOW + timedelta(minutes=20)
    more = {"site_files": config.site_files, "site_desk": desk, "now": lambda: now}
    with chromium.served(shelf, **more) as url, chromium.served(shelf, token=TOKEN, **more) as locked:
        yield Room(url, config, shelf.archive, locked)
    shelf.close()


@pytest.fixture(scope="module")
def address(room: Room) -> str:
    return room.url


def span(drawn: Locator) -> tuple[float, float]:
    """Where it is, in pixels from the left of the window."""
    box = drawn.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


# --- a site ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ui", "gap", "most"),
    [
        ("ar", "\u20683–9 نوفمبر 2026\u2069: لا مقالات، وكان المتوقع نحو 6 مقالات", "أعلى عدد في يوم واحد: 1"),
        ("en", "3–9 Nov 2026: no articles, although about 6 were expected", "Most in a day: 1"),
    ],
    ids=["ar", "en"],
)
def test_days_without_articles_are_marked_where_they_are(tab: Watched, ui: str, gap: str, most: str) -> None:
    tab.open(f"/sites/mina?ui={ui}")
    chart = tab.page.locator(".chart")
    bars, marked = chart.locator(".bar[height='100']"), chart.locator("rect.gap")
    expect(bars).to_have_count(56 - 7)
    expect(marked).to_have_count(1)
    left, right = span(marked)
    spans = sorted(span(bar) for bar in bars.all())
    before, after = [one for one in spans if one[1] <= left], [one for one in spans if one[0] >= right]
    assert len(before) + len(after) == len(spans), "none lies on the gap"
    assert min(len(before), len(after)) == (NOW.date() - GAP[1]).days
    assert (len(before) < len(after)) is (ui == "ar"), "time runs as the language does"
    assert abs((right - left) - 7 * (spans[1][0] - spans[0][0])) < 1
    expect(chart.locator(".gaps li")).to_have_text(gap)
    expect(chart.locator(".ends")).to_contain_text(most)
    chart.locator("summary").click()
    expect(chart.locator("ol li")).to_have_count(56)
    last = spans[0] if ui == "ar" else spans[-1]
    room = chart.locator("svg").bounding_box()
    assert room is not None
    tab.page.mouse.click(sum(last) / 2, room["y"] + room["height"] / 2)
    tab.page.wait_for_url("**after=2026-11-23&until=2026-11-23*")
    expect(tab.page.locator(".hits > li")).to_have_count(1)


SHOWN = {
    "ar": {
        ".facts-of": ["سليم", "خلال 10 دقائق كل 30 دقيقة"],
        "#sources + table": ["الخلاصة", "200", "خريطة الموقع", "فشل مرتين متتاليتين", "404", "قبل 20 دقيقة"],
        "#edits + ul": ["bread and more قبل 11 دقيقة", "vanished قبل 20 دقيقة · لم يعد في موقعه"],
        "#crawls + ul": ["تمت", "المكتشفة 9 · الجديدة 3"],
    },
    "en": {
        ".facts-of": ["fine", "in 10 minutes every 30 minutes"],
        "#sources + table": ["feed", "200", "sitemap", "failed 2 times in a row", "404", "20 minutes ago"],
        "#edits + ul": ["bread and more 11 minutes ago", "vanished 20 minutes ago · no longer on its site"],
        "#crawls + ul": ["done", "Found 9 · New 3"],
    },
}


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_a_site_shows_its_sources_edits_removals_crawls_and_the_next(tab: Watched, ui: str) -> None:
    tab.open(f"/sites/asi?ui={ui}")
    for place, texts in SHOWN[ui].items():
        for text in texts:
            expect(tab.page.locator(place)).to_contain_text(text)
    assert tab.overflow() <= 0
    tab.page.get_by_role("link", name="vanished").click()
    expect(tab.page.get_by_role("heading", level=1)).to_contain_text("vanished")


@pytest.mark.parametrize(
    ("ui", "state", "moved", "edited"),
    [
        ("ar", "انتقل", "انتقلت مقالاته إلى \u2068new.example\u2069", "منذ 20"),
        ("en", "moved", "at new.example", "since 20"),
    ],
    ids=["ar", "en"],
)
def test_what_is_wrong_with_a_site_is_told_with_its_history(
    tab: Watched, ui: str, state: str, moved: str, edited: str
) -> None:
    tab.open(f"/sites?ui={ui}")
    row = tab.page.locator("tbody tr").first
    fold = row.locator("details.fold")
    expect(fold.locator("summary")).to_have_text(state)
    expect(fold.locator("small")).to_be_hidden()
    fold.locator("summary").click()
    expect(fold.locator("small")).to_contain_text(moved)
    row.get_by_role("link", name="Le Phare").click()
    now = tab.page.locator(".facts-of dd").first
    for text in (state, moved, edited):
        expect(now).to_contain_text(text)
    history = tab.page.locator("#health + ul li")
    expect(history).to_have_count(1)
    for text in ("20", "2026", state, moved):
        expect(history).to_contain_text(text)
    expect(history.get_by_role("link")).to_have_attribute("href", "https://phare.example/feed")


@pytest.mark.parametrize(
    ("ui", "off", "on", "told", "save", "mistake"),
    [
        ("ar", "أوقفه", "شغّله", "موقوف", "احفظ", "ليس خمس خانات crontab"),
        (
            "en",
            "Switch off",
            "Switch on",
            "switched off",
            "Save",
            "not the five fields of crontab",
        ),
    ],
    ids=["ar", "en"],
)
def test_a_site_is_switched_and_scheduled_in_a_file_of_ones_own(  # noqa: PLR0913
    tab: Watched, room: Room, ui: str, off: str, on: str, told: str, save: str, mistake: str
) -> None:
    own = room.config.directory / "sites.local" / "paper.yaml"

    def kept() -> object:
        return yaml.safe_load(own.read_text("utf-8"))

    tab.open(f"/sites/paper?ui={ui}")
    tab.page.get_by_role("button", name=off).click()
    expect(tab.page.get_by_role("button", name=on)).to_be_visible()
    expect(tab.page.locator(".facts-of dd").first).to_have_text(told)
    assert kept()["enabled"] is False
    tab.page.get_by_role("button", name=on).click()
    expect(tab.page.get_by_role("button", name=off)).to_be_visible()
    form = tab.page.locator("form.schedule")
    form.locator("[value=every]").check()
    form.get_by_role("spinbutton").fill("45")
    form.get_by_role("button", name=save).click()
    expect(form.locator("[value=every]")).to_be_checked()
    assert kept() == {"enabled": True, "schedule": {"every": 45}}
    form.locator("[value=cron]").check()
    form.get_by_role("textbox").fill("0 6-22 * * sun-thu")
    form.get_by_role("button", name=save).click()
    expect(form.locator("[value=cron]")).to_be_checked()
    assert refreshed(room.config, room.archive).sites["paper"].schedule.cron == "0 6-22 * * sun-thu"
    form.get_by_role("textbox").fill("daily")
    form.get_by_role("button", name=save).click()
    expect(tab.page.get_by_role("alert")).to_contain_text(mistake)
    expect(form.get_by_role("textbox")).to_have_value("daily")
    expect(form.get_by_role("textbox")).to_have_attribute("aria-describedby", "mistake")
    assert tab.overflow() <= 0
    tab.complaints.clear()  # which the browser's console tells as well
    assert kept() == {"enabled": True, "schedule": {"cron": "0 6-22 * * sun-thu"}}
    tab.page.locator("nav a[hreflang]").click()  # the form's answer has no address of its own
    expect(tab.page.locator("h1")).to_have_text("The Paper")
    tab.open(f"/sites/paper?ui={ui}")
    form.locator("[value=adaptive]").check()
    form.get_by_role("button", name=save).click()
    expect(form.locator("[value=adaptive]")).to_be_checked()
    assert refreshed(room.config, room.archive).sites["paper"].schedule.cron is None


@pytest.mark.parametrize(
    ("ui", "off", "on", "save", "home", "look", "unsent", "begins"),
    [
        (
            *("ar", "أوقفه", "شغّله", "احفظ", "رابط صفحته الرئيسية", "عاينه", "لم يتغيّر شيء. سجّل الدخول"),
            "تبدأ المعاينة بعد ثوانٍ.",
        ),
        (
            *("en", "Switch off", "Switch on", "Save", "Address of its home page", "Preview", "Nothing was changed."),
            "It begins in a few seconds.",
        ),
    ],
    ids=["ar", "en"],
)
def test_only_who_holds_the_token_changes_sites(  # noqa: PLR0913
    browser: Browser, room: Room, ui: str, off: str, on: str, save: str, home: str, look: str, unsent: str, begins: str
) -> None:
    """A form that was open when the token was taken away: it is refused on a page that can be read, and leads back."""
    own = room.config.directory / "sites.local" / "paper.yaml"
    own.unlink(missing_ok=True)
    context = fresh(browser, locale=ui, viewport={"width": 1200, "height": 800})
    tab = watch(context, room.locked)
    button = tab.page.get_by_role("button", name=off)

    def sign_in() -> None:
        tab.page.keyboard.type(TOKEN)  # the cursor is in its field
        tab.page.keyboard.press("Enter")

    def refused() -> None:
        expect(tab.page.get_by_role("alert")).to_contain_text(unsent)
        assert not own.exists()
        assert [told for told in tab.complaints if "401" not in told] == []
        tab.complaints.clear()
        assert tab.overflow() <= 0
        sign_in()

    tab.open(f"/sites/paper?ui={ui}")
    sign_in()
    expect(button).to_be_visible()
    context.clear_cookies()
    button.click()
    refused()
    expect(button).to_be_visible()
    context.clear_cookies()
    form = tab.page.locator("form.schedule")
    form.locator("[value=every]").check()
    form.get_by_role("spinbutton").fill("45")
    form.get_by_role("button", name=save).click()
    refused()
    form.locator("[value=every]").check()
    form.get_by_role("spinbutton").fill("45")
    form.get_by_role("button", name=save).click()
    expect(form.locator("[value=every]")).to_be_checked()
    button.click()
    expect(tab.page.get_by_role("button", name=on)).to_be_visible()
    assert yaml.safe_load(own.read_text("utf-8")) == {"enabled": False, "schedule": {"every": 45}}
    tab.page.get_by_role("button", name=on).click()
    expect(button).to_be_visible()
    own.unlink()
    tab.open(f"/add-site?ui={ui}")
    context.clear_cookies()
    for step in (refused, lambda: expect(tab.page.locator("#preview")).to_contain_text(begins)):
        tab.page.get_by_label(home).fill(f"{ui}.village.example")
        tab.page.get_by_role("button", name=look).click()
        step()
    context.close()
    assert tab.complaints == []


# --- the list --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ui", "articles", "next_run", "find", "apply", "none"),
    [
        ("ar", "المقالات", "الزيارة التالية", "ابحث عن موقع", "طبّق", "لا موقع يطابق"),
        ("en", "Articles", "Next crawl", "Find a site", "Apply", "No site matches"),
    ],
    ids=["ar", "en"],
)
def test_the_list_is_sorted_and_narrowed(
    tab: Watched, ui: str, articles: str, next_run: str, find: str, apply: str, none: str
) -> None:
    tab.open(f"/sites?ui={ui}")
    names = tab.page.locator("tbody th > a")
    assert names.all_inner_texts()[:2] == ["Le Phare", "خبر کوه"], "those that need attention"
    expect(names.last).to_have_text("Вестник гавани")  # switched off, and so without a next crawl
    expect(tab.page.locator("tbody tr").last.locator("td").last).to_have_text("–")
    heads = tab.page.locator("thead")
    heads.get_by_role("link", name=articles).click()
    expect(names.first).to_have_text("الميناء")
    expect(heads.locator("[aria-sort=descending]")).to_have_text(articles)
    heads.get_by_role("link", name=next_run).click()
    expect(heads.locator("[aria-sort=ascending]")).to_have_text(next_run)
    tab.page.get_by_role("combobox").select_option("off")
    tab.page.get_by_role("button", name=apply).click()
    expect(names).to_have_text(["Вестник гавани"])
    expect(heads.locator("[aria-sort=ascending]")).to_have_text(next_run)  # the order stays
    tab.page.get_by_role("combobox").select_option("")
    tab.page.get_by_label(find).fill("مجدد")
    tab.page.keyboard.press("Enter")
    expect(names).to_have_text(["مُجَدَّد"])
    tab.page.get_by_label(find).fill("nosuch")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".empty")).to_contain_text(none)


# --- the alerts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ui", "link", "well", "nobody", "moved", "waiting"),
    [
        ("ar", "التنبيهات", "تعافى", "لا متلقي له", "انتقلت مقالاته إلى", "إشعاران لم يُرسلا بعد"),
        (
            "en",
            "Alerts",
            "well again",
            "nobody to notify",
            "its articles are now at",
            "2 addresses still to",
        ),
    ],
    ids=["ar", "en"],
)
def test_alerts_tell_what_changed_and_who_knows(
    tab: Watched, ui: str, link: str, well: str, nobody: str, moved: str, waiting: str
) -> None:
    tab.open(f"/sites?ui={ui}")
    tab.page.get_by_role("link", name=link).click()
    rows = tab.page.locator("tbody tr")
    expect(rows).to_have_count(2)
    for row, texts in zip(rows.all(), (("الميناء", well, nobody), ("Le Phare", moved, waiting)), strict=True):
        for text in texts:
            expect(row).to_contain_text(text)
    for width in (1200, 390):
        tab.page.set_viewport_size({"width": width, "height": 844})
        assert tab.overflow() <= 0
    rows.last.get_by_role("link", name="Le Phare").click()
    expect(tab.page.locator("h1")).to_have_text("Le Phare")


@pytest.mark.parametrize(("ui", "scheme"), [("ar", "dark"), ("en", "light")])
def test_axe_finds_nothing(tab: Watched, ui: str, scheme: Literal["dark", "light"]) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    tab.page.emulate_media(color_scheme=scheme)
    found = []
    for path in ("/sites/mina", "/sites/asi", "/sites/phare", "/sites", "/alerts", "/sites/paper"):
        tab.open(f"{path}?ui={ui}")
        if path == "/sites/paper":  # with a mistake in its form
            tab.page.locator("[value=cron]").check()
            tab.page.locator("form.schedule button").click()
            expect(tab.page.get_by_role("alert")).to_be_visible()
            tab.complaints.clear()
        tab.page.evaluate(axe)
        found += [(path, *told) for told in wrong(tab.page.evaluate(RULES))]
    assert found == []
