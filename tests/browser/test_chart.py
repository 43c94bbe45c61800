"""The chart over time as Chromium draws it: each bar above its label."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

DAYS = "/search?q=lang:ar&after=2026-11-01&by=day&sort=newest"

# The middles of the bars, and of what is written below them, in pixels from the left of the canvas.
MIDDLES = """canvas => {
  const { width, height } = canvas, data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const over = document.querySelector(".u-over").getBoundingClientRect(), room = canvas.getBoundingClientRect();
  const base = Math.round((over.bottom - room.top) * devicePixelRatio);
  const probe = document.createElement("i");
  probe.style.color = "var(--bar)";
  document.body.append(probe);
  const bar = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number);
  const at = (x, y) => data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
  const runs = (filled, gap) => {
    const found = [];
    for (let x = 0; x < width; x++) {
      if (!filled(x)) continue;
      const last = found[found.length - 1];
      if (last && x - last[1] <= gap) last[1] = x;
      else found.push([x, x]);
    }
    return found.map(([a, b]) => (a + b) / 2 / devicePixelRatio);
  };
  const rows = Array.from({ length: height - base - 3 }, (_, row) => base + 3 + row);
  return {
    bars: runs((x) => { const [r, g, b] = at(x, base - 3); return Math.abs(r - bar[0]) + Math.abs(g - bar[1]) + Math.abs(b - bar[2]) < 30; }, 1),
    labels: runs((x) => rows.some((y) => at(x, y)[3] > 60), 14 * devicePixelRatio),
  };
}"""  # noqa: E501


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_each_bar_stands_over_its_label(tab: Watched, ui: str) -> None:
    tab.open(f"{DAYS}&ui={ui}")
    expect(tab.page.locator(".plot .u-over")).to_be_visible()
    found = tab.page.locator(".plot canvas").evaluate(MIDDLES)
    assert len(found["bars"]) >= 3
    assert len(found["bars"]) == len(found["labels"])
    assert all(abs(bar - label) < 5 for bar, label in zip(found["bars"], found["labels"], strict=True)), found


@pytest.mark.parametrize(
    ("ui", "wide", "narrow", "instead"),
    [
        ("ar", "اعرض كل التواريخ", "قرّب إلى حيث معظم النتائج", "الفترة أطول من أن تُعرض"),
        ("en", "Show all time", "Zoom in to where most results are", "This period is too long"),
    ],
    ids=["ar", "en"],
)
def test_an_article_of_long_ago_squeezes_no_bars(tab: Watched, ui: str, wide: str, narrow: str, instead: str) -> None:
    tab.open(f"/search?sort=newest&by=day&ui={ui}")
    expect(tab.page.locator(".plot .u-over")).to_be_visible()
    days = tab.page.locator(".chart .as-list li")
    assert len(tab.page.locator(".plot canvas").evaluate(MIDDLES)["bars"]) >= 3
    expect(days.filter(has_text="2018")).to_have_count(0)
    tab.page.get_by_role("link", name=wide).click()
    expect(days.last).to_contain_text("2018")
    expect(tab.page.locator(".other-time").first).to_contain_text(instead)
    tab.page.get_by_role("link", name=narrow).click()
    expect(days.filter(has_text="2018")).to_have_count(0)
