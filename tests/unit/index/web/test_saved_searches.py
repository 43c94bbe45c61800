"""Saved searches on the page: who may save, the list, the feed of each; and how a browser learns to search here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree as ET

import httpx
import pytest
from jsonschema import Draft202012Validator

from index.archive import saved_searches
from index.web.atom import ATOM, OPENSEARCH
from tests.support.filled_archive import NOW, SearchFixture, article, fill, newsroom, page
from tests.support.hostile_texts import HOSTILE
from tests.support.web_client import Client, client_of, text_of, tree

OURS = {"sec-fetch-site": "same-origin"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    """The newsroom's articles, and one of each hostile text."""
    traps = [
        article(f"https://trap.example/{n}", headline=f"فخ {text}", body=text, section=text, authors=(text,))
        for n, text in enumerate(HOSTILE)
    ]
    filled = fill(tmp_path_factory.mktemp("shelf"), map(page, [*newsroom(), *traps]))
    yield filled
    filled.close()


@pytest.fixture
def client(shelf: SearchFixture) -> Client:
    def empty(conn: object) -> None:
        for one in saved_searches.all_saved(conn):  # type: ignore[arg-type]
            saved_searches.remove(conn, one.id)  # type: ignore[arg-type]

    shelf.archive.write(empty).result()
    return client_of(shelf)


def send(client: Client, path: str, headers: dict[str, str], **fields: str) -> httpx.Response:
    return client.request("POST", path, headers=FORM | headers, content=str(httpx.QueryParams(fields)))


def test_a_search_is_saved_listed_and_deleted(client: Client) -> None:
    offered = tree(client.get("/search?q=حلب&site=asi&ui=ar")).cssselect("form[action='/searches']")[0]
    fields = {field.get("name"): field.get("value") for field in offered.cssselect("input")}
    assert fields == {"query": "site:asi حلب", "ui": "ar", "name": "حلب"}
    fields["digest"] = [option.get("value") for option in offered.cssselect("option")][2]
    answer = send(client, "/searches", OURS, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/searches?ui=ar")
    (row,) = tree(client.get("/searches?ui=ar")).cssselect(".saved > li")
    assert text_of(row.cssselect(".query")[0]) == "site:asi حلب"
    digest = row.cssselect("form.digest")[0]
    assert digest.cssselect("option[selected]")[0].get("value") == "day"
    assert send(client, digest.get("action"), OURS, digest="week").status_code == 303
    (row,) = tree(client.get("/searches?ui=ar")).cssselect(".saved > li")
    assert row.cssselect("option[selected]")[0].get("value") == "week"
    send(client, digest.get("action"), OURS, digest="never")
    (row,) = tree(client.get("/searches?ui=en")).cssselect(".saved > li")
    assert text_of(row.cssselect("option[selected]")[0]) == "Notify at once"
    again = tree(client.get(row.cssselect("h2 a")[0].get("href")))
    assert len(again.cssselect(".hits > li")) > 0
    assert send(client, row.cssselect("form[action$=delete]")[0].get("action"), OURS).status_code == 303
    assert "لا عمليات بحث محفوظة بعد" in client.get("/searches?ui=ar").text


def test_a_name_is_one_searchs_only(client: Client) -> None:
    assert send(client, "/searches", OURS, name="قمح", query="قمح").status_code == 303
    answer = send(client, "/searches?ui=en", OURS, name=" قمح ", query="خبز")
    assert answer.status_code == 400
    assert "There is a saved search named قمح already" in answer.text
    assert "ثمة بحث محفوظ باسم" in send(client, "/searches?ui=ar", OURS, name="قمح", query="خبز").text
    (row,) = tree(client.get("/searches")).cssselect(".saved > li")
    assert text_of(row.cssselect(".query")[0]) == "قمح"
    assert send(client, row.cssselect("form[action$=delete]")[0].get("action"), OURS).status_code == 303
    assert send(client, "/searches", OURS, name="قمح", query="خبز").status_code == 303


def test_a_search_is_renamed(client: Client, shelf: SearchFixture) -> None:
    first, second = (
        shelf.archive.write(lambda conn, name=name: saved_searches.add(conn, name, "خبز", NOW)).result()
        for name in ("قمح", "شعير")
    )
    (_, row) = tree(client.get("/searches?ui=ar")).cssselect(".saved > li")
    form = row.cssselect(".manage form")[0]
    assert form.get("action") == f"/searches/{first}"
    assert form.cssselect("input[name=name]")[0].get("value") == "قمح"
    assert send(client, form.get("action"), OURS, name=" قمح  وخبز ").status_code == 303
    assert send(client, f"/searches/{first}", OURS, name="قمح وخبز").status_code == 303, "its own name is free"
    taken = send(client, f"/searches/{second}?ui=en", OURS, name="قمح وخبز")
    assert (taken.status_code, "There is a saved search named قمح وخبز already" in taken.text) == (400, True)
    assert send(client, f"/searches/{second}", OURS).status_code == 400
    assert send(client, "/searches/999999", OURS, name="x").status_code == 404
    with shelf.archive.read() as conn:
        assert [one.name for one in saved_searches.all_saved(conn)] == ["شعير", "قمح وخبز"]


def test_a_program_lists_saves_renames_and_deletes_searches(client: Client) -> None:
    told = client.get("/api/openapi.json").json()

    def ask(method: str, path: str, **body: object) -> httpx.Response:
        answer = client.request(method, path, **({"json": body} if body else {}))
        shape = "/api/searches" if path == "/api/searches" else "/api/searches/{number}"
        described = told["paths"][shape][method.lower()]["responses"][str(answer.status_code)]
        if "content" in described:
            schema = described["content"]["application/json"]["schema"] | {"components": told["components"]}
            assert [one.message for one in Draft202012Validator(schema).iter_errors(answer.json())] == []
        return answer

    made = ask("POST", "/api/searches", name=" قمح ", query="قمح site:asi", digest="day")
    state = made.json()
    path = f"/api/searches/{state['id']}"
    assert made.status_code == 201
    assert (state["name"], state["query"], state["digest"]) == ("قمح", "قمح site:asi", "day")
    assert (state["feed"], state["problems"]) == (f"http://localhost:8000/feeds/{state['id']}.atom", [])
    assert client.get(state["feed"].removeprefix("http://localhost:8000")).status_code == 200
    assert ask("GET", "/api/searches").json() == [state]
    assert ask("GET", path).json() == state
    assert ask("PATCH", path, name="خبز").json() == state | {"name": "خبز"}
    assert ask("PATCH", path, digest="week").json() == state | {"name": "خبز", "digest": "week"}
    assert ask("PATCH", path, digest=None).json() == state | {"name": "خبز", "digest": None}
    (problem,) = ask("POST", "/api/searches", name="half", query="قمح after:soon").json()["problems"]
    assert problem["key"] == "date"
    refused = {
        "saved.error.taken": {"name": "half", "query": "x"},
        "saved.error.name": {"name": " ", "query": "x"},
        "saved.error.length": {"name": "x", "query": "x" * 600},
        "error.value": {"name": "x", "query": "x", "digest": "year"},
    }
    for code, body in refused.items():
        answer = ask("POST", "/api/searches", **body)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert ask("PATCH", path, name="half").json()["code"] == "saved.error.taken"
    assert ask("PATCH", path, digest="year").json()["params"] == {"name": "digest"}
    assert ask("DELETE", path).status_code == 204
    for answer in (
        ask("GET", path),
        ask("PATCH", path, name="x"),
        ask("PATCH", path, digest=None),
        ask("DELETE", path),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "error.no_search")


def test_no_page_of_another_site_saves_a_search_as_a_program(client: Client) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    for method, path in (("POST", "/api/searches"), ("PATCH", "/api/searches/1"), ("DELETE", "/api/searches/1")):
        answer = client.request(method, path, json={"name": "a", "query": "b"}, headers=foreign)
        assert answer.status_code == 403, path
    assert client.get("/api/searches").json() == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": "http://localhost:8000"},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:8001"},
        {"origin": "http://localhost:8000.evil.example"},
    ],
)
def test_a_form_of_another_page_changes_nothing(client: Client, shelf: SearchFixture, headers: dict[str, str]) -> None:
    assert send(client, "/searches", headers, name="a", query="b").status_code == 403
    number = shelf.archive.write(lambda conn: saved_searches.add(conn, "a", "b", NOW)).result()
    assert send(client, f"/searches/{number}/delete", headers).status_code == 403
    assert send(client, f"/searches/{number}", headers, name="c").status_code == 403
    assert send(client, f"/searches/{number}/digest", headers, digest="day").status_code == 403
    with shelf.archive.read() as conn:
        assert [(one.name, one.digest) for one in saved_searches.all_saved(conn)] == [("a", None)]


def test_a_browser_without_fetch_metadata_says_its_origin(client: Client) -> None:
    assert send(client, "/searches", {"origin": "http://localhost:8000"}, name="a", query="b").status_code == 303


def test_what_cannot_be_saved_is_said(client: Client) -> None:
    for fields in ({}, {"name": "a"}, {"name": " ", "query": "b"}, {"name": "a", "query": "x" * 600}):
        assert send(client, "/searches", OURS, **fields).status_code == 400
    assert send(client, "/searches", OURS, name="a" * 20_000, query="b").status_code == 413
    assert client.get("/searches/1/delete").status_code == 405


def test_a_feed_is_atom(client: Client, shelf: SearchFixture) -> None:
    number = shelf.archive.write(lambda conn: saved_searches.add(conn, "البوكمال", "البوكمال", NOW)).result()
    answer = client.get(f"/feeds/{number}.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.content)
    feed_is_valid(root)
    assert root.findtext(f"{{{ATOM}}}title") == "البوكمال"
    first = root.find(f"{{{ATOM}}}entry")
    assert first is not None
    assert "البوكمال" in str(first.findtext(f"{{{ATOM}}}title"))
    links = {link.get("rel"): str(link.get("href")) for link in first.findall(f"{{{ATOM}}}link")}
    assert client.get(links["related"].removeprefix("http://localhost:8000")).status_code == 200
    assert client.get(f"/feeds/{number}.atom").content == answer.content
    assert client.get("/feeds/999999.atom").status_code == 404
    assert client.get("/feeds/x.atom").status_code in {400, 404}


def test_behind_a_proxy_the_addresses_are_those_of_the_readers(shelf: SearchFixture) -> None:
    number = shelf.archive.write(lambda conn: saved_searches.add(conn, "a", "البوكمال", NOW)).result()
    behind = client_of(shelf, url="https://news.example/archive/")
    for path in (f"/feeds/{number}.atom", "/opensearch.xml"):
        answer = behind.get(path, headers={"host": "news.example"}).text
        assert "https://news.example/archive/" in answer
        assert "http://news.example" not in answer


def test_hostile_texts_in_a_feed_are_text(client: Client, shelf: SearchFixture) -> None:
    number = shelf.archive.write(lambda conn: saved_searches.add(conn, HOSTILE[0], "فخ", NOW)).result()
    root = ET.fromstring(client.get(f"/feeds/{number}.atom").content)
    feed_is_valid(root)
    assert {node.tag.rpartition("}")[2] for node in root.iter()} <= {
        *("feed", "id", "title", "subtitle", "updated", "author", "name", "link", "entry", "published", "summary"),
        "category",
    }
    assert all(str(link.get("href")).startswith(("http://", "https://")) for link in root.iter(f"{{{ATOM}}}link"))


def feed_is_valid(root: ET.Element) -> None:
    """What RFC 4287, 4.1.1 and 4.1.2 ask for."""
    for node in (root, *root.iter(f"{{{ATOM}}}entry")):
        for name in ("id", "title", "updated"):
            assert len(node.findall(f"{{{ATOM}}}{name}")) == 1, name
        assert str(node.findtext(f"{{{ATOM}}}id")).startswith("urn:uuid:")
        moment = datetime.fromisoformat(str(node.findtext(f"{{{ATOM}}}updated")))
        assert moment.tzinfo is not None
        assert all(author.findtext(f"{{{ATOM}}}name") for author in node.findall(f"{{{ATOM}}}author"))
    entries = root.findall(f"{{{ATOM}}}entry")
    ids = [entry.findtext(f"{{{ATOM}}}id") for entry in entries]
    assert len(ids) == len(set(ids)) > 0
    assert [link.get("rel") for link in root.findall(f"{{{ATOM}}}link")] == ["self", "alternate"]


def test_a_browser_can_learn_to_search_here(client: Client) -> None:
    (link,) = tree(client.get("/?ui=ar")).cssselect("link[rel=search]")
    answer = client.get(link.get("href"))
    assert answer.headers["content-type"].startswith("application/opensearchdescription+xml")
    root = ET.fromstring(answer.content)
    assert root.findtext(f"{{{OPENSEARCH}}}ShortName") == "أرشيف"
    template = root.findall(f"{{{OPENSEARCH}}}Url")[0].get("template")
    assert template == "http://localhost:8000/search?q={searchTerms}&ui=ar"
