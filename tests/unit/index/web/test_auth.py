"""The page behind a token: who is let in, and where it may be served at all."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from index.archive import saved_searches
from index.errors import ArshifError
from index.web.auth import COOKIE, cookie_value
from index.web.bind import bind_socket
from index.web.security_headers import HEADERS
from tests.support.filled_archive import SearchFixture, fill, newsroom, page
from tests.support.web_client import Client, client_of, tree
from tests.unit.index.web.test_security_headers import assert_inert

TOKEN = "correct horse battery staple"
PATHS = (
    "/",
    "/search?q=حلب",
    "/sites",
    "/edits",
    "/edits.atom",
    "/runs",
    "/articles/x",
    "/articles/x/copy/page",
    "/nothing",
)
FOR_PROGRAMS = ("/api/search?q=a", "/api/openapi.json", "/api/nothing", "/export.csv", "/metrics")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    filled = fill(tmp_path_factory.mktemp("shelf"), map(page, list(newsroom())[:5]))
    yield filled
    filled.close()


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf, token=TOKEN)


def test_programs_send_the_token(client: Client) -> None:
    for path in FOR_PROGRAMS:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
        assert all(answer.headers[name] == value for name, value in HEADERS.items())
        for wrong in (
            "Bearer",
            "Bearer x",
            f"Basic {TOKEN}",
            f"Bearer {TOKEN}x",
            f"Bearer {cookie_value(TOKEN)}",
            "\xff",
        ):
            assert client.get(path, headers={"authorization": wrong.encode("latin-1")}).status_code == 401, wrong
        answer = client.get(path, headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == (404 if "nothing" in path else 200), path


def test_feed_readers_send_it_as_a_password(client: Client) -> None:
    answer = client.get("/feeds/1.atom")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="Arshif"')
    for name, status in ((f"reader:{TOKEN}", 404), (f":{TOKEN}", 404), (TOKEN, 401), ("a:b", 401), ("\xff", 401)):
        basic = base64.b64encode(name.encode("latin-1")).decode()
        assert client.get("/feeds/1.atom", headers={"authorization": f"Basic {basic}"}).status_code == status, name


def test_the_description_says_that_a_token_is_wanted(client: Client, shelf: SearchFixture) -> None:
    told = client.get("/api/openapi.json", headers={"authorization": f"Bearer {TOKEN}"}).json()
    assert told["components"]["securitySchemes"] == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}
    operations = [operation for way in told["paths"].values() for operation in way.values()]
    assert all(operation["security"] == [{"HTTPBearer": []}] for operation in operations)
    assert "securitySchemes" not in client_of(shelf).get("/api/openapi.json").json()["components"]


def test_a_browser_is_sent_to_the_form_and_back(client: Client) -> None:
    for path in PATHS:
        answer = client.get(path)
        assert answer.status_code == 303, path
        assert urlsplit(answer.headers["location"]).path == "/login"
    asked = client.get("/search?q=حلب&sort=newest").headers["location"]
    form = client.get(asked + "&ui=ar")
    assert form.status_code == 200
    assert_inert(form)
    (target,) = tree(form).xpath("//input[@name='next']/@value")
    answer = client.request("POST", "/login", data={"token": TOKEN, "next": target})
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"q": ["حلب"], "sort": ["newest"]}
    (cookie,) = answer.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    kept = cookie.partition(";")[0]
    assert client.get(answer.headers["location"], headers={"cookie": kept}).status_code == 200
    assert client.get("/api/sites", headers={"cookie": f"a=b; {kept}"}).status_code == 200


def test_a_form_without_the_token_changes_nothing_and_leads_to_the_form_for_it(
    client: Client, shelf: SearchFixture
) -> None:
    came_from = {"referer": "http://localhost:8000/search?q=a&ui=ar", "sec-fetch-site": "same-origin"}
    body = {"name": "a", "query": "a"}
    answer = client.request("POST", "/searches?ui=en", headers={**came_from, "accept": "text/html,*/*;q=.8"}, data=body)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "Nothing was changed" in tree(answer).cssselect("[role=alert]")[0].text_content()
    assert tree(answer).xpath("//input[@name='next']/@value") == ["/search?q=a&ui=ar"]
    program = client.request("POST", "/searches", headers=came_from, data=body)
    assert (program.status_code, program.json()["code"]) == (401, "error.token")
    api = client.request("POST", "/api/searches", headers={"accept": "text/html"}, json=body)
    assert (api.status_code, api.json()["code"]) == (401, "error.token")
    with shelf.archive.read() as conn:
        assert saved_searches.all_saved(conn) == []


def test_a_wrong_token_is_asked_for_again(client: Client) -> None:
    many = {"token": TOKEN} | {f"f{n}": "x" for n in range(20)}
    for form in (
        {"token": "x"},
        {"token": ""},
        {},
        {"token": TOKEN[:-1]},
        {"token": "ء"},
        {"token": "x" * 50_000},
        many,
    ):
        answer = client.request("POST", "/login", data=form)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert tree(answer).cssselect("[role=alert]")
    for cookie in (f"{COOKIE}={TOKEN}", f"{COOKIE}=", f"{COOKIE}={cookie_value(TOKEN)}0", "x" * 20_000, '"; a[=b'):
        assert client.get("/", headers={"cookie": cookie}).status_code == 303


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\r\nx: y", "", "x"]
)
def test_the_form_leads_to_our_own_pages_only(client: Client, target: str) -> None:
    answer = client.request("POST", "/login", data={"token": TOKEN, "next": target})
    assert answer.headers["location"] == "/"


def test_what_says_nothing_of_the_archive_is_open(client: Client) -> None:
    for path in ("/healthz", "/readyz", "/login", "/static/arshif.css"):
        assert client.get(path).status_code == 200
    for path in ("/static/..%2fapi/sites", "/login/", "//static/x", "/healthz/x"):
        assert client.get(path).status_code in {303, 401, 404}


def test_no_cache_keeps_what_is_behind_the_token(client: Client) -> None:
    with_token = {"authorization": f"Bearer {TOKEN}"}
    id_ = client.get("/api/search", headers=with_token).json()["hits"][0]["archive"]["id"]
    pages = ("", "/diff", "/copy", "/cite.bib", "/cite.ris", "/cite.nothing")
    article = [*(f"/articles/{id_}{page}" for page in pages), f"/api/articles/{id_}", f"/api/articles/{id_}/versions"]
    for path in (*PATHS, *FOR_PROGRAMS, "/feeds/1.atom", "/opensearch.xml", "/searches", "/api/runs", *article):
        for headers in (with_token, {}):
            for method in ("GET", "HEAD", "OPTIONS"):
                answer = client.request(method, path, headers=headers)
                assert answer.headers.get_list("cache-control") == ["private, no-store"], (method, path, headers)
    elsewhere = client.get("/articles/x", headers={"host": "elsewhere.example"})
    assert (elsewhere.status_code, elsewhere.headers["cache-control"]) == (421, "private, no-store")
    entered = client.request("POST", "/login", data={"token": TOKEN})
    assert (entered.status_code, entered.headers["cache-control"]) == (303, "no-store"), "a cookie is in it"
    assert "no-store" not in client.get("/static/arshif.css").headers["cache-control"], "which says nothing of it"


def test_without_a_token_there_is_no_form(shelf: SearchFixture) -> None:
    assert client_of(shelf).get("/login").status_code == 404
    assert client_of(shelf).request("POST", "/login", data={"token": ""}).status_code in {404, 405}


def test_it_is_served_elsewhere_with_a_token_only() -> None:
    with pytest.raises(ArshifError, match=r"web\.token"):
        bind_socket("0.0.0.0", 0)
    with bind_socket("0.0.0.0", 0, TOKEN) as listener:
        assert listener.getsockname()[1]
    with bind_socket("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1]


def test_names_of_the_settings_are_answered(shelf: SearchFixture) -> None:
    client = client_of(shelf, token=TOKEN, hosts=["0.0.0.0", "news.example.org"])
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert client.get("/", headers={"host": "News.Example.org:8443", **bearer}).status_code == 200
    assert client.get("/", headers={"host": "evil.example", **bearer}).status_code == 421
