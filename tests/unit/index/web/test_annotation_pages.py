"""Tags, notes and collections on the page, in the API and in exports: who may, what is kept, and who sees it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import delete

from index.archive import collections, notes
from index.archive import tables as t
from index.model.article import Annotations
from index.web.atom import ATOM
from tests.support.filled_archive import NOW, SearchFixture, article, fill, newsroom, page
from tests.support.hostile_texts import HOSTILE
from tests.support.web_client import Client, client_of, text_of, tree, unreachable
from tests.unit.index.web.test_auth import TOKEN
from tests.unit.index.web.test_saved_searches import feed_is_valid
from tests.unit.index.web.test_security_headers import assert_inert

OURS = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
KNOWN = article("https://asi.example/2026/11/known", headline="خبر معروف", body="نصه عن الماء")
OTHER = article("https://asi.example/2026/11/other", headline="خبر آخر", body="نصه عن الخبز")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    filled = fill(tmp_path_factory.mktemp("shelf"), map(page, [*list(newsroom())[:5], KNOWN, OTHER]))
    yield filled
    filled.close()


@pytest.fixture
def client(shelf: SearchFixture) -> Client:
    """Of an archive to which nobody has added anything."""

    def empty(conn: Any) -> None:
        for table in (t.notes, t.tags, t.collected, t.collections):
            conn.execute(delete(table))

    shelf.archive.write(empty).result()
    return client_of(shelf)


def send(client: Client, path: str, headers: dict[str, str] = OURS, **fields: str) -> httpx.Response:
    return client.request("POST", path, headers=headers, content=str(httpx.QueryParams(fields)))


def fill_in(client: Client, shown: httpx.Response, name: str, text: str) -> httpx.Response:
    """Send the form of a page that has this field, with this text in it and the rest as it is."""
    (form,) = (one for one in tree(shown).cssselect(".own form") if name in one.fields)
    return send(client, form.get("action"), **{one: value or "" for one, value in form.fields.items()} | {name: text})


def made(shelf: SearchFixture, name: str = "ملف المياه", *ids: str) -> int:
    def work(conn: Any) -> int:
        number = collections.create(conn, name, NOW)
        if ids:
            collections.add(conn, number, ids, NOW)
        return number

    return shelf.archive.write(work).result()


def test_an_article_is_tagged_and_noted_on_its_page(client: Client, shelf: SearchFixture) -> None:
    path = f"/articles/{KNOWN.id}"
    shown = client.get(f"{path}?ui=en")
    for name, text in (("tags", "ماء، to check"), ("note", "سطر\r\nثان")):
        answer = fill_in(client, shown, name, text)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?ui=en#own")
    own = tree(client.get(f"{path}?ui=en")).cssselect("#own")[0]
    assert [text_of(one) for one in own.cssselect(".keywords a")] == ["to check", "ماء"]
    assert text_of(own.cssselect(".own-note")[0]) == "سطر ثان"
    (field,) = own.cssselect("input[name=tags]")
    assert field.get("value") == "to check, ماء", "as it can be sent again"
    (listed,) = tree(client.get(own.cssselect(".keywords a")[1].get("href"))).cssselect(".list > li")
    assert text_of(listed.cssselect("h2")[0]) == KNOWN.headline
    assert "سطر" in text_of(tree(client.get("/notes")).cssselect(".list > li")[0])
    shown = client.get(path)
    fill_in(client, shown, "tags", "ماء")
    fill_in(client, shown, "note", "")
    with shelf.archive.read() as conn:
        assert notes.tags_of(conn, KNOWN.id) == ["ماء"]
        assert notes.note(conn, KNOWN.id) is None, "an empty field removes it"
    assert send(client, "/articles/none/tags", tags="a").status_code == 404
    assert send(client, "/articles/none/note", note="a").status_code == 404
    refused = send(client, f"{path}/note?ui=ar", note="و" * 10_001)
    assert refused.status_code == 400
    assert "أطول من اللازم" in refused.text
    assert send(client, f"{path}/note", note="a", seen="once").status_code == 400
    assert send(client, f"{path}/note", note="و" * 10_000).status_code == 303, "the longest that is allowed"
    assert send(client, f"{path}/note", note="و" * 50_000).status_code == 413


def test_a_page_opened_earlier_takes_nothing_away(client: Client, shelf: SearchFixture) -> None:
    path = f"/articles/{KNOWN.id}"
    send(client, f"{path}/tags", tags="a, b")
    earlier = client.get(path)
    send(client, f"{path}/note", note="written meanwhile")
    fill_in(client, client.get(path), "tags", "a, b, c")
    assert fill_in(client, earlier, "tags", "b, ماء").status_code == 303
    with shelf.archive.read() as conn:
        assert notes.tags_of(conn, KNOWN.id) == ["b", "c", "ماء"]
        assert notes.of(conn, [KNOWN.id])[KNOWN.id].note == "written meanwhile"


@pytest.mark.parametrize(
    ("ui", "heading", "removed"),
    [
        ("en", "This note has changed in the meantime", "The note was removed."),
        ("ar", "تغيّرت هذه الملاحظة في أثناء ذلك", "حُذفت الملاحظة."),
    ],
    ids=["en", "ar"],
)
def test_a_note_that_others_changed_is_shown_beside_the_text_as_sent(
    client: Client, shelf: SearchFixture, ui: str, heading: str, removed: str
) -> None:
    path = f"/articles/{KNOWN.id}"
    send(client, f"{path}/note", note="first")
    earlier = client.get(f"{path}?ui={ui}")
    fill_in(client, client.get(path), "note", "second")
    conflict = fill_in(client, earlier, "note", "<b>ملاحظتي</b>")
    assert conflict.status_code == 409
    shown = tree(conflict)
    assert text_of(shown.cssselect("h1")[0]) == heading
    assert text_of(shown.cssselect(".own-note")[0]) == "second"
    assert shown.cssselect("textarea")[0].text == "<b>ملاحظتي</b>"
    assert fill_in(client, earlier, "note", "second").status_code == 303, "sent twice"
    answer = fill_in(client, conflict, "note", "second and mine")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?ui={ui}#own")
    fill_in(client, client.get(path), "note", "")
    gone = fill_in(client, conflict, "note", "third")
    assert gone.status_code == 409
    assert removed in gone.text
    assert fill_in(client, gone, "note", "third").status_code == 303
    with shelf.archive.read() as conn:
        assert notes.of(conn, [KNOWN.id])[KNOWN.id].note == "third"


def test_a_collection_is_made_shown_renamed_and_deleted(client: Client) -> None:
    answer = send(client, "/collections", ui="ar", name=" ملف  المياه ")
    path = answer.headers["location"].partition("?")[0]
    assert answer.headers["location"] == f"{path}?ui=ar"
    shown = tree(client.get(f"{path}?ui=ar"))
    assert text_of(shown.cssselect("h1")[0]) == "ملف المياه"
    assert "لا شيء في هذه المجموعة بعد" in client.get(f"{path}?ui=ar").text
    send(client, f"/articles/{KNOWN.id}/collections", name="ملف المياه")
    send(client, f"/articles/{OTHER.id}/collections", name="ملف المياه")
    send(client, f"/articles/{OTHER.id}/collections", name="خبز")
    assert send(client, f"/articles/{OTHER.id}/collections", name="").status_code == 400
    own = tree(client.get(f"/articles/{OTHER.id}")).cssselect("#own .plain > li")
    assert [text_of(one.cssselect("a")[0]) for one in own] == ["خبز", "ملف المياه"]
    rows = tree(client.get(path)).cssselect(".list > li")
    assert [text_of(row.cssselect("h2")[0]) for row in rows] == [OTHER.headline, KNOWN.headline]
    send(client, rows[0].cssselect("form")[0].get("action"))
    send(client, own[0].cssselect("form")[0].get("action"))
    assert not tree(client.get(f"/articles/{OTHER.id}")).cssselect("#own .plain")
    assert send(client, path, name="خبز").status_code == 400, "another one's name"
    assert send(client, path, name="الماء").status_code == 303
    listed = tree(client.get("/collections?ui=en")).cssselect(".saved > li")
    assert [text_of(one.cssselect("h2")[0]) for one in listed] == ["الماء", "خبز"]
    assert "1 article " in text_of(listed[0])
    assert send(client, f"{path}/delete").headers["location"] == "/collections"
    assert client.get(path).status_code == 404
    assert client.get(f"/articles/{KNOWN.id}").status_code == 200
    assert send(client, path, name="x").status_code == 404


def test_a_tag_is_renamed_and_removed(client: Client, shelf: SearchFixture) -> None:
    for one in (KNOWN, OTHER):
        send(client, f"/articles/{one.id}/tags", tags="ماء, x/y?&")
    (link, _) = tree(client.get("/collections")).cssselect("ul.keywords a")
    forms = tree(client.get(link.get("href"))).cssselect("details form")
    assert len(forms) == 2
    assert send(client, "/tags", tag="x/y?&", name="z").headers["location"] == "/collections#tags"
    assert len(tree(client.get("/tags?tag=z")).cssselect(".list > li")) == 2
    for ui, told in (("en", "one other tag"), ("ar", "وسم واحد")):
        several = send(client, f"/tags?ui={ui}", tag="z", name="z; y")
        assert (several.status_code, told in several.text) == (400, True)
    send(client, "/tags", tag="z")
    assert client.get("/tags?tag=z").status_code == 404
    with shelf.archive.read() as conn:
        assert notes.all_tags(conn) == {"ماء": 2}


def test_a_long_collection_has_pages(client: Client, shelf: SearchFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.web.annotation_pages.SHOWN", 1)
    number = made(shelf, "a", KNOWN.id, OTHER.id)
    first = tree(client.get(f"/collections/{number}"))
    second = tree(client.get(first.cssselect("a[rel=next]")[0].get("href")))
    heads = [text_of(one.cssselect(".list h2")[0]) for one in (first, second)]
    assert sorted(heads) == sorted([KNOWN.headline, OTHER.headline])
    assert not second.cssselect("a[rel=next]")


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_exports_have_what_was_added(client: Client, shelf: SearchFixture, form: str) -> None:
    send(client, f"/articles/{KNOWN.id}/tags", tags="ماء")
    send(client, f"/articles/{KNOWN.id}/note", note="=1+1")
    number = made(shelf, "ملف", KNOWN.id)
    for scope in ({"collection": str(number)}, {"tag": "ماء"}, {"noted": "yes"}, {"q": "معروف"}):
        answer = client.get(f"/export.{form}", params=scope)
        assert (answer.status_code, answer.headers["arshif-total"]) == (200, "1"), scope
        assert client.request("HEAD", f"/export.{form}", params=scope).headers["arshif-total"] == "1"
        if form == "jsonl":
            own = json.loads(answer.text)["archive"]
            assert (own["tags"], own["note"], own["collections"]) == (["ماء"], "=1+1", ["ملف"])
        elif form == "csv":
            (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
            assert (row["tags"], row["note"], row["collections"]) == ("ماء", "'=1+1", "ملف")
    without = json.loads(client.get("/export.jsonl", params={"q": "آخر الخبز"}).text.splitlines()[0])["archive"]
    assert not {"tags", "note", "collections"} & set(without)


def test_ticked_results_are_exported_and_collected(client: Client, shelf: SearchFixture) -> None:
    shown = tree(client.get("/search?q=نصه&ui=en"))
    ids = [box.get("value") for box in shown.cssselect(".hits input[name=id][form=selection]")]
    assert set(ids) == {KNOWN.id, OTHER.id}
    (form,) = shown.cssselect("form#selection")
    ways = {button.get("formaction"): button.get("formmethod") for button in form.cssselect("button[formaction]")}
    assert ways == {"/export.csv": None, "/export.jsonl": None, "/export.wacz": None, "/selection": "post"}
    answer = client.get("/export.jsonl", params={"id": [ids[1], ids[0], ids[1], "none"], "q": "ignored"})
    assert [json.loads(line)["archive"]["id"] for line in answer.text.splitlines()] == [ids[1], ids[0]]
    assert answer.headers["arshif-total"] == "2"
    assert client.get("/export.csv", params={"id": ["x"] * 201}).status_code == 400
    sent = {one.get("name"): one.get("value") for one in form.cssselect("input[type=hidden]")}
    nothing = client.get("/export.csv", params=sent, headers={"accept": "text/html"})
    assert nothing.status_code == 400, "nothing ticked is not everything"
    assert "Nothing was selected" in nothing.text
    assert client.get("/export.jsonl", params=sent | {"id": ids[0]}).headers["arshif-total"] == "1"
    open_to_all = client_of(shelf, hosts=["news.example"])
    send(client, f"/articles/{KNOWN.id}/note", note="زقثص")
    told = open_to_all.get("/export.jsonl", params={"id": KNOWN.id}).text
    assert json.loads(told)["url"] == KNOWN.url
    assert "زقثص" not in told
    assert not tree(open_to_all.get("/search?q=نصه")).cssselect("button[formmethod]")

    def collect(headers: dict[str, str] = OURS, **fields: Any) -> httpx.Response:
        return client.request("POST", "/selection", headers=headers, content=str(httpx.QueryParams(fields)))

    answer = collect(id=ids, name="ملف", ui="ar")
    rows = tree(client.get(answer.headers["location"])).cssselect(".list > li")
    assert {text_of(row.cssselect("h2")[0]) for row in rows} == {KNOWN.headline, OTHER.headline}
    assert collect(id=ids[:1], name="ملف").headers["location"] == answer.headers["location"].partition("?")[0]
    assert collect(name="ملف").status_code == 400
    assert collect(id=ids, name="").status_code == 400
    assert collect(id="none", name="آخر").status_code == 404
    assert collect(id=["x"] * 300, name="a").status_code == 400
    assert collect({**OURS, "sec-fetch-site": "cross-site"}, id=ids, name="a").status_code == 403
    assert [one.get("articles") for one in client.get("/api/collections").json()] == [2]


@pytest.mark.usefixtures("client")
def test_an_export_of_a_collection_needs_no_index(shelf: SearchFixture) -> None:
    number = made(shelf, "a", KNOWN.id)
    away = client_of(SearchFixture(shelf.archive, unreachable()))
    assert json.loads(away.get(f"/export.jsonl?collection={number}").text)["url"] == KNOWN.url
    assert away.get("/export.jsonl?collection=999999").status_code == 404
    assert away.get("/export.jsonl?tag=nobody").text == ""


def test_a_collection_has_a_feed(client: Client, shelf: SearchFixture) -> None:
    number = made(shelf, "ملف المياه", KNOWN.id, OTHER.id)
    (link,) = tree(client.get(f"/collections/{number}")).cssselect("link[type='application/atom+xml']")
    answer = client.get(link.get("href"))
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.content)
    feed_is_valid(root)
    assert root.findtext(f"{{{ATOM}}}title") == "ملف المياه"
    assert len(root.findall(f"{{{ATOM}}}entry")) == 2
    assert client.get("/feeds/collections/999999.atom").status_code == 404


def test_a_program_reads_and_writes_it(client: Client) -> None:
    told = client.get("/api/openapi.json").json()

    def ask(method: str, path: str, shape: str, **body: Any) -> httpx.Response:
        more = {"json": body} if body else {}
        answer = client.request(method, path, **more)
        described = told["paths"][shape][method.lower()]["responses"][str(answer.status_code)]
        if "content" in described:
            schema = described["content"]["application/json"]["schema"] | {"components": told["components"]}
            assert [one.message for one in Draft202012Validator(schema).iter_errors(answer.json())] == []
        return answer

    own, one, of = f"/api/articles/{KNOWN.id}", "/api/articles/{article}", "/api/collections/{number}"
    answer = ask("PATCH", own, one, tags=["ماء", "b"], note="ملاحظة").json()
    assert answer == {"tags": ["b", "ماء"], "note": "ملاحظة", "collections": []}
    assert ask("PATCH", own, one, tags=[]).json() == {"tags": [], "note": "ملاحظة", "collections": []}
    created = ask("POST", "/api/collections", "/api/collections", name="ملف")
    assert created.status_code == 201
    path = f"/api/collections/{created.json()['id']}"
    member = f"{path}/articles/{KNOWN.id}"
    assert ask("PUT", member, of + "/articles/{article}").status_code == 204
    archived = ask("GET", own, one).json()["archive"]
    assert (archived["note"], archived["collections"], archived.get("tags")) == ("ملاحظة", ["ملف"], None)
    assert [each["article"] for each in ask("GET", path, of).json()["members"]] == [KNOWN.id]
    assert ask("PATCH", path, of, name="ملف آخر").json()["name"] == "ملف آخر"
    assert [each["articles"] for each in ask("GET", "/api/collections", "/api/collections").json()] == [1]
    ask("PATCH", own, one, tags=["c"])
    assert ask("GET", "/api/tags", "/api/tags").json() == [{"tag": "c", "articles": 1}]
    assert ask("DELETE", member, of + "/articles/{article}").status_code == 204
    assert ask("DELETE", path, of).status_code == 204
    for method, gone, shape, body in (
        ("DELETE", path, of, {}),
        ("GET", path, of, {}),
        ("PATCH", path, of, {"name": "x"}),
        ("PUT", member, of + "/articles/{article}", {}),
        ("PATCH", "/api/articles/none", one, {"note": "x"}),
        ("PATCH", "/api/articles/none", one, {"tags": []}),
    ):
        assert ask(method, gone, shape, **body).status_code == 404, (method, gone)
    assert ask("POST", "/api/collections", "/api/collections", name=" ").json()["code"] == "collection.error.name"
    assert ask("PATCH", own, one, tags="no list").json()["params"] == {"name": "tags"}
    assert client.request("PATCH", own, headers={"content-type": "text/plain"}, content="{}").status_code == 415
    assert client.request("PATCH", own, headers={"content-type": "application/json"}, content="{").status_code == 400


FOREIGN = [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "http://evil.example"}]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_changes_nothing(client: Client, shelf: SearchFixture, headers: dict[str, str]) -> None:
    number = made(shelf, "a", KNOWN.id)
    form = {"content-type": OURS["content-type"]} | headers
    own, api = f"/articles/{KNOWN.id}", f"/api/collections/{number}"
    for path in ("/collections", f"/collections/{number}", f"/collections/{number}/delete", "/tags"):
        assert send(client, path, form, name="b", tag="a").status_code == 403, path
    for path in (f"{own}/tags", f"{own}/note", f"{own}/collections", f"{own}/collections/{number}/remove"):
        assert send(client, path, form, name="b", tags="a", note="a").status_code == 403, path
    assert send(client, f"/collections/{number}/remove/{KNOWN.id}", form).status_code == 403
    for method, path in (("DELETE", api), ("DELETE", f"{api}/articles/{KNOWN.id}"), ("PUT", f"{api}/articles/x")):
        assert client.request(method, path, headers=headers).status_code == 403, path
    assert client.request("PATCH", f"/api{own}", headers=headers, json={"note": "x"}).status_code == 403
    with shelf.archive.read() as conn:
        assert [(one.name, one.articles) for one in collections.all_collections(conn)] == [("a", 1)]
        assert notes.of(conn, [KNOWN.id])[KNOWN.id] == Annotations(collections=("a",))


def test_a_server_that_others_reach_without_a_token_shows_nothing_of_it(client: Client, shelf: SearchFixture) -> None:
    send(client, f"/articles/{KNOWN.id}/tags", tags="زقثص")
    send(client, f"/articles/{KNOWN.id}/note", note="زقثص كبير")
    number = made(shelf, "زقثص", KNOWN.id)
    open_to_all = client_of(shelf, hosts=["news.example"])
    paths = ("/collections", f"/collections/{number}", "/tags?tag=زقثص", "/notes", f"/feeds/collections/{number}.atom")
    for path in (*paths, "/api/collections", f"/api/collections/{number}", "/api/tags", "/export.jsonl?tag=زقثص"):
        assert open_to_all.get(path).status_code == 403, path
    for path in (f"/articles/{KNOWN.id}", f"/api/articles/{KNOWN.id}", "/export.jsonl?q=معروف", "/export.csv", "/"):
        answer = open_to_all.get(path)
        assert answer.status_code == 200
        assert "زقثص" not in answer.text, path
    assert send(open_to_all, f"/articles/{KNOWN.id}/note", note="x").status_code == 403
    held = client_of(shelf, token=TOKEN, hosts=["news.example"])
    assert held.get("/api/tags").status_code == 401
    assert held.get("/api/tags", headers={"authorization": f"Bearer {TOKEN}"}).json() == [
        {"tag": "زقثص", "articles": 1}
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_text(client: Client, shelf: SearchFixture, text: str) -> None:
    name, tag = text[:90].strip() or "x", text[:40]
    send(client, f"/articles/{KNOWN.id}/tags", tags=tag)
    send(client, f"/articles/{KNOWN.id}/note", note=text)
    assert_inert(send(client, f"/articles/{KNOWN.id}/note", note=text + "x"))
    number = send(client, "/collections", name=name).headers.get("location", "/collections/0").rpartition("/")[2]
    send(client, f"/articles/{KNOWN.id}/collections", name=name)
    for path in (f"/articles/{KNOWN.id}", "/collections", f"/collections/{number}", "/notes"):
        assert_inert(client.get(path))
    with shelf.archive.read() as conn:
        for one in notes.all_tags(conn):
            assert_inert(client.get("/tags", params={"tag": one}))
    feed = client.get(f"/feeds/collections/{number}.atom")
    if feed.status_code == 200:
        feed_is_valid(ET.fromstring(feed.content))
