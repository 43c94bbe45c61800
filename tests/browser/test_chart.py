"""The chart over time as Chromium draws it: each bar above its label, none higher than its axis."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, FloatRect, expect

from tests.browser.conftest import Watched, fresh, watch

pytestmark = pytest.mark.browser

DAYS = "/search?q=lang:ar&after=2026-11-01&by=day&sort=newest"

# The middles of the bars and of what is written below them, in pixels from the left of the canvas; and the tops of the
# bars, in pixels from the top of the room that they have.
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
  const ofBar = (x, y) => { const [r, g, b] = at(x, y); return Math.abs(r - bar[0]) + Math.abs(g - bar[1]) + Math.abs(b - bar[2]) < 30; };
  const bars = runs((x) => ofBar(x, base - 3), 1);
  return {
    bars,
    tops: bars.map((middle) => {
      let y = base - 3;
      while (y > 0 && ofBar(Math.round(middle * devicePixelRatio), y - 1)) y--;
      return y / devicePixelRatio - (over.top - room.top);
    }),
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


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_the_axis_is_above_the_tallest_bar_and_on_the_side_where_time_begins(tab: Watched, ui: str) -> None:
    tab.open(f"{DAYS}&ui={ui}")
    expect(tab.page.locator(".plot .u-over")).to_be_visible()
    plot = tab.page.locator(".plot")
    counts = [count for _, count in json.loads(str(plot.get_attribute("data-bars")))]
    top, step = (int(str(plot.get_attribute(f"data-{name}"))) for name in ("top", "step"))
    assert max(counts) <= top < max(counts) + step, "the first line that no bar is above"
    bars, below, beside = (box(tab, f".plot {name}") for name in (".u-over", ".u-axis >> nth=0", ".u-axis >> nth=1"))
    assert below["y"] >= bars["y"] + bars["height"] - 1, "the labels of the days are under the bars"
    assert (below["x"], below["width"]) == (bars["x"], bars["width"])
    assert (beside["y"], beside["height"]) == (bars["y"], bars["height"]), "the numbers are along the bars"
    if ui == "ar":
        assert beside["x"] >= bars["x"] + bars["width"] - 1
    else:
        assert beside["x"] + beside["width"] <= bars["x"] + 1
    tops = tab.page.locator(".plot canvas").evaluate(MIDDLES)["tops"]
    drawn = [count for count in (counts[::-1] if ui == "ar" else counts) if count]
    assert len(tops) == len(drawn)
    for y, count in zip(tops, drawn, strict=True):
        assert abs(y - bars["height"] * (1 - count / top)) < 2, (tops, drawn)
    assert min(tops) >= -1


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_without_scripts_each_bar_stands_in_its_day_between_the_ends(browser: Browser, address: str, ui: str) -> None:
    context = fresh(browser, java_script_enabled=False, viewport={"width": 1200, "height": 800})
    tab = watch(context, address)
    tab.open(f"{DAYS}&ui={ui}")
    room = box(tab, "svg.bars")
    bars = [one.bounding_box() for one in tab.page.locator("svg.bars .bar").all()]
    days = [one.bounding_box() for one in tab.page.locator("svg.bars .room").all()]
    for bar, day in zip(bars, days, strict=True):
        assert bar is not None
        assert day is not None
        assert abs((bar["x"] + bar["width"] / 2) - (day["x"] + day["width"] / 2)) < 1
        assert bar["y"] >= room["y"] - 1
        assert abs(bar["y"] + bar["height"] - room["y"] - room["height"]) < 2
    first, last = (tab.page.locator(".ends span").nth(at).bounding_box() for at in (0, -1))
    assert first is not None
    assert last is not None
    assert (first["x"] > last["x"]) is (ui == "ar"), "time runs as the language does"
    assert min(first["y"], last["y"]) >= room["y"] + room["height"] - 1
    context.close()


def box(tab: Watched, selector: str) -> FloatRect:
    """Where it is in the window."""
    found = tab.page.locator(selector).bounding_box()
    assert found is not None
    return found


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
