"""A page that waits for its scripts is told from one that has no text, and from one that has."""

from __future__ import annotations

import pytest

from crawler import stages
from crawler.errors import Refused
from crawler.fetch.rendering.settings import WITHOUT_TEXT
from index.model.codes import PageReason
from tests.support.samples import a_page, a_site

TITLE = "<title>The ferry to the islands runs again</title>"
MENU = "<nav>" + "".join(f"<a href='/n/{n}'>Another piece of news number {n}</a>" for n in range(50)) + "</nav>"
PROSE = "<p>The ferry to the islands runs again, the harbour office said, after nine weeks in which it did not.</p>" * 5


def refused(html: str) -> PageReason:
    with pytest.raises(Refused) as problem:
        stages.article(a_page(html), a_site())
    return PageReason(problem.value.reason)


@pytest.mark.parametrize(
    "html",
    [
        f"{TITLE}<body><noscript>Please enable JavaScript.</noscript><div id='root'></div><script src='/m.js'>",
        f"{TITLE}<body><div id=app><p class=spinner>Loading, please wait …</p></div><script type=module src=/m.js>",
        f"{TITLE}<body>{MENU}<div id='__next'></div><footer>© The Paper</footer><script src='/_n/a.js'>",
        f"{TITLE}<body>{MENU}<main></main><script src='/a.js' defer></script>",
        f"{TITLE}<body><h1>The ferry to the islands runs again</h1><article></article><script src='/a.js'></script>",
        f"{TITLE}<body><app-root></app-root><script src='main.js' type='module'></script>",
        f"{TITLE}<body><paper-reader>يرجى الانتظار</paper-reader><script src='/r.js'></script>",
        f"{TITLE}<body><div id='page-holder'></div><script src='/r.js'></script>",
        f"{TITLE}<meta property='og:type' content='article'><body><div id='__nuxt'><h1>The ferry to the islands runs "
        "again</h1></div><script src='/r.js'></script>",
        "<body><div id='app'></div><script src='/r.js'></script>",
        f"{TITLE}<body><div id=root></div><link rel=modulepreload href=/c.js>",
    ],
)
def test_a_page_that_its_scripts_would_fill_needs_a_browser(html: str) -> None:
    assert refused(html) == PageReason.NEEDS_BROWSER
    assert refused(html) in WITHOUT_TEXT


@pytest.mark.parametrize(
    "html",
    [
        f"{TITLE}<body><h1>The ferry to the islands runs again</h1><div id=root></div>",  # no script would fill it
        f"{TITLE}<body><h1>The ferry</h1>{MENU}<div id=modals hidden></div><script src=/a.js></script>",
        f"{TITLE}<body><main><img src='/ferry.jpg'></main><script src='/a.js'></script>",
    ],
)
def test_a_page_that_waits_for_nothing_needs_none(html: str) -> None:
    assert refused(html) != PageReason.NEEDS_BROWSER


def test_a_page_with_its_text_is_read_whatever_stands_empty_beside_it() -> None:
    html = (
        f"{TITLE}<body><div id=app></div><h1>The ferry to the islands runs again</h1><div>{PROSE}</div><script src=/a>"
    )
    assert "nine weeks" in stages.article(a_page(html), a_site()).article.body


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        (
            f"{TITLE}<h1>The ferry</h1><form><label>Name<input name=u></label><input type=password></form>",
            "page.wall",
        ),
        (f"{TITLE}<h1>The ferry</h1><div class=login-modal><form><input type=password></form></div>", "page.no_text"),
    ],
)
def test_a_form_to_log_in_in_the_place_of_the_text_is_a_wall(html: str, wanted: str) -> None:
    assert refused(html) == wanted
