"""Edits and removals on the page, in the API and as a feed: what, when, how much, by site and kind, page by page."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from index.archive import frontier
from index.archive.frontier import Visit
from index.search import indexer
from index.web import edit_pages
from index.web.atom import ATOM
from tests.support.filled_archive import NOW, SearchFixture, article, fill, page
from tests.support.web_client import Client, client_of, text_of, tree

HOUR = timedelta(hours=1)
BREAD = article("https://asi.example/bread", headline="سعر الخبز", body="السعر مئة ليرة في الأسواق كلها")
SHIPS = article("https://observer.example/ships", site="observer", headline="Ships", body="Ten ships", language="en")
LOST = article("https://asi.example/lost", headline="خبر ضاع", body="كان هنا نص")
LATER = NOW + 9 * HOUR


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    """An article whose price was corrected and then retitled, one read by other rules than before, and one gone."""
    priced = replace(BREAD, body=BREAD.body.replace("مئة ليرة", "مئتا ليرة"), content_hash="2")
    retitled = replace(priced, headline="سعر الخبز <b>اليوم</b>", content_hash="3")
    pages = [page(one, NOW, state="s") for one in (BREAD, SHIPS, LOST)]
    pages += [
        page(priced, NOW + HOUR, body_hash="2", state="s"),
        page(retitled, NOW + 2 * HOUR, body_hash="3", state="s"),
    ]
    pages.append(page(replace(SHIPS, headline="Twelve ships"), NOW + 3 * HOUR, body_hash="4", state="t"))
    filled = fill(tmp_path_factory.mktemp("edits"), pages)
    filled.archive.write(lambda c: frontier.mark_gone(c, "asi", LOST.url, Visit(NOW + 4 * HOUR, None, 410))).result()
    indexer.index_pending(filled.archive, filled.engine)
    yield filled
    filled.close()


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf, now=lambda: LATER)


def rows(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"/edits?ui=en{query}")
    assert answer.status_code == 200
    return [text_of(row) for row in tree(answer).cssselect("tbody tr")]


def listed(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/edits?{query}")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["edits"]
    return found


def test_the_page_says_what_changed_where_and_by_how_much(client: Client) -> None:
    assert rows(client) == [
        "خبر ضاع صحيفة العاصي 5 hours ago no longer on its site",
        "Twelve ships The Saltmarsh Observer 6 hours ago headline (−1 +2) · may be our doing",
        "سعر الخبز <b>اليوم</b> صحيفة العاصي 7 hours ago headline (−0 +3)",
        "سعر الخبز صحيفة العاصي 8 hours ago wording corrected (−1 +1)",
    ]
    root = tree(client.get("/edits?ui=ar"))
    assert text_of(root.cssselect("h1")[0]) == "المقالات المعدّلة والمحذوفة"
    assert "قد يكون الفرق من عندنا" in text_of(root.cssselect("tbody tr")[1])
    links = [link.get("href") for link in root.cssselect("tbody th a")]
    assert links[0] == f"/articles/{LOST.id}?ui=ar"
    assert links[1] == f"/articles/{SHIPS.id}/diff?new=2&ui=ar"
    assert all(client.get(link).status_code == 200 for link in links)
    assert [text_of(one) for one in root.cssselect("nav a[aria-current]")] == ["التعديلات"]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("&site=asi", [0, 2, 3]),
        ("&kind=gone", [0]),
        ("&kind=headline", [1, 2]),
        ("&kind=headline&kind=gone&site=asi", [0, 2]),
        ("&kind=typo", []),
        ("&site=nosuch", []),
        ("&site=&kind=&since=", [0, 1, 2, 3]),
        ("&since=2026-11-23", [0, 1, 2, 3]),
        ("&since=2026-12", []),
    ],
)
def test_it_is_narrowed_and_so_are_the_api_and_the_feed(client: Client, query: str, numbers: list[int]) -> None:
    every = rows(client)
    assert rows(client, query) == [every[n] for n in numbers]
    whole = listed(client)
    assert listed(client, query) == [whole[n] for n in numbers]
    feed = ET.fromstring(client.get(f"/edits.atom?ui=en{query}").content)
    headlines = [whole[n]["headline"] for n in numbers]
    assert [one.findtext(f"{{{ATOM}}}title") for one in feed.iter(f"{{{ATOM}}}entry")] == headlines
    assert ("No edits or removals." in client.get(f"/edits?ui=en{query}").text) == (not numbers)


def test_what_is_chosen_stays_chosen(client: Client) -> None:
    root = tree(client.get("/edits?ui=en&site=asi&kind=headline&since=2026-11-01"))
    assert [one.get("value") for one in root.cssselect("option[selected]")] == ["asi", "headline"]
    assert root.cssselect("input[name=since]")[0].get("value") == "2026-11-01"
    other = root.cssselect("a[hreflang=ar]")[0].get("href")
    assert other == "/edits?site=asi&kind=headline&since=2026-11-01&ui=ar"
    feeds = {link.get("href") for link in root.cssselect("[type='application/atom+xml']")}
    assert feeds == {"/edits.atom?site=asi&kind=headline&since=2026-11-01&ui=en"}


def test_the_api_has_the_same_as_values(client: Client) -> None:
    gone, ours, retitled, _ = listed(client)
    assert gone == {
        **{"what": "removed", "at": "2026-11-23T16:00:00Z", "article": LOST.id, "site": "asi", "url": LOST.url},
        **{"headline": "خبر ضاع", "version": None, "kinds": ["gone"], "removed": 0, "added": 0},
        **{"maybe_ours": False, "back": None, "notice": None},
    }
    assert (ours["what"], ours["version"], ours["maybe_ours"]) == ("edited", 2, True)
    assert (retitled["kinds"], retitled["removed"], retitled["added"]) == (["headline"], 0, 3)


def test_pages_follow_each_other(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, found, cursor = listed(client), [], ""
    while cursor is not None:
        answer = client.get(f"/api/edits?limit=3&cursor={cursor}").json()
        found += answer["edits"]
        cursor = answer["cursor"]
    assert found == whole
    every = rows(client)
    monkeypatch.setattr(edit_pages, "SHOWN", 3)
    root = tree(client.get("/edits?ui=en"))
    (more,) = root.cssselect("a[rel=next]")
    rest = tree(client.get(more.get("href")))
    assert [text_of(row) for row in rest.cssselect("tbody tr")] == every[3:]
    assert [text_of(link) for link in rest.cssselect(".next a")] == ["First page"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("kind=oops", "error.kind"), ("since=yesterday", "error.date"), ("cursor=x", "error.cursor")],
)
def test_what_cannot_be_listed_is_refused_and_says_what_to_do(client: Client, query: str, code: str) -> None:
    answer = client.get(f"/api/edits?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    for path in ("/edits", "/edits.atom"):
        if query != "cursor=x" or path == "/edits":
            assert client.get(f"{path}?{query}&ui=ar").status_code == 400
    assert "typo, correction, addition" in client.get("/edits?kind=oops&ui=en").text


def test_the_feed_is_atom(client: Client, shelf: SearchFixture) -> None:
    answer = client.get("/edits.atom?ui=ar")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.content)
    names = {"a": ATOM}
    assert root.findtext("a:title", None, names) == "المقالات المعدّلة والمحذوفة · أرشيف"
    assert root.findtext("a:updated", None, names) == "2026-11-23T16:00:00+00:00"
    links = {link.get("rel"): link.get("href") for link in root.findall("a:link", names)}
    assert links["self"] == "http://localhost:8000/edits.atom?ui=ar"
    assert client.get(links["alternate"].removeprefix("http://localhost:8000")).status_code == 200
    entries = root.findall("a:entry", names)
    assert len({entry.findtext("a:id", None, names) for entry in entries}) == len(entries) == 4
    told = entries[1]
    assert told.findtext("a:summary", None, names) == "العنوان، حُذفت كلمة واحدة، أُضيفت كلمتان، قد يكون الفرق من عندنا"
    assert told.find("a:category", names).attrib == {"term": "headline", "label": "العنوان"}  # type: ignore[union-attr]
    assert [one.findtext("a:id", None, names) for one in entries] == [
        one.findtext("a:id", None, names)
        for one in ET.fromstring(client.get("/edits.atom?ui=en").content).findall("a:entry", names)
    ]
    away = client_of(shelf, url="https://arshif.example/a/")
    assert b'href="https://arshif.example/a/edits.atom"' in away.get("/edits.atom").content


def test_results_say_when_an_article_was_edited_or_removed(client: Client) -> None:
    def told(query: str, ui: str) -> list[list[str]]:
        hits = tree(client.get(f"/search?q={query}&ui={ui}&sort=newest")).cssselect(".hits > li")
        return [[text_of(tag) for tag in hit.cssselect(".about .tag")] for hit in hits]

    assert told("removed:yes", "en") == [["no longer on its site: 5 hours ago"]]
    assert told("removed:2026-11", "ar") == [["لم يعد في موقعه: قبل 5 ساعات"]]
    assert sorted(told("edited:2026-11-23", "en")) == [["edited 6 hours ago"], ["edited 7 hours ago"]]
    assert told("versions:>2", "ar") == [["عُدّل: قبل 7 ساعات"]]
    assert told("edited:2026-10", "en") == []
    (link,) = tree(client.get("/search?q=versions:3&ui=en")).cssselect(".hits a.tag")
    assert link.get("href") == f"/articles/{BREAD.id}/diff?ui=en"
    (hit,) = client.get("/api/search?q=versions:3").json()["hits"]
    assert (hit["archive"]["edited"], hit["archive"]["removed"]) == ("2026-11-23T14:00:00Z", None)
    (hit,) = client.get("/api/search?q=removed:yes").json()["hits"]
    assert (hit["archive"]["edited"], hit["archive"]["removed"]) == (None, "2026-11-23T16:00:00Z")
    (row,) = csv.DictReader(client.get("/export.csv?q=removed:yes").text.removeprefix("\ufeff").splitlines())
    assert (row["edited"], row["removed"]) == ("", "2026-11-23T16:00:00Z")


def test_versions_that_are_yet_to_be_compared_are_listed_and_told(shelf: SearchFixture, client: Client) -> None:
    def change(conn: Any) -> None:
        from index.archive import articles

        articles.store(conn, page(replace(LOST, headline="وُجد"), NOW + 5 * HOUR, body_hash="9"))

    shelf.archive.write(change).result()
    try:
        assert rows(client)[0].endswith("4 hours ago not compared yet · may be our doing")
        assert "1 version has not been compared yet" in client.get("/edits?ui=en").text
        assert listed(client)[0]["kinds"] is None
        assert "back since 4 hours ago" in rows(client)[1]
    finally:
        from index.archive.comparisons import compare_waiting

        compare_waiting(shelf.archive, NOW)
    assert rows(client, "&kind=headline")[0].startswith("وُجد")
