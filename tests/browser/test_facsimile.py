"""What pages looked like, in a real Chromium: shown on the page of the saved copy and in results, asked of us alone."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from index.archive import articles, facsimiles
from index.archive.facsimiles import NewPart
from index.model.article import Image
from index.model.codes import PartKind
from index.search import indexer
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.browser import chromium
from tests.browser.conftest import Watched, fresh, watch
from tests.browser.test_axe import RULES, wrong
from tests.support.filled_archive import NOW, article, fill, newsroom, page
from tests.support.pictures import png

pytestmark = pytest.mark.browser

SEEN = article(
    "https://asi.example/pictured",
    headline="قافلة مصوّرة تصل إلى المدينة",
    body="وصلت القافلة إلى المدينة صباحاً\n\nواستقبلها الأهالي",
    images=(Image("https://asi.example/1.png", "القافلة عند مدخل المدينة", "وكالة"),),
    published=NOW,
)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>document.title='owned'</script></svg>"
PARTS = (
    (PartKind.PICTURE, 1, "image/webp", png(1_280, 6_000)),
    (PartKind.THUMBNAIL, 1, "image/webp", png(320, 200)),
    (PartKind.PAGE, 1, "multipart/related", b"MIME-Version: 1.0\r\n\r\n"),
    (PartKind.IMAGE, 1, "image/png", png(640, 360)),
    (PartKind.IMAGE, 2, "image/svg+xml", SVG),
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page of the newsroom's articles, and of one of which is kept what it looked like."""
    shelf = fill(tmp_path_factory.mktemp("shelf"), map(page, newsroom()))
    with WarcStore(tmp_path_factory.mktemp("raw")) as raw:
        answer = Response(SEEN.url, NOW, "HTTP/1.1 200 OK", [("Content-Type", "text/html")], SEEN.body.encode())

        def keep(conn: Any) -> None:
            articles.store(conn, page(SEEN, raw=lambda: raw.append(answer)))
            for kind, number, media, body in PARTS:
                url = SEEN.images[0].url if kind == PartKind.IMAGE else SEEN.url
                new = NewPart(kind, number, url, NOW, media, body, f"{kind}{number}")
                facsimiles.keep(conn, SEEN.site, SEEN.id, 1, new, raw.append)
            facsimiles.close(conn, SEEN.id, 1, None, NOW)

        shelf.archive.write(keep).result()
        indexer.index_pending(shelf.archive, shelf.engine)
        with chromium.served(shelf, raw=raw) as url:
            yield url
    shelf.close()


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Watched]:
    """A tab, which must end without a request to elsewhere."""
    context = fresh(browser, locale="ar", viewport={"width": 1200, "height": 800})
    watched = watch(context, address)
    yield watched
    context.close()
    assert watched.hosts == {address.removeprefix("http://")}


def loaded(tab: Watched, selector: str) -> list[int]:
    """The widths of these images, once each was scrolled to and has been loaded or could not be."""
    images = tab.page.locator(selector)
    widths = []
    for at in range(images.count()):
        images.nth(at).scroll_into_view_if_needed()
        script = "image => image.decode().then(() => image.naturalWidth, () => 0)"
        widths.append(images.nth(at).evaluate(script))
    return widths


@pytest.mark.parametrize(
    ("ui", "link", "looks"),
    [("ar", "الصفحة المحفوظة", "كما بدت الصفحة"), ("en", "Saved page", "What the page looked like")],
    ids=["ar", "en"],
)
def test_the_saved_copy_is_shown_as_it_looked(tab: Watched, ui: str, link: str, looks: str) -> None:
    tab.open(f"/articles/{SEEN.id}?ui={ui}")
    tab.page.locator(".tools").get_by_role("link", name=link, exact=True).click()
    expect(tab.page.get_by_role("heading", level=2, name=looks)).to_be_visible()
    assert loaded(tab, ".pictured img") == [1_280]
    assert loaded(tab, ".kept-images img") == [640, 0], "what is no image is not shown, whatever its server called it"
    expect(tab.page.locator(".kept-images figcaption").first).to_contain_text("القافلة عند مدخل المدينة")
    for width in (1200, 320):
        tab.page.set_viewport_size({"width": width, "height": 800})
        assert tab.overflow() <= 0
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="MHTML").click()
    assert download.value.suggested_filename == f"{SEEN.id}-1.mhtml"
    assert "owned" not in tab.page.title()


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_results_have_a_thumbnail_beside_their_text(tab: Watched, ui: str) -> None:
    tab.open(f"/search?q=القافلة&ui={ui}")
    assert loaded(tab, ".hits .thumbnail") == [320]
    result = tab.page.locator(".hits > .seen")
    text, image = result.locator("h2").bounding_box(), result.locator(".thumbnail").bounding_box()
    assert text is not None
    assert image is not None
    assert image["x"] + image["width"] <= text["x"], "at the end of the line: from right to left"
    assert abs(image["width"] / image["height"] - 1.6) < 0.05
    tab.page.set_viewport_size({"width": 320, "height": 800})
    assert tab.overflow() <= 0


def test_a_picture_that_is_opened_by_itself_has_no_powers(tab: Watched) -> None:
    tab.open(f"/articles/{SEEN.id}/facsimile/picture?version=1")
    assert tab.page.evaluate("() => window.origin") == "null"


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_axe_finds_nothing(tab: Watched, ui: str) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    found = []
    for path in (f"/articles/{SEEN.id}/copy?", "/search?q=القافلة&"):
        tab.open(f"{path}ui={ui}")
        tab.page.evaluate(axe)
        found += [(path, *told) for told in wrong(tab.page.evaluate(RULES))]
    assert found == []
