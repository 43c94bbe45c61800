"""The search page over a real archive and a real embedded index: what it shows, and how it is served."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest

from index.archive import documents
from index.engines import query_plan
from index.errors import ArshifError
from index.model.article import Image
from index.model.query import Is, Query
from index.search.query_language import filters
from index.web.app import create_app, serve
from index.web.static_files import static
from tests.support import loopback
from tests.support.filled_archive import NOW, SearchFixture, article, fill, page
from tests.support.patience import PATIENCE, wait_for
from tests.support.web_client import Client, client_of, text_of, tree, unreachable

LONG = " ".join(f"كلمة{n}" for n in range(60))  # long enough that copies merge


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf)


# --- what it shows ---------------------------------------------------------------------------------------------------


def test_first_page(client: Client) -> None:
    answer = client.get("/?ui=ar")
    root = tree(answer)
    assert root.get("dir") == "rtl"
    assert root.get("lang") == "ar"
    (box,) = root.cssselect("form[action='/search'] input[type=search]")
    assert box.get("autofocus") is not None
    assert text_of(root.cssselect(".numbers")[0]) == "64 مقالاً · 8 مواقع"
    assert len(root.cssselect(".list h3 a")) == 8
    dates = root.xpath("//ol//time/@datetime")
    assert dates == sorted(dates, reverse=True)
    for link in root.cssselect(".examples a"):
        assert client.get(link.get("href")).status_code == 200


def test_nothing_but_the_sheet_is_waited_for_before_the_first_paint(client: Client) -> None:
    for path in ("/", "/search?q=حلب", "/sites"):
        head = tree(client.get(path)).find("head")
        assert [link.get("href") for link in head.cssselect("link[rel=stylesheet]")] == [static("page.css")]
        assert all(script.get("defer") is not None for script in head.cssselect("script"))


@pytest.mark.parametrize(("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('x"><b>', None), ("", None)])
def test_light_and_dark_come_with_the_page(client: Client, cookie: str, theme: str | None) -> None:
    assert tree(client.get("/", headers={"cookie": f"arshif-theme={cookie}"})).get("data-theme") == theme


def test_an_empty_archive_says_so(tmp_path: Path) -> None:
    shelf = fill(tmp_path, [])
    client = client_of(shelf)
    assert "لا مقالات في الأرشيف بعد" in client.get("/?ui=ar").text
    assert "holds no articles yet" in client.get("/?ui=en").text
    assert "Nothing found for a" in text_of(tree(client.get("/search?q=a&ui=en")))
    assert "holds no articles yet" in client.get("/search?ui=en").text
    shelf.close()


def test_results_run_as_their_language_does(client: Client) -> None:
    answer = client.get("/search", params={"q": "phare OR حلب", "ui": "en", "sort": "newest"})
    root = tree(answer)
    ways = {(hit.get("lang"), hit.get("dir")) for hit in root.cssselect(".hits > li")}
    assert ways == {("ar", "rtl"), ("fr", "ltr")}
    assert {time.get("dir") for time in root.cssselect(".hits time")} == {"ltr"}  # the page's own words
    marked = {text_of(mark) for mark in root.cssselect(".hits mark")}
    assert {"حلب", "phare"} <= marked
    french = root.cssselect(".hits > li[lang=fr]")[0]
    assert text_of(french.cssselect(".badge")[0]) == "fr"
    assert text_of(french.cssselect("b")[0]) == "Le Phare"
    article = client.get(french.cssselect("h2 a")[0].get("href"))
    (reading,) = tree(article).cssselect("article")
    assert (reading.get("lang"), reading.get("dir")) == ("fr", "ltr")


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
def test_pages_of_results_follow_each_other_without_gap_or_repeat(client: Client, sort: str) -> None:
    found: list[str] = []
    path, pages = f"/search?q=lang:ar+-زققثص&sort={sort}&ui=en", 0
    while path:
        root = tree(client.get(path))
        total = int(text_of(root.cssselect(".found b")[0]).split()[0])
        found += root.xpath("//ol//h2/a/@href")
        path = next(iter(root.xpath("//a[@rel='next']/@href")), "")
        assert not path or "ui=en" in path
        pages += 1
    assert pages == -(-total // 10) > 2
    assert len(found) == len(set(found)) == total


def test_a_story_tells_its_other_articles(client: Client) -> None:
    root = tree(client.get("/search?q=البوكمال&ui=en"))
    assert text_of(root.cssselect("details.copies summary")[0]) == "1 copy"
    (copy,) = root.cssselect("details.copies li a")
    assert text_of(copy) == "تطوّرات معارك “البوكمال” وداعش يُبشر بفتوحات قريبة"
    (lead,) = root.xpath("//ol//h2/a/@href")
    article = tree(client.get(lead))
    other = article.cssselect("#story + ul a")[0]
    assert text_of(other) == "تطوّرات معارك “البوكمال” وداعش يُبشر بفتوحات قريبة"
    back = tree(client.get(other.get("href")))
    assert back.cssselect("#story + ul a")[0].get("href").partition("?")[0] == lead.partition("?")[0]


def test_nothing_found_says_what_to_try(client: Client) -> None:
    answer = client.get("/search", params={"q": "زققثص", "ui": "ar"})
    assert answer.status_code == 200
    (note,) = tree(answer).cssselect(".note")
    assert "زققثص" in text_of(note)
    assert len(note.cssselect("li")) == 4
    assert "لا يضم" not in text_of(note)


@pytest.mark.parametrize("path", ["/search", "/api/search"])
def test_each_filter_of_a_request_is_read_once_and_its_query_planned_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    read, planned = Counter[tuple[str, str]](), Counter[Query]()
    reading, planning = filters.read, query_plan._filters

    def read_filter(name: str, value: str) -> Is | str:
        read[name, value] += 1
        return reading(name, value)

    def plan_filters(query: Query) -> list[query_plan.Clause]:
        planned[query] += 1
        return planning(query)

    monkeypatch.setattr(filters, "read", read_filter)
    monkeypatch.setattr(query_plan, "_filters", plan_filters)
    query_plan.plan.cache_clear()
    asked = {"q": "حلب lang:ar", "site": ["mina", "asi"], "section": "أخبار", "after": "2024", "until": "2030-01"}
    assert client.get(path, params=asked).status_code == 200
    values = [("lang", "ar"), ("site", "mina"), ("site", "asi"), ("section", "أخبار"), ("after", "2024")]
    assert read == dict.fromkeys([*values, ("on", "2030-01")], 1)
    assert set(planned.values()) == {1}


def test_a_site_that_is_not_there_is_told(client: Client) -> None:
    (note,) = tree(client.get("/search", params={"q": "حلب site:nosuch", "ui": "ar"})).cssselect(".note")
    assert "لا يضم هذا الأرشيف موقعاً باسم nosuch" in text_of(note)
    assert note.cssselect("p a")[0].get("href") == "/sites?ui=ar"


@pytest.mark.parametrize(
    ("query", "at", "marked"),
    [("حلب (دمشق", 4, "("), ('a "b', 2, '"b'), ("حلب OR", 4, "OR"), ("site:ü", 5, "ü"), ("ا" * 600, 512, "ا" * 88)],
)
def test_a_mistake_is_shown_where_it_is_and_the_rest_searched(client: Client, query: str, at: int, marked: str) -> None:
    answer = client.get("/search", params={"q": query, "ui": "ar"})
    assert answer.status_code == 200
    root = tree(answer)
    assert text_of(root.cssselect("[role=alert] mark")[0]) == marked
    assert root.cssselect("input[name=q]")[0].get("value") == query
    assert root.cssselect("input[name=q]")[0].get("aria-invalid") == "true"
    (problem,) = client.get("/api/search", params={"q": query}).json()["problems"]
    assert (problem["at"], problem["end"]) == (at, at + len(marked))
    assert problem["ar"] in text_of(root.cssselect("[role=alert]")[0])


# --- an article ------------------------------------------------------------------------------------------------------


@pytest.fixture
def edited(tmp_path: Path) -> Iterator[SearchFixture]:
    """An article with all fields, changed once, with two other addresses, and gone; its date has a zone of its own."""
    zone = timezone(timedelta(hours=3, minutes=30))
    first = article(
        "https://asi.example/%D8%AE%D8%A8%D8%B1?p=1",
        headline="خبر أول",
        alternative_headline="عنوان ثان",
        description="مقدمة لا ترد في النص",
        section="محليات",
        body=f"فقرة أولى {LONG}\nسطر ثان\n\nفقرة ثانية",
        authors=("سامر", "Élodie"),
        keywords=("طرق",),
        published=datetime(2026, 11, 20, 23, 30, tzinfo=zone),
        modified=datetime(2026, 11, 21, 1, 0, tzinfo=zone),
        country="SY",
        images=(Image("https://asi.example/1.jpg", "تعليق", "مصور"), Image("javascript:alert(1)")),
        origins={"headline": "json-ld", "body": "body"},
        paywalled=True,
    )
    second = replace(first, headline="خبر أول معدّل", content_hash="other")
    pages = [
        page(first),
        page(second, NOW + timedelta(hours=1), body_hash="other"),
        page(second, NOW + timedelta(hours=2), url="https://asi.example/short", body_hash="other"),
    ]
    shelf = fill(tmp_path, pages)
    yield shelf
    shelf.close()


def test_an_article_with_all_that_the_archive_knows(edited: SearchFixture) -> None:
    client = client_of(edited)
    with edited.archive.read() as conn:
        (found,) = [id_ for id_, _ in documents.ids(conn)]
        aliases = documents.aliases(conn, found)
    answer = client.get(f"/articles/{found}?ui=en", headers={"cookie": "arshif-zone=Asia/Tehran"})  # the article's
    root = tree(answer)
    assert root.cssselect("img, picture, video, iframe, object, style") == []
    (data,) = root.cssselect("script:not([src])")
    assert data.get("type") == "application/ld+json"
    assert json.loads(data.text)["headline"] == root.cssselect("h1")[0].text_content()
    (reading,) = root.cssselect("article")
    assert (reading.get("dir"), reading.get("lang")) == ("rtl", "ar")
    assert text_of(reading.cssselect("h1")[0]) == "خبر أول معدّل"
    assert text_of(reading.cssselect(".section")[0]) == "محليات"
    assert text_of(reading.cssselect(".second")[0]) == "عنوان ثان"
    assert text_of(reading.cssselect(".lede")[0]) == "مقدمة لا ترد في النص"
    assert [text_of(p)[:6] for p in reading.cssselect(".body p")] == ["فقرة أ", "فقرة ث"]
    facts = [text_of(fact) for fact in reading.cssselect(".facts li")]
    assert facts[:2] == ["صحيفة العاصي", "By سامر and Élodie"]
    assert facts[2].replace("\u2066", "").replace("\u2069", "") == "Published 20 November 2026, 23:30 UTC+3:30"
    assert root.xpath("//article//time/@datetime") == ["2026-11-20T23:30:00+03:30", "2026-11-21T01:00:00+03:30"]
    captions = [text_of(caption) for caption in reading.cssselect("figure figcaption")]
    assert captions == ["تعليق Credit: مصور", ""]
    original = root.cssselect(".original a")[0]
    assert original.get("href") == "https://asi.example/%D8%AE%D8%A8%D8%B1?p=1"
    assert original.get("rel") == "noopener noreferrer nofollow"
    assert text_of(root.cssselect(".original .address")[0]) == "https://asi.example/خبر?p=1"
    assert [text_of(version)[:9] for version in root.cssselect(".record ol li")] == ["Version 2", "Version 1"]
    assert [alias.url for alias in aliases] == ["https://asi.example/short"]
    assert root.cssselect(".record ul a")[-1].get("href") == "https://asi.example/short"
    origins = {
        text_of(row.cssselect("th")[0]): text_of(row.cssselect("td")[0]) for row in root.cssselect("details tbody tr")
    }
    assert origins == {"headline": "json-ld", "body": "body"}
    assert "for subscribers" in text_of(reading.cssselect(".notice")[0])


@pytest.mark.parametrize(("ui", "way"), [("en", "ltr"), ("ar", "rtl")])
def test_a_citation_has_the_address_as_people_read_it_and_the_encoded_one_to_copy(
    edited: SearchFixture, ui: str, way: str
) -> None:
    with edited.archive.read() as conn:
        (found,) = [id_ for id_, _ in documents.ids(conn)]
    root = tree(client_of(edited).get(f"/articles/{found}?ui={ui}"))
    (cite,) = root.cssselect(".cite")
    assert cite.get("dir") == way  # a sentence of the page, whatever the article is written in
    url, digest = cite.cssselect("bdi[dir=ltr]")
    assert (text_of(url), text_of(digest)) == ("https://asi.example/خبر?p=1", "other")
    (encoded,) = root.cssselect(".encoded code")
    assert (text_of(encoded), encoded.get("dir")) == ("https://asi.example/%D8%AE%D8%A8%D8%B1?p=1", "ltr")


def test_a_missing_article_is_404_in_both_forms(client: Client) -> None:
    assert client.get("/articles/none").status_code == 404
    assert "غير موجود في الأرشيف" in client.get("/articles/none?ui=ar").text
    answer = client.get("/api/articles/none")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "The archive has no such article.", "code": "error.no_article", "params": {}},
    )


@pytest.mark.parametrize(
    ("path", "status", "english", "arabic"),
    [
        ("/nowhere", 404, "There is nothing at this address", "لا شيء على هذا الرابط"),
        ("/searches/1/delete", 405, "does not accept this kind of request", "لا يقبل هذا الرابط"),
        ("/articles/x/cite.doc", 400, "form: this value is not valid", "هذه القيمة غير صالحة"),
        ("/search?cursor=x", 400, "The cursor does not belong to this search", "مؤشر الصفحة لا يخص هذا البحث"),
        ("/search?q=" + "x" * 40_000, 414, "This address is too long", "أطول من اللازم"),
        ("/articles/" + "x" * 40_000, 414, "This address is too long", "أطول من اللازم"),
    ],
)
def test_what_is_wrong_is_said_in_the_pages_language(
    client: Client, path: str, status: int, english: str, arabic: str
) -> None:
    for language, told in (("en", english), ("ar", arabic)):
        answer = client.get(path, headers={"accept-language": language})
        assert answer.status_code == status
        main = text_of(tree(answer).cssselect("main")[0])
        assert told in main
        assert ("There is nothing" in main) == (status == 404 and language == "en")


def test_head_is_answered_as_get_without_the_body(client: Client) -> None:
    for path in ("/search?q=حلب", "/healthz", "/", "/api/sites", "/static/icon.svg"):
        answer = client.request("HEAD", path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 0
    assert client.request("HEAD", "/nowhere").status_code == 404
    for form in ("csv", "jsonl", "parquet"):
        answer, whole = (client.request(method, f"/export.{form}?q=حلب") for method in ("HEAD", "GET"))
        assert (answer.status_code, answer.content) == (200, b"")
        for name in ("arshif-total", "content-type", "content-disposition"):
            assert answer.headers[name] == whole.headers[name]
    assert client.request("HEAD", "/export.doc").status_code == 400
    assert client.request("HEAD", "/export.wacz").status_code == 404


def test_the_footer_does_not_say_what_is_not_so(shelf: SearchFixture) -> None:
    for more, here in (({}, True), ({"hosts": ["127.0.0.1"]}, True), ({"hosts": ["news.example"]}, False)):
        page = client_of(shelf, **more).get("/?ui=en").text
        assert ("Everything on this page comes from this machine." in page) == here


def test_json_has_the_names_of_schema_org(client: Client) -> None:
    found = client.get("/api/search", params={"q": "البوكمال", "limit": 3}).json()
    assert found["total"] == len(found["hits"]) == 1
    (hit,) = found["hits"]
    assert hit["@type"] == "NewsArticle"
    assert hit["headline"].startswith("تطوّرات معارك")
    assert hit["others"] == 1
    assert "articleBody" not in hit
    assert any(span["marked"] for snippet in hit["snippets"] for span in snippet)
    whole = client.get(f"/api/articles/{hit['archive']['id']}").json()
    assert whole["articleBody"].startswith("معارك طاحنة")
    assert whole["datePublished"] == "2018-06-08T18:00:00+03:00"
    assert whole["archive"]["versions"][0]["number"] == 1
    assert client.get("/api/search?limit=101").status_code == 400
    assert client.get("/api/search?sort=best").status_code == 400


def test_runs(client: Client) -> None:
    run = tree(client.get("/runs?ui=en")).cssselect("tbody tr")[0]
    assert text_of(run.cssselect("th small")[0]) == "1 · Took 0:42 · 8 sites"
    figures = {cell.get("data-label"): text_of(cell) for cell in run.cssselect("td.figure")}
    assert (figures["Found"], figures["New"], figures["Failed"]) == ("72", "64", "0")
    assert {"Unreadable", "Queued", "Blocked pages"} <= figures.keys()


# --- when something is down ------------------------------------------------------------------------------------------


def test_an_index_that_is_down_loses_nothing_and_articles_stay_readable(shelf: SearchFixture) -> None:
    client = client_of(replace(shelf, engine=unreachable()))
    answer = client.get("/search?q=حلب&ui=ar")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert "لم يضع شيء" in answer.text
    assert client.get("/api/search?q=a").status_code == 503
    link = tree(client.get("/")).cssselect(".list a")[0].get("href")
    assert client.get(link).status_code == 200


def test_an_archive_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    shelf = fill(tmp_path, [])
    client = client_of(shelf)
    shelf.close()
    for file in tmp_path.glob("archive.sqlite3*"):
        file.write_bytes(b"no database" * 1000)
    answer = client.get("/?ui=en")
    assert answer.status_code == 503
    assert "The archive cannot be read" in answer.text


# --- the server ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "8.8.8.8"])
def test_serves_no_other_machine(shelf: SearchFixture, host: str) -> None:
    with pytest.raises(ArshifError, match=r"can be reached from other machines.*tunnel"):
        serve(create_app(shelf.archive, shelf.engine), host, 0)


def test_says_that_a_port_is_taken(shelf: SearchFixture) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ArshifError, match=rf"port {port}: another program uses it.*--port"):
            serve(create_app(shelf.archive, shelf.engine), "127.0.0.1", port)


def test_says_that_a_host_is_none(shelf: SearchFixture) -> None:
    with pytest.raises(ArshifError, match="no such host"):
        serve(create_app(shelf.archive, shelf.engine), "no such host.invalid", 8000)


SERVER = """
import sys
from index.archive import Archive, documents
import os, socket, sys
from contextlib import suppress
from index.archive import Archive
from index.engines import open_engine
from index.web.app import create_app, serve
from pathlib import Path
folder = Path(sys.argv[1])
engine = open_engine("embedded", directory=folder / "index")
app = create_app(Archive(folder / "archive.sqlite3"), engine)

@app.get("/undelayed")
def undelayed() -> list[int]:
    "Whether TCP_NODELAY is set, of each connection to this server."
    found = []
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError), socket.socket(fileno=os.dup(int(number))) as one:
            if one.family == socket.AF_INET and one.getpeername():
                found.append(int(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) > 0))
    return found

serve(app, "127.0.0.1", int(sys.argv[2]))
"""


def test_serves_until_it_is_told_to_end_and_prints_nothing(tmp_path: Path) -> None:
    fill(tmp_path, [page(article("https://asi.example/1", headline="خبر", body=LONG))]).close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVER, str(tmp_path), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        answer = asked(f"http://127.0.0.1:{port}/api/search?q=خبر")
        assert json.loads(answer.text)["total"] == 1
        assert "server" not in answer.headers
        assert asked(f"http://127.0.0.1:{port}/undelayed").json() == [1]  # Nagle's algorithm takes 40 ms an answer
        with loopback.stream("GET", f"http://127.0.0.1:{port}/runs/events") as events:
            lines = events.iter_lines()
            assert next(lines).startswith("retry:")
            server.send_signal(signal.SIGTERM)
            assert list(lines)[-1] == ""  # what would go on ends with what it says
        said, complained = server.communicate(timeout=PATIENCE)
    assert (said, complained) == (b"", b"")


def asked(url: str) -> httpx.Response:
    """The answer of a server that is starting."""
    return wait_for(lambda: loopback.get(url))
