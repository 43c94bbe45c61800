"""The page of runs in a real Chromium: it follows what is running by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from index.archive import runs
from index.model.codes import RunStatus
from tests.browser.conftest import Watched
from tests.support.filled_archive import SearchFixture

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_a_run_appears_goes_on_and_ends_without_loading_the_page_again(
    tab: Watched, shelf: SearchFixture, ui: str
) -> None:
    tab.open(f"/runs?ui={ui}")
    tab.page.evaluate("window.here = true")
    rows = tab.page.locator("#runs > table > tbody")
    before = rows.count()
    tab.page.locator("details summary").first.click()
    number: list[int] = []

    def write(work: Any) -> None:
        shelf.archive.write(work).result()

    write(lambda conn: number.append(runs.start(conn, ["asi", "mina"], datetime.now(UTC), owner="test")))
    bar = tab.page.locator(".going progress")
    expect(bar).to_have_attribute("value", "0")
    expect(rows).to_have_count(before + 1)
    write(lambda conn: runs.end_site(conn, number[0], "asi", RunStatus.OK))
    expect(bar).to_have_attribute("value", "1")
    expect(tab.page.locator("details[open]")).to_have_count(1)  # what was open stays so
    write(lambda conn: runs.finish(conn, number[0], RunStatus.OK, datetime.now(UTC)))
    expect(bar).to_have_count(0)
    assert tab.page.evaluate("window.here") is True
