"""What an answer that refuses a request says of the address, and how it leads on: back, or by the form as sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest
from starlette.types import Message

from tests.support.filled_archive import fill, newsroom, page
from tests.support.web_client import Client, client_of, tree

OURS = {"sec-fetch-site": "same-origin"}
FORM = OURS | {"content-type": "application/x-www-form-urlencoded"}
KNOWN = next(newsroom())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    shelf = fill(tmp_path_factory.mktemp("shelf"), [page(KNOWN)])
    yield client_of(shelf)
    shelf.close()


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/search", {"GET", "HEAD"}),
        ("/api/archive", {"GET", "HEAD", "POST"}),
        ("/searches", {"GET", "HEAD", "POST"}),
        ("/searches/1/delete", {"POST"}),
        ("/static/search.css", {"GET", "HEAD"}),
    ],
)
def test_the_allowed_methods_are_those_of_all_routes_of_the_address(
    client: Client, path: str, allowed: set[str]
) -> None:
    answer = client.request("DELETE", path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/searches", "/api/searches", "/archive", "/api/archive", "/add-site"])
def test_a_client_that_leaves_within_its_request_is_no_fault_of_ours(client: Client, path: str) -> None:
    came: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"name=a", "more_body": True}, {"type": "http.disconnect"}]
    )
    sent = []

    async def receive() -> Message:
        return next(came)

    async def send(message: Message) -> None:
        sent.append(message)

    about = {**FORM, "host": "localhost"} | ({"content-type": "application/json"} if "/api/" in path else {})
    headers = [(name.encode(), value.encode()) for name, value in about.items()]
    where = {"path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    asyncio.run(client.app({"type": "http", "http_version": "1.1", "method": "POST", **where}, receive, send))
    assert sent[0]["status"] == 400


LONG = "ملاحظة " * 2_000
REFUSED = [  # a form, the language, and what is to be mended in it
    ("/searches", {"name": "قمح " * 40, "query": "سعر <b>", "digest": "day", "ui": "ar"}, {"الاسم": "name"}),
    ("/collections", {"name": "a" * 200, "ui": "en"}, {"Name": "name"}),
    (f"/articles/{KNOWN.id}/note", {"note": LONG, "ui": "ar"}, {"ملاحظة": "note"}),
    (f"/articles/{KNOWN.id}/tags", {"tags": "t" * 99, "ui": "en"}, {"Tags": "tags"}),
    ("/selection", {"name": "a" * 200, "id": KNOWN.id, "ui": "ar"}, {"الاسم": "name"}),
]


@pytest.mark.parametrize(("path", "sent", "mended"), REFUSED, ids=[path.split("/")[-1] for path, _, _ in REFUSED])
def test_a_form_that_is_refused_comes_again_as_it_was_sent(
    client: Client, path: str, sent: dict[str, str], mended: dict[str, str]
) -> None:
    came_from = f"http://localhost:8000/search?q=a&ui={sent['ui']}"
    answer = client.request("POST", path, headers={**FORM, "referer": came_from}, content=urlencode(sent))
    assert answer.status_code == 400
    (form,) = tree(answer).cssselect("main form")
    assert (form.get("action"), form.get("method")) == (path, "post")
    assert dict(form.fields) == sent
    assert {label.text_content().removesuffix(LONG): label.cssselect("input, textarea")[0].get("name")
            for label in form.cssselect("label")} == mended  # fmt: skip
    assert [one.get("aria-describedby") for one in form.cssselect("[aria-invalid]")] == ["mistake"]
    assert len(tree(answer).cssselect("[role=alert] #mistake")) == 1
    assert hrefs(answer) == [f"/search?q=a&ui={sent['ui']}"]


@pytest.mark.parametrize(
    ("method", "path", "referer", "leads"),
    [
        ("GET", "/articles/none", "http://localhost:8000/search?q=%D9%82%D9%85%D8%AD", "/search?q=%D9%82%D9%85%D8%AD"),
        ("GET", "/nothing", "http://LOCALHOST:8000/sites", "/sites"),
        ("GET", "/nothing?a=1", "http://localhost:8000/nothing?a=1", "/"),
        ("GET", "/nothing", "http://localhost:8000//evil.example/", "/"),
        ("GET", "/nothing", "http://localhost:8000/searches/1/delete", "/"),
        ("GET", "/nothing", "http://evil.example/search?q=a", "/"),
        ("GET", "/nothing", "http://localhost:80\x5b/", "/"),
        ("GET", "/edits?since=never", "", "/"),
        ("POST", f"/articles/{KNOWN.id}/tags", "", f"/articles/{KNOWN.id}"),
        ("POST", "/searches/7", "http://localhost:8000/searches?ui=ar", "/searches?ui=ar"),
        ("POST", "/selection", "", "/"),
    ],
)  # fmt: skip
def test_what_is_refused_leads_back_to_where_it_came_from(
    client: Client, method: str, path: str, referer: str, leads: str
) -> None:
    answer = client.request(method, path, headers={**FORM, "referer": referer}, content="tags=" + "t" * 99)
    assert answer.status_code in {400, 404}
    assert hrefs(answer) == [leads]
    if method == "POST" and not path.endswith("/tags"):
        assert tree(answer).cssselect("main form") == [], "there is nothing to be mended in it"


def test_a_program_is_sent_no_page(client: Client) -> None:
    answer = client.get("/api/articles/none", headers={"referer": "http://localhost:8000/search?q=a"})
    assert answer.json()["code"] == "error.no_article"


def hrefs(answer: httpx.Response) -> list[str]:
    """Where the button of a refusal leads."""
    return [link.get("href") for link in tree(answer).cssselect("main a.button")]
