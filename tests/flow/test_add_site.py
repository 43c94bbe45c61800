"""`arshif sites add URL`: a site's file from its address, and a crawl by that file."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.config import load
from crawler.site import Schedule
from tests.flow.house import House
from tests.newsroom import Newsroom

SITES = ("jannah", "arabic2", "english", "old", "fa", "fr", "ru", "zh")
SHARED = Path(__file__).parents[3] / "shared" / "pages" / "open"


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A newsroom of which no file tells."""
    with Newsroom(via="proxy", only=(*SITES, "app")) as room:
        house = House(room, tmp_path_factory.mktemp("strangers"), settings={"schedule": {}})
        for file in (house.config / "sites" / "test").iterdir():
            file.unlink()
        yield house


@pytest.mark.parametrize("name", SITES)
def test_a_site_is_added_by_its_address(strangers: House, name: str) -> None:
    place = strangers.room.sites[name]
    added = strangers.told("sites", "add", f"http://{place.host}/")

    site = load(strangers.config).sites[Path(added["file"]).stem]
    assert site.name == place.outlet.name
    assert site.languages == (place.outlet.language,)
    assert site.enabled
    assert site.rendering == "auto"
    assert added["pace"].startswith("asked about every ")
    assert site.schedule == Schedule(), "the newsroom's lists reach back far enough"
    check(strangers, name, added, site.id)


def check(house: House, name: str, added: dict[str, Any], id_: str) -> None:
    """Five articles were read with their fields, and a crawl by the file finds what the site has."""
    articles = house.room.articles(name)
    assert len(added["articles"]) == min(5, len(articles))
    assert not any(one["problem"] for one in added["articles"])
    assert all(one["article"]["headline"] and one["article"]["body"] for one in added["articles"])
    house.crawl(id_, since="2001-01-01")
    theirs = {article.headline for article in articles}
    found = {document.article.headline for document in house.documents(id_).values()}
    assert len(found & theirs) >= 0.9 * len(theirs), (theirs - found, house.log[-3000:])


@pytest.mark.browser
def test_a_site_whose_pages_need_a_browser_is_added_with_one(strangers: House) -> None:
    place = strangers.room.sites["app"]
    added = strangers.told("sites", "add", f"http://{place.host}/")
    site = load(strangers.config).sites[Path(added["file"]).stem]
    assert site.rendering == "browser"
    assert any(note.startswith("rendering: browser") for note in added["notes"])
    read = [one["article"] for one in added["articles"]]
    theirs = {article.headline for article in strangers.room.articles("app")}
    assert read
    assert {one["headline"] for one in read} <= theirs


def test_a_site_without_feeds_is_crawled_by_the_sections_that_its_menu_leads_to(strangers: House) -> None:
    room, host = strangers.room, "paper.example"
    stories = {
        section: [f"/{section}/2026/05/{n:02}/the-council-of-{section}-met-again-{n}" for n in range(1, 7)]
        for section in ("local", "world")
    }

    def listing(paths: list[str]) -> bytes:
        menu = "".join(f'<a href="/{section}/">{section}</a>' for section in stories)
        links = "".join(f'<li><a href="{path}">The council met again on the matter of {path[-1]}</a>' for path in paths)
        page = f'<html lang="en"><title>The Paper</title><nav>{menu}</nav><ul>{links}</ul></html>'
        return page.encode()

    room.serve(f"http://{host}/", listing([paths[0] for paths in stories.values()]))
    for section, paths in stories.items():
        room.serve(f"http://{host}/{section}/", listing(paths))
        for path in paths:
            told = "".join(
                f"<p>{path[-1]}: paragraph {n} tells what the council said of it, at length.</p>" * 3 for n in range(4)
            )
            told += "<p>The Paper is read in both towns since 1901.</p>"
            page = f"<html lang=en><title>{path}</title><article><h1>Council met again {path[-1]}</h1>{told}</article>"
            room.serve(f"http://{host}{path}", page.encode())
    added = strangers.told("sites", "add", f"http://{host}/", "--dry-run")
    assert {source["url"] for source in added["sources"]} >= {f"http://{host}/{section}/" for section in stories}
    assert {source["kind"] for source in added["sources"]} == {"section"}
    assert not any(one["problem"] for one in added["articles"])


@pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="the saved pages (../shared/pages/open) are not there: they are no part of this repository",
)
def test_a_real_first_page_tells_what_it_carries(strangers: House) -> None:
    """Of its site nothing else answers here: what the page says of the outlet is found, and each article that it leads
    to is told to be out of reach. A second one, of a gallery of pictures, leads to none."""
    station, gallery = "http://www.96fm.ie/", "http://www.pix-bavaria.de/"
    for address, file in {station: "htmldate_mc/1630687900", gallery: "trafilatura_eval/pix-bavaria.de"}.items():
        strangers.room.serve(address, gzip.decompress((SHARED / f"{file}.html.gz").read_bytes()))
    added = strangers.told("sites", "add", station, "--dry-run")
    assert (added["site"]["country"], added["site"]["languages"][0]) == ("IE", "en")
    assert "96FM" in added["site"]["name"]
    assert added["sources"][0]["found"] > 5
    assert added["articles"]
    assert all(one["problem"] for one in added["articles"])
    strangers.arshif("sites", "add", gallery, "--dry-run", code=1)
    assert "no link that looks like an article's" in strangers.log


def test_what_cannot_be_added_says_why(strangers: House) -> None:
    strangers.room.serve("http://closed.example/robots.txt", b"User-agent: *\nDisallow: /", "text/plain")
    for address, why in {
        "ftp://closed.example/": "is no web address",
        "http://nobody.example/": "answered HTTP 502",
        "http://closed.example/": "may not be asked",
    }.items():
        code = 2 if "ftp" in address else 1
        strangers.arshif("sites", "add", address, code=code)
        assert why in strangers.log
        assert "Traceback" not in strangers.log


def test_a_dry_run_writes_nothing_and_a_known_site_is_not_added_again(strangers: House) -> None:
    own = strangers.config / "sites.local"
    (own / "gavan.yaml").unlink(missing_ok=True)
    before = sorted(own.glob("*"))
    assert "kind: feed" in strangers.arshif("sites", "add", "http://gavan.example/", "--dry-run")
    assert sorted(own.glob("*")) == before
    strangers.arshif("sites", "add", "http://gavan.example/")
    assert sorted(own.glob("*")) == sorted([*before, own / "gavan.yaml"])
    strangers.arshif("sites", "add", "http://gavan.example/", code=2)
    assert "there already" in strangers.log
