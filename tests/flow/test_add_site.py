"""`arshif sites add URL`: a site's file from its address, and a crawl by that file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.config import load
from tests.flow.house import House
from tests.newsroom import Newsroom

SITES = ("jannah", "english", "old", "zh")


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A newsroom of which no file tells."""
    with Newsroom(via="proxy", only=(*SITES, "fr", "ru")) as room:
        house = House(room, tmp_path_factory.mktemp("strangers"))
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
    articles = strangers.room.articles(name)
    assert len(added["articles"]) == min(5, len(articles))
    assert not any(one["problem"] for one in added["articles"])
    assert all(one["article"]["headline"] and one["article"]["body"] for one in added["articles"])

    strangers.crawl(site.id, since="2001-01-01")
    theirs = {article.headline for article in articles}
    found = {document.article.headline for document in strangers.documents(site.id).values()}
    assert len(found & theirs) >= 0.9 * len(theirs), (theirs - found, strangers.log[-3000:])


def test_what_cannot_be_added_says_why(strangers: House) -> None:
    strangers.room.serve("http://gavan.example/soon", b"<html><title>x</title><p>Soon.</p></html>")
    strangers.room.serve("http://le-phare.example/robots.txt", b"User-agent: *\nDisallow: /", "text/plain")
    for address, why in {
        "ftp://gavan.example/": "is no web address",
        "http://nobody.example/": "answered HTTP 502",
        "http://le-phare.example/": "may not be asked",
    }.items():
        code = 2 if "ftp" in address else 1
        strangers.arshif("sites", "add", address, code=code)
        assert why in strangers.log
        assert "Traceback" not in strangers.log


def test_a_dry_run_writes_nothing_and_a_known_site_is_not_added_again(strangers: House) -> None:
    own = strangers.config / "sites.local"
    before = sorted(own.glob("*"))
    assert "kind: feed" in strangers.arshif("sites", "add", "http://gavan.example/", "--dry-run")
    assert sorted(own.glob("*")) == before
    strangers.arshif("sites", "add", "http://gavan.example/")
    assert sorted(own.glob("*")) == sorted([*before, own / "gavan.yaml"])
    strangers.arshif("sites", "add", "http://gavan.example/", code=2)
    assert "there already" in strangers.log
