"""`arshif sites add URL`: a site's file from its address, and a crawl by that file."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.config import load
from crawler.site_config import Schedule, Site
from crawler.urls.canonical import canonical
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.terminal import plain, shown

SITES = ("jannah", "arabic2", "english", "old", "fa", "fr", "ru", "zh")
SAVED = Path(__file__).parents[3] / "shared" / "pages" / "open"
LAST = "<p>The Paper is read in both towns since 1901.</p>"

real_pages = pytest.mark.skipif(
    not SAVED.is_dir(),
    reason="the saved pages (../shared/pages/open) are not there: they are no part of this repository",
)


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A newsroom of which no file tells."""
    with Newsroom(via="proxy", only=(*SITES, "app")) as room:
        house = Harness(room, tmp_path_factory.mktemp("strangers"), settings={"schedule": {}})
        for file in (house.config / "sites" / "test").iterdir():
            file.unlink()
        yield house


def adopted(house: Harness, name: str) -> tuple[dict[str, Any], Site]:
    """What the command says of one of the newsroom's sites, and the site as its file then describes it. Five articles
    were read with their fields, and a crawl by the file finds what the site has."""
    place = house.room.sites[name]
    added = house.told("sites", "add", f"http://{place.host}/")
    with house.open() as archive:
        site = load(house.config, archive=archive).sites[added["site"]["id"]]
    assert site.name == place.outlet.name
    assert site.languages == (place.outlet.language,)
    assert site.enabled
    assert added["pace"].startswith("polled as it publishes, every 30 minutes to 12 hours; first after ")
    assert site.schedule == Schedule(), "the newsroom's lists reach back far enough"
    assert not any(rule.deny for rule in site.rules), "all that its lists name are articles"

    articles = house.room.articles(name)
    theirs = {article.headline for article in articles}
    assert len(added["articles"]) == min(5, len(articles))
    assert not any(one["problem"] for one in added["articles"])
    assert {one["article"]["headline"] for one in added["articles"]} <= theirs
    assert all(one["article"]["body"] for one in added["articles"])
    house.crawl(site.id, since="2001-01-01")
    found = {document.article.headline for document in house.documents(site.id).values()}
    assert found <= theirs
    assert len(found) >= 0.9 * len(theirs), (theirs - found, house.log[-3000:])
    return added, site


@pytest.mark.parametrize("name", SITES)
def test_a_site_is_added_by_its_address(strangers: Harness, name: str) -> None:
    added, site = adopted(strangers, name)
    assert site.rendering == "auto"
    assert not any("rendering" in note for note in added["notes"])


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_a_site_whose_pages_need_a_browser_is_added_with_one(strangers: Harness) -> None:
    added, site = adopted(strangers, "app")
    assert site.rendering == "browser"
    assert any(note.startswith("rendering: browser") for note in added["notes"])


def test_without_a_browser_it_is_said_that_one_may_be_needed(strangers: Harness) -> None:
    host = strangers.room.sites["app"].host
    with_none = {"ARSHIF_BROWSER__PATH": "/no/browser"}
    if (file := strangers.config / "sites.local" / "sahel.yaml").exists():
        file.unlink()
    added = strangers.told("sites", "add", f"http://{host}/", "--dry-run", **with_none)
    assert added["site"]["rendering"] == "auto"
    assert any(note.startswith("rendering: its pages have no text without a browser") for note in added["notes"])


def listing(sections: Iterable[str], paths: Iterable[str], head: str = "") -> bytes:
    menu = "".join(f'<li><a href="/{section}/">{section}</a></li>' for section in sections)
    links = "".join(f'<li><a href="{path}">The council met again on the matter of {path[-1]}</a>' for path in paths)
    page = (
        f'<html lang="en"><head><title>The Paper</title>{head}</head><nav><ul>{menu}</ul></nav><ul>{links}</ul></html>'
    )
    return page.encode()


def paper(house: Harness, host: str, head: str = "") -> dict[str, list[str]]:
    """A site without a feed that works: a first page with videos before its articles, which all end with the same line,
    and sections, to which only the menu leads. Gives the paths of each."""
    paths = {
        section: [f"/{section}/2026/05/{n:02}/the-council-of-{section}-met-again-{n}" for n in range(1, 7)]
        for section in ("local", "world")
    }
    videos = [f"/clips/the-council-as-we-filmed-it-{n}" for n in range(4)]
    first = [*videos[:2], *(path for section in paths.values() for path in section[:2])]
    house.room.serve(f"http://{host}/", listing(paths, first, head))
    for section, those in paths.items():
        house.room.serve(f"http://{host}/{section}/", listing(paths, those))
        for path in those:
            told = "".join(
                f"<p>{path[-1]}: paragraph {n} tells what the council of {section} said of it, at length.</p>" * 3
                for n in range(4)
            )
            page = f"<html lang=en><title>{path}</title><article><h1>Council met again {path[-1]}</h1>{told}{LAST}"
            house.room.serve(f"http://{host}{path}", page.encode())
    for path in videos:
        ld = '<script type="application/ld+json">{"@type": "VideoObject", "name": "The council"}</script>'
        page = f"<html lang=en><title>{path}</title>{ld}<h1>The council as we filmed it {path[-1]}</h1><p>By us.</p>"
        house.room.serve(f"http://{host}{path}", page.encode())
    return {**paths, "clips": videos}


def test_a_site_without_feeds_is_crawled_by_its_sections_and_by_the_rules_that_its_pages_show(
    strangers: Harness,
) -> None:
    host = "paper.example"
    paths = paper(strangers, host)
    added = strangers.told("sites", "add", f"http://{host}/")
    site = load(strangers.config).sites["paper"]
    assert {source.kind for source in site.sources} == {"section"}
    assert {str(source.url) for source in site.sources} >= {f"http://{host}/local/", f"http://{host}/world/"}
    assert [rule.deny for rule in site.rules] == [("^https?://[^/]+/clips/",)]
    assert [rule.strip_text for rule in site.rules] == [("The Paper is read in both towns since 1901.",)]
    assert [note.partition(":")[0] for note in added["notes"]][-2:] == ["deny", "strip_text"]
    assert len(added["articles"]) == 5
    assert not any(one["problem"] for one in added["articles"]), "further ones are tried in place of the videos"
    assert not any("since 1901" in one["article"]["body"] for one in added["articles"])

    strangers.crawl(site.id)
    found = strangers.documents(site.id)
    assert set(found) == {f"http://{host}{path}" for section in ("local", "world") for path in paths[section]}
    assert not any("since 1901" in document.article.body for document in found.values())
    assert not any("/clips/" in url for url in strangers.frontier(site.id))


def test_a_feed_that_died_does_not_hide_the_sections(strangers: Harness) -> None:
    host = "widow.example"
    paths = paper(strangers, host, '<link rel="alternate" type="application/rss+xml" href="/feed/">')
    old = "".join(
        f"<item><title>Old {n}</title><link>http://{host}/old/the-council-of-old-met-{n}</link>"
        "<pubDate>Mon, 04 May 2015 10:00:00 GMT</pubDate></item>"
        for n in range(3)
    )
    strangers.room.serve(
        f"http://{host}/feed/", f"<rss version='2.0'><channel>{old}</channel></rss>".encode(), "text/xml"
    )
    added = strangers.told("sites", "add", f"http://{host}/", "--dry-run")
    assert [(left["kind"], left["why"]) for left in added["left"] if left["kind"] == "feed"] == [
        ("feed", "its newest article dates from 4 May 2015")
    ]
    assert f"http://{host}/world/" in {source["url"] for source in added["sources"]}
    tried = {one["url"].removeprefix(f"http://{host}") for one in added["articles"]}
    assert tried <= {path for section in paths.values() for path in section}


def saved(name: str) -> tuple[str, bytes, dict[str, Any]]:
    """A saved page: its address as the newsroom serves it, its bytes, and what is known of it."""
    known = json.loads((SAVED / f"{name}.json").read_bytes())
    page = gzip.decompress((SAVED / f"{name}.html.gz").read_bytes())
    address = canonical(re.sub("^https:", "http:", known["url"]))
    assert address is not None
    return address, page, known


@real_pages
def test_a_real_first_page_tells_what_it_carries(strangers: Harness) -> None:
    """Of its site nothing else answers here: what the page says of the outlet is found, and each article that it leads
    to is told to be out of reach. A second one, of a gallery of pictures, leads to none. There is no third first page
    among the saved ones."""
    station, gallery = saved("htmldate_mc/1630687900"), saved("trafilatura_eval/pix-bavaria.de")
    for address, page, _ in (station, gallery):
        strangers.room.serve(address, page)
    added = strangers.told("sites", "add", station[0], "--dry-run")
    assert (added["site"]["country"], added["site"]["languages"], added["site"]["time_zone"]) == (
        "IE", ["en"], "Europe/Dublin",
    )  # fmt: skip
    assert "96FM" in added["site"]["name"]
    assert [source["kind"] for source in added["sources"]] == ["section"]
    assert added["sources"][0]["found"] > 10
    assert [one["problem"] for one in added["articles"]] == ["HTTP 502"] * 5
    strangers.arshif("sites", "add", gallery[0], "--dry-run", code=1)
    assert "no link that looks like an article's" in strangers.log


@real_pages
@pytest.mark.parametrize(
    ("names", "name", "country", "zone", "language"),
    [
        ([f"fundus/de_WAZ_{day}" for day in ("2023_06_29", "2024_03_08", "2025_09_10", "2025_11_06")],
         "Westdeutsche Allgemeine Zeitung", "DE", "Europe/Berlin", "de"),
        ([f"fundus/cz_SeznamZpravy_{day}" for day in ("2025_04_08", "2025_11_06", "2025_12_10")],
         "Seznam Zprávy", "CZ", "Europe/Prague", "cs"),
        ([f"arabic_wp/almth8f_{n}" for n in range(1, 5)], "موقع المثقف", "UN", "UTC", "ar"),
        ([f"arabic_wp/darivoa_{n}" for n in range(1, 5)], "صدای امریکا", "UN", "UTC", "fa"),
    ],
)  # fmt: skip
def test_real_articles_are_found_and_read(
    strangers: Harness, names: list[str], name: str, country: str, zone: str, language: str
) -> None:
    """Outlets of which several articles were saved, and no first page: here it has the head of one of these, and leads
    to them."""
    pages = [saved(one) for one in names]
    host = urlsplit(pages[0][0]).netloc
    said = re.findall(rb"(?is)<html[^>]*>|<head\b.*?</head>|<script[^>]*ld\+json.*?</script>", pages[0][1])
    links = "".join(f'<li><a href="{url}">{known["title"] or "A story of four words"}</a>' for url, _, known in pages)
    strangers.room.serve(f"http://{host}/", b"".join(said) + f"<ul>{links}</ul>".encode())
    for url, page, _ in pages:
        strangers.room.serve(url, page)
    added = strangers.told("sites", "add", f"http://{host}/", "--dry-run")
    site = added["site"]
    assert (site["name"], site["country"], site["time_zone"], site["languages"]) == (name, country, zone, [language])
    assert not any(one["problem"] for one in added["articles"]), added["articles"]
    read = {one["url"]: one["article"] for one in added["articles"]}
    assert set(read) <= {url for url, _, _ in pages}
    assert len(read) >= 3, "an address of three words may be a section's"
    assert all(article["headline"] and len(article["body"].split()) > 100 for article in read.values())
    assert all(article["published"] for article in read.values()) or country == "UN"
    assert not site["rules"], "there is nothing that they share"


def test_what_cannot_be_added_says_why(strangers: Harness) -> None:
    strangers.room.serve("http://closed.example/robots.txt", b"User-agent: *\nDisallow: /", "text/plain")
    for address, why in {
        "ftp://closed.example/": "is not a web address",
        "http://nobody.example/": "HTTP 502",
        "http://closed.example/": "may not be requested",
    }.items():
        code = 2 if "ftp" in address else 1
        strangers.arshif("sites", "add", address, code=code)
        assert why in strangers.log
        assert "Traceback" not in strangers.log


def test_a_dry_run_writes_nothing_and_a_known_site_is_not_added_again(strangers: Harness) -> None:
    own = strangers.config / "sites.local"
    (own / "gavan.yaml").unlink(missing_ok=True)
    before = sorted(own.glob("*"))
    assert "kind: feed" in strangers.arshif("sites", "add", "http://gavan.example/", "--dry-run")
    assert sorted(own.glob("*")) == before
    strangers.arshif("sites", "add", "http://gavan.example/")
    assert sorted(own.glob("*")) == sorted([*before, own / "gavan.yaml"])
    strangers.arshif("sites", "add", "http://gavan.example/", code=2)
    assert "is configured already" in strangers.log


def test_on_a_terminal_two_ports_are_two_sites_with_ids_and_countries_that_a_person_would_choose(
    strangers: Harness,
) -> None:
    outlet = {"@type": "NewsMediaOrganization", "address": {"@type": "PostalAddress", "addressCountry": "Jordan"}}
    head = f'<script type="application/ld+json">{json.dumps(outlet)}</script>'
    for port in (8081, 8082):
        paper(strangers, f"www.tide.example:{port}", head)
    first = strangers.arshif("sites", "add", "http://www.tide.example:8081/")
    assert "The Paper  (tide, JO, en, Asia/Amman)" in first
    chosen = ("--id", "ebb", "--country", "lb")
    text = shown(strangers.env, "sites", "add", "http://www.tide.example:8082/", *chosen, both=True)
    assert "The Paper  (ebb, LB, en, Asia/Beirut)" in plain(text)
    assert plain(text) != text, "in colours"
    assert re.search(r"explore .*\d steps; \S", plain(text)), "how far it is"
    sites = load(strangers.config).sites
    homes = {str(sites[name].homepage) for name in ("tide", "ebb")}
    assert homes == {"http://www.tide.example:8081/", "http://www.tide.example:8082/"}
    strangers.arshif("sites", "add", "http://www.tide.example:8082/", code=2)
    assert "tide.example:8082 is configured already: see `arshif sites show ebb`" in strangers.log
    strangers.arshif("sites", "add", "http://www.tide.example:8083/", "--id", "ebb", code=2)
    strangers.arshif("sites", "add", "http://www.tide.example:8083/", "--country", "Atlantis", code=2)
    assert "Atlantis" in strangers.log
