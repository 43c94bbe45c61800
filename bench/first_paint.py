"""How soon a page is seen: the first contentful paint in a real Chromium, as the browser itself tells it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.browser import chromium

PAINTED = """new Promise(done => new PerformanceObserver((seen, observer) => {
  const [paint] = seen.getEntriesByName('first-contentful-paint');
  if (paint) { observer.disconnect(); done(paint.startTime); }
}).observe({type: 'paint', buffered: true}))"""


def first_paints(addresses: Sequence[str]) -> list[float] | None:
    """Milliseconds from the request to the first text of each page, as a browser that has seen nothing of it before has
    it: no page, no font, no script. None without a Chromium."""
    path = chromium.find()
    if path is None:
        return None
    taken = []
    with chromium.running(path) as browser:
        for address in ("about:blank", *addresses):  # the first tab starts what all share
            context = browser.new_context(locale="ar", viewport={"width": 1200, "height": 900})
            page = context.new_page()
            page.goto(address)
            if address != "about:blank":
                taken.append(float(page.evaluate(PAINTED)))
            context.close()
    return taken
