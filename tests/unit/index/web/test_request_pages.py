"""Addresses that people want archived now, by the page and the API: who may ask, for what, how often; and what they are
told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import delete

from crawler.requested.desk import Desk
from index.archive import articles, documents, requests, runs
from index.archive import tables as t
from index.archive.requests import AddressRequest, Limits
from index.model.codes import FetchOutcome, FetchReason, RequestState
from index.model.message import Message
from tests.support.filled_archive import SearchFixture, article, fill, newsroom, page
from tests.support.hostile_texts import HOSTILE, HOSTILE_URLS
from tests.support.newspaper import configured
from tests.support.web_client import Client, client_of, text_of, tree
from tests.unit.index.web.test_auth import TOKEN
from tests.unit.index.web.test_security_headers import assert_inert

OURS = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
NEW = "https://news.elsewhere.example/2026/11/a-story"
KNOWN = article("https://asi.example/2026/11/known", headline="خبر معروف", body="نصه")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    filled = fill(tmp_path_factory.mktemp("shelf"), map(page, [*list(newsroom())[:5], KNOWN]))
    yield filled
    filled.close()


@pytest.fixture
def desk(shelf: SearchFixture, tmp_path: Path) -> Desk:
    """What takes the requests of this archive, which has none yet."""
    shelf.archive.write(lambda conn: conn.execute(delete(t.requests))).result()
    return Desk(configured(tmp_path), shelf.archive, Limits(hourly=5, waiting=3))


@pytest.fixture
def client(shelf: SearchFixture, desk: Desk) -> Client:
    return client_of(shelf, ask=desk)


def asked(shelf: SearchFixture) -> list[AddressRequest]:
    with shelf.archive.read() as conn:
        return requests.recent(conn, 100)


def send(client: Client, path: str, headers: dict[str, str] = OURS, **fields: str) -> httpx.Response:
    return client.request("POST", path, headers=headers, content=str(httpx.QueryParams(fields)))


def post(client: Client, url: Any, **headers: str) -> httpx.Response:
    return client.request("POST", "/api/archive", headers=JSON | headers, json={"url": url})


def settle(shelf: SearchFixture, number: int, outcome: Message, of: str | None = None) -> None:
    """What a run does with a request."""
    now = datetime.now(UTC)

    def work(conn: Any) -> None:
        run = runs.start(conn, [], now, owner="test")
        requests.claim(conn, [number], run)
        requests.settle(conn, [number], outcome, now, of, 1 if of else None)
        runs.finish(conn, run, runs.RunStatus.OK, now)

    shelf.archive.write(work).result()


def test_the_form_asks_and_the_page_tells_what_becomes_of_it(client: Client, shelf: SearchFixture) -> None:
    filled = tree(client.get(f"/archive?ui=en&url={NEW}")).cssselect(
        "form[action='/archive'] input:not([type=checkbox])"
    )
    fields = {field.get("name"): field.get("value") for field in filled}
    assert fields == {"ui": "en", "url": NEW}
    answer = send(client, "/archive", **fields)
    (one,) = asked(shelf)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/archive/{one.id}?ui=en")
    assert (one.url, one.site, one.way, one.state) == (NEW, "elsewhere-example", "page", RequestState.WAITING)
    told = client.get(answer.headers["location"])
    assert "queued" in text_of(tree(told).cssselect("#request")[0])
    live = tree(told).cssselect("[data-live]")[0].get("data-live")
    settle(shelf, one.id, Message(FetchOutcome.NEW), KNOWN.id)
    told = client.get(answer.headers["location"])
    assert "new article" in text_of(tree(told).cssselect("#request")[0])
    assert tree(told).cssselect(f"#request a[href='/articles/{KNOWN.id}?ui=en']")
    seen = tree(told).cssselect("[data-live]")[0].get("data-live")
    client.app.state.live_seconds = 0  # one look, and no more
    assert "new article" in client.get(live).text, "the page that knew less is told"
    assert client.get(seen).status_code == 204, "the one that knows all need not ask again"
    listed = tree(client.get("/archive?ui=en")).cssselect("#requests tbody tr")
    assert [text_of(row.cssselect("td")[0]) for row in listed] == ["new article"]


def test_an_article_is_checked_at_its_own_address(client: Client, shelf: SearchFixture) -> None:
    (form,) = tree(client.get(f"/articles/{KNOWN.id}?ui=en")).cssselect("form.check")
    assert text_of(form.cssselect("button")[0]) == "Check this address now"
    answer = send(client, form.get("action"))
    (one,) = asked(shelf)
    assert (answer.headers["location"], one.url, one.site) == (f"/archive/{one.id}", KNOWN.url, "asi")
    assert send(client, form.get("action")).headers["location"] == f"/archive/{one.id}", "it waits already"
    assert len(asked(shelf)) == 1
    assert send(client, "/articles/none/check").status_code == 404


def test_a_program_asks_and_looks_what_became_of_it(client: Client, shelf: SearchFixture) -> None:
    told = client.get("/api/openapi.json").json()

    def holds(answer: httpx.Response, path: str, method: str) -> Any:
        described = told["paths"][path][method]["responses"][str(answer.status_code)]
        schema = described["content"]["application/json"]["schema"] | {"components": told["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())] == []
        return answer.json()

    answer = post(client, NEW)
    one = holds(answer, "/api/archive", "post")
    assert (answer.status_code, answer.headers["location"]) == (202, f"/api/archive/{one['id']}")
    assert (one["state"], one["detail"], one["archived"]) == ("waiting", None, False)
    assert post(client, NEW + "?utm_source=feed").json()["id"] == one["id"]
    settle(shelf, one["id"], Message(FetchReason.HTTP_STATUS, {"status": 500}))
    one = holds(client.get(answer.headers["location"]), "/api/archive/{number}", "get")
    assert (one["state"], one["archived"], one["result"]) == ("done", False, "refused")
    assert (one["code"], one["params"]) == ("fetch.http_status", {"status": 500})
    assert holds(client.get("/api/archive"), "/api/archive", "get") == [one]
    holds(client.get("/api/archive/999999"), "/api/archive/{number}", "get")
    holds(post(client, "ftp://files.example/"), "/api/archive", "post")
    assert post(client, NEW).json()["id"] != one["id"], "it may be asked for again"
    assert list(told["paths"]["/api/archive"]["post"]["requestBody"]["content"]) == ["application/json"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "http://localhost:8000"},
    ],
)
def test_a_page_of_another_site_asks_for_nothing(client: Client, shelf: SearchFixture, headers: dict[str, str]) -> None:
    form = {"content-type": OURS["content-type"]} | headers
    assert send(client, "/archive", form, url=NEW).status_code == 403
    assert send(client, f"/articles/{KNOWN.id}/check", form).status_code == 403
    assert post(client, NEW, **headers).status_code == 403
    assert asked(shelf) == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_what_a_foreign_form_could_send_is_no_request_of_a_program(
    client: Client, shelf: SearchFixture, kind: str
) -> None:
    body = f'{{"url": "{NEW}"}}'
    answer = client.request("POST", "/api/archive", headers={"content-type": kind}, content=body)
    assert answer.status_code == 415
    assert asked(shelf) == []


def test_a_server_that_others_reach_without_a_token_takes_no_address(shelf: SearchFixture, desk: Desk) -> None:
    for more in ({"hosts": ["news.example"]}, {"url": "https://news.example/"}):
        open_to_all = client_of(shelf, ask=desk, **more)
        assert send(open_to_all, "/archive", url=NEW).status_code == 403
        assert send(open_to_all, f"/articles/{KNOWN.id}/check").status_code == 403
        assert post(open_to_all, NEW).status_code == 403
        assert "accepts no addresses" in open_to_all.get("/archive?ui=en").text
        assert not tree(open_to_all.get(f"/articles/{KNOWN.id}")).cssselect("form.check")
    assert post(client_of(shelf), NEW).status_code == 403
    held = client_of(shelf, ask=desk, token=TOKEN, hosts=["news.example"])
    assert post(held, NEW).status_code == 401
    assert send(held, "/archive", url=NEW).status_code == 401
    assert asked(shelf) == []
    assert post(held, NEW, authorization=f"Bearer {TOKEN}").status_code == 202


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1/", "http://127.1:9200/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/"),
        *("http://localhost:8000/", "http://a.localhost/", "http://10.1.2.3/", "http://169.254.169.254/latest/"),
        *("http://[::ffff:192.168.1.1]/", "http://[fd00::1]/", "http://192.168.0.1.:80/x"),
        *("file:///etc/passwd", "ftp://files.example/", "javascript:alert(1)", "", "nowhere", "http://u:p@a.example/"),
        *("http://a.example\\@10.0.0.1/", "//a.example/x"),
    ],
)
def test_only_public_web_addresses_are_taken(client: Client, shelf: SearchFixture, url: str) -> None:
    assert post(client, url).status_code == 400
    assert send(client, "/archive", url=url).status_code == 400
    assert asked(shelf) == []


def test_no_more_are_taken_than_can_be_borne(client: Client, shelf: SearchFixture) -> None:
    numbers = [post(client, f"{NEW}-{n}").json()["id"] for n in range(3)]
    answer = post(client, f"{NEW}-3")
    assert (answer.status_code, answer.json()["code"]) == (429, "request.queue_full")
    assert int(answer.headers["retry-after"]) > 0
    for number in numbers:
        settle(shelf, number, Message(FetchOutcome.NEW))
    assert [post(client, f"{NEW}-{n}").status_code for n in range(3, 6)] == [202, 202, 429]
    answer = send(client, "/archive?ui=en", url=f"{NEW}-6")
    assert answer.status_code == 429
    assert "5 addresses have been asked for within an hour" in answer.text
    assert len(asked(shelf)) == 5


def test_what_is_no_request_is_refused(client: Client, shelf: SearchFixture) -> None:
    for body in ("", "[]", "{}", '{"url": 5}', '{"url": null}', "{", "\xff", "[" * 9_000):
        assert client.request("POST", "/api/archive", headers=JSON, content=body).status_code == 400, body[:20]
    assert client.request("POST", "/api/archive", headers=JSON, content="[" * 90_000).status_code == 413
    for path in ("/archive/0", "/archive/x", "/archive/999999", f"/api/archive/{10**30}", "/archive/7/events"):
        assert client.get(path).status_code in {400, 404}, path
    assert asked(shelf) == []


@pytest.mark.parametrize("text", [*HOSTILE, *HOSTILE_URLS])
def test_hostile_texts_are_text(client: Client, shelf: SearchFixture, desk: Desk, text: str) -> None:
    assert_inert(client.get("/archive", params={"url": text}))
    url = f"https://trap.example/{httpx.QueryParams({'a': text[:100]})}"
    number = desk(url, requests.RequestWay.PAGE).id
    settle(shelf, number, Message(FetchReason.FAILED, {"error": text}))
    assert_inert(client.get(f"/archive/{number}"))
    assert_inert(client.get("/archive"))


def test_what_was_erased_is_in_no_list(client: Client, shelf: SearchFixture) -> None:
    from index.archive import erasure

    gone = article("https://asi.example/2026/11/gone", headline="خبر زائل", body="نصه الزائل")
    shelf.archive.write(lambda conn: articles.store(conn, page(gone))).result()
    first, second = post(client, gone.url).json()["id"], post(client, gone.url + "?page=2").json()["id"]
    settle(shelf, first, Message(FetchOutcome.SAME), gone.id)
    settle(shelf, second, Message(FetchReason.HTTP_STATUS, {"status": 404}))

    def forget(conn: Any) -> None:
        found = erasure.find(conn, gone.id)
        erasure.forget(conn, found, datetime.now(UTC))

    shelf.archive.write(forget).result()
    assert [one.url for one in asked(shelf)] == [gone.url + "?page=2"]
    with shelf.archive.read() as conn:
        assert documents.document(conn, gone.id) is None
