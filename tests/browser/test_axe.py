"""What axe-core finds wrong with the pages: nothing, in both languages, light and dark, wide and narrow."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import fresh

pytestmark = pytest.mark.browser

PAGES = ("/", "/search?q=حلب&site=asi&after=2026-11-01", "/search?q=(زققثص", "/sites", "/sites/asi", "/alerts")
PAGES += (
    "/edits",
    "/runs",
    "/searches",
    "/archive",
    "/archive/1",
    "/add-site",
    "/add-site/1",
    "/sites/paper",
    "/collections",
    "/collections/1",
    "/notes",
    "ARTICLE",
    "REFUSED",
)
# Without what is right: to bring that out of the browser takes more time than to look for what is wrong
RULES = "axe.run({resultTypes: ['violations']}).then(result => result.violations)"


@pytest.mark.parametrize(("ui", "scheme", "width"), [("ar", "light", 390), ("ar", "dark", 1200), ("en", "light", 1200)])
def test_nothing_is_wrong(browser: Browser, address: str, ui: str, scheme: str, width: int) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    context = fresh(browser, locale=ui, color_scheme=scheme, viewport={"width": width, "height": 844})
    page = context.new_page()
    found = []
    for path in PAGES:
        if path == "ARTICLE":
            page.goto(f"{address}/search?q=البوكمال")
            page.locator(".hits h2 a").first.click()
        elif path == "REFUSED":  # a form
            page.goto(f"{address}/archive")
            page.locator("main [name=url]").fill("ftp://files.example/")
            page.locator("main form button").first.click()
            expect(page.get_by_role("alert")).to_be_visible()
        else:
            page.goto(address + path)
        page.evaluate(axe)
        if path.startswith("/search?q=حلب"):
            page.keyboard.press("?")  # with the help open as well
            found += [(path, "help", *told) for told in wrong(page.evaluate(RULES))]
            page.keyboard.press("Escape")
        found += [(path, *told) for told in wrong(page.evaluate(RULES))]
    context.close()
    assert found == []


def wrong(violations: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """The rules that are broken, each with the first element that breaks it."""
    return [
        (one["id"], one["nodes"][0]["html"][:200])  # type: ignore[index]
        for one in violations
    ]
