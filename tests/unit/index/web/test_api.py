"""The API: its description, its answers, its bounds."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from index.archive import documents, site_state
from index.engines import Engine
from index.locale import translate
from index.model.query import Query
from index.model.results import Matches
from index.web import metrics
from index.web.app import create_app
from index.web.metrics import Metrics
from index.web.search_limiter import MAX_CONCURRENT_SEARCHES, SearchLimiter
from index.web.security_headers import HEADERS
from tests.support.filled_archive import NOW, SearchFixture, article, fill, newsroom, page
from tests.support.long_form import LONG, in_both_forms
from tests.support.patience import PATIENCE
from tests.support.web_client import Client, client_of, unreachable
from tests.unit.index.search.query_language.test_parser import SIGNS

FUZZED = 10_000 if LONG else 150


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    """The newsroom's articles, and one that was changed."""
    one = article("https://asi.example/changed", headline="سعر الخبز", body="السعر مئة", country="SY")
    other = article("https://asi.example/changed", headline="سعر الخبز", body="السعر مئتان", country="SY")
    pages = [*map(page, newsroom()), page(one), page(other, NOW + timedelta(hours=1))]
    filled = fill(tmp_path_factory.mktemp("shelf"), pages)
    yield filled
    filled.close()


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf)


def test_answers_are_as_they_are_described(client: Client) -> None:
    told = client.get("/api/openapi.json").json()
    changed = client.get("/api/search", params={"q": "changed:2026"}).json()["hits"][0]["archive"]
    id_ = changed["id"]
    asked = {
        "/api/search": "/api/search?q=حلب OR the&facets=all&histogram=auto",
        "/api/articles/{article}": f"/api/articles/{id_}",
        "/api/articles/{article}/versions": f"/api/articles/{id_}/versions",
        "/api/hash/{content_hash}": f"/api/hash/{changed['contentHash']}",
        "/api/archive": "/api/archive",
        "/api/edits": "/api/edits",
        "/api/sites": "/api/sites",
        "/api/runs": "/api/runs",
        "/api/tags": "/api/tags",
        "/api/collections": "/api/collections",
        "/api/searches": "/api/searches",
    }
    elsewhere = {"/export.{form}", "/api/archive/{number}"}  # test_export.py, test_request_pages.py
    elsewhere |= {f"/api/collections/{{number}}{rest}" for rest in ("", "/articles/{article}")}  # test_annotation_pages
    elsewhere |= {"/api/searches/{number}"}  # test_saved_searches.py
    assert set(told["paths"]) == {*asked, *elsewhere}
    for path, address in asked.items():
        schema = told["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = client.get(address)
        assert answer.status_code == 200
        errors = Draft202012Validator(schema | {"components": told["components"]}).iter_errors(answer.json())
        assert [error.message for error in errors] == []


def test_errors_are_as_they_are_described(client: Client) -> None:
    told = client.get("/api/openapi.json").json()
    operations = {
        "/api/search?facets=nonsense": "/api/search",
        "/api/search?limit=0": "/api/search",
        "/api/search?histogram=year": "/api/search",
        "/api/search?cursor=x": "/api/search",
        f"/api/search?q={'a' * 33_000}": "/api/search",
        "/api/articles/none": "/api/articles/{article}",
        "/api/articles/none/versions": "/api/articles/{article}/versions",
        "/api/runs?limit=x": "/api/runs",
        "/export.csv?sort=best": "/export.{form}",
        "/export.doc": "/export.{form}",
    }
    for address, path in operations.items():
        answer = client.get(address)
        described = told["paths"][path]["get"]["responses"][str(answer.status_code)]
        assert list(described["content"]) == [answer.headers["content-type"]] == ["application/json"], address
        schema = described["content"]["application/json"]["schema"] | {"components": told["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())] == []
        assert answer.json()["code"].startswith("error.")
    assert "ValidationError" not in str(told), "a form of errors that none of ours has"
    page = client.get("/export.doc", headers={"accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")


BODY = {"400", "403", "413", "415"}
ALWAYS = {"401", "414", "421", "500", "503"}


@pytest.mark.parametrize(
    ("method", "path", "others"),
    [
        ("get", "/api/search", {"200", "400"}),
        ("get", "/api/sites", {"200", "400"}),
        ("get", "/api/tags", {"200", "403"}),
        ("get", "/api/articles/{article}", {"200", "308", "404"}),
        ("get", "/api/collections/{number}", {"200", "400", "403", "404"}),
        ("post", "/api/searches", {"201"} | BODY),
        ("patch", "/api/articles/{article}", {"200", "308", "404"} | BODY),
        ("delete", "/api/searches/{number}", {"204", "400", "403", "404"}),
        ("post", "/api/archive", {"202", "429"} | BODY),
        ("get", "/export.{form}", {"200", "400", "403", "404", "501"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_the_answers_that_come_are_described(client: Client, method: str, path: str, others: set[str]) -> None:
    described = client.get("/api/openapi.json").json()["paths"][path][method]["responses"]
    assert set(described) == ALWAYS | others
    errors = [answer["content"] for status, answer in described.items() if status >= "400"]
    assert all(content == {"application/json": {"schema": {"$ref": REF}}} for content in errors)


def test_what_the_description_refers_to_is_there(client: Client) -> None:
    told = client.get("/api/openapi.json")
    refs = set(re.findall(r'"\$ref": ?"([^"]+)"', told.text))
    assert len(refs) > 10
    assert refs <= {f"#/components/schemas/{name}" for name in told.json()["components"]["schemas"]}


REF = "#/components/schemas/Error"


def test_an_error_before_any_route_is_as_it_is_described(client: Client, shelf: SearchFixture) -> None:
    told = client.get("/api/openapi.json").json()
    locked = client_of(shelf, token="secret")
    long, form = "x" * 200_000, {"content-type": "text/plain"}
    answers = {
        401: [locked.get("/api/search"), locked.get("/export.csv"), locked.request("PATCH", "/api/articles/a")],
        413: [client.request("POST", "/api/searches", json={"name": "a", "query": long})],
        415: [client.request("POST", "/api/searches", content="{}", headers=form)],
        421: [client.get(path, headers={"host": "evil.example"}) for path in ("/api/search", "/export.csv")],
    }
    for status, several in answers.items():
        for answer in several:
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
            schema = {"$ref": REF, "components": told["components"]}
            assert [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())] == []
            assert answer.json()["error"] != answer.json()["code"]


def test_facets_are_an_enumeration(client: Client) -> None:
    told = client.get("/api/openapi.json").json()
    (facets,) = (one for one in told["paths"]["/api/search"]["get"]["parameters"] if one["name"] == "facets")
    assert "author" in str(facets["schema"])
    for form in ("facets=site,language", "facets=site&facets=language"):
        assert set(client.get(f"/api/search?{form}").json()["facets"]) == {"site", "language"}


def test_counts_by_facets_and_over_time(client: Client) -> None:
    answer = client.get("/api/search", params={"q": "copies:yes", "facets": "site,language", "histogram": "day"}).json()
    assert set(answer["facets"]) == {"site", "language"}
    assert sum(one["count"] for one in answer["facets"]["site"]) == answer["total"]
    assert answer["facets"]["site"][0]["value"] == "asi"
    assert answer["histogram"]["unit"] == "day"
    assert sum(bar["count"] for bar in answer["histogram"]["counts"]) == answer["total"]
    assert "facets" not in client.get("/api/search").json()
    assert client.get("/api/search?histogram=year").status_code == 400
    unknown = client.get("/api/search?facets=site,nonsense")
    assert unknown.status_code == 400
    assert "nonsense is not one of them: give any of site, country" in unknown.json()["error"]


def test_versions_of_an_article_and_the_search_in_them(client: Client) -> None:
    assert client.get("/api/search", params={"q": '"السعر مئة"'}).json()["total"] == 0
    answer = client.get("/api/search", params={"q": '"السعر مئة" versions:yes'}).json()
    (hit,) = answer["hits"]
    assert (hit["archive"]["number"], hit["archive"]["current"]) == (1, False)
    assert any(piece["marked"] for piece in hit["snippets"][0])
    versions = client.get(f"/api/articles/{hit['archive']['id']}/versions").json()
    assert [(one["number"], one["article"]["articleBody"]) for one in versions] == [
        (1, "السعر مئة"),
        (2, "السعر مئتان"),
    ]
    assert client.get("/api/articles/none/versions").status_code == 404


def test_problems_of_a_query_are_told_in_both_languages(client: Client) -> None:
    (problem,) = client.get("/api/search", params={"q": "خبز after:soon"}).json()["problems"]
    assert (problem["key"], problem["at"], problem["end"]) == ("date", 10, 14)
    assert problem["en"] == translate("query.date", "en", given="soon")
    assert "soon" in problem["ar"]


def test_a_search_that_found_nothing_suggests_one_that_does(client: Client) -> None:
    answer = client.get("/api/search", params={"q": "البوكمالن"}).json()
    assert (answer["total"], answer["suggestion"]) == (0, "البوكمال")
    assert client.get("/api/search", params={"q": answer["suggestion"]}).json()["total"] > 0
    for q in ("البوكمال", "زققثص", "", "site:nosuch"):
        assert "suggestion" not in client.get("/api/search", params={"q": q}).json()


# --- whether it is well ----------------------------------------------------------------------------------------------


def test_sites_come_by_pages(client: Client) -> None:
    every = client.get("/api/sites").json()
    assert len(every) == 8
    found, after = [], ""
    while page := client.get("/api/sites", params={"limit": 3, "after": after}).json():
        assert len(page) <= 3
        found += page
        after = page[-1]["id"]
    assert found == every
    assert client.get("/api/sites?limit=0").status_code == 400


def test_of_many_sites_metrics_count(client: Client, shelf: SearchFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "EACH", 2)
    shelf.archive.write(lambda conn: site_state.put(conn, "asi", failures=3)).result()
    lines = client.get("/metrics").text.splitlines()
    shelf.archive.write(lambda conn: site_state.put(conn, "asi", failures=0)).result()
    series = {line.rpartition(" ")[0] for line in lines if line.startswith("arshif_site")}
    assert series == {
        'arshif_sites{state="failing"}', 'arshif_sites{state="ok"}', 'arshif_site_failures{site="asi"}',
        'arshif_site_state{site="asi",state="failing"}', 'arshif_site_last_success_seconds{site="asi"}',
        'arshif_site_last_success_seconds{site=""}',
    }  # fmt: skip
    with shelf.archive.read() as conn:
        assert f'arshif_articles{{site=""}} {documents.count(conn)}.0' in lines


def test_readiness_and_metrics(client: Client, shelf: SearchFixture) -> None:
    assert client.get("/readyz").text == "ok\n"
    client.get("/api/search?q=حلب")
    lines = client.get("/metrics").text.splitlines()
    assert 'arshif_articles{site="asi"} 26.0' in lines
    assert 'arshif_site_state{site="asi",state="ok"} 1.0' in lines
    assert 'arshif_sites{state="ok"} 8.0' in lines
    assert 'arshif_outbox_pending{engine="embedded",state="current"} 0.0' in lines
    assert any(line.startswith("arshif_search_seconds_count ") and not line.endswith(" 0.0") for line in lines)
    away = client_of(SearchFixture(shelf.archive, unreachable()))
    assert away.get("/readyz").status_code == 503
    assert away.get("/metrics").status_code == away.get("/healthz").status_code == 200


class HeldEngine:
    """An engine whose searches wait until they are let go, and which counts those that came."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.let_go, self.came = engine, threading.Event(), 0

    def search(self, query: Query) -> Matches:
        self.came += 1
        self.let_go.wait()
        return self.engine.search(query)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


def test_a_search_that_finds_no_turn_is_told_when_to_come_again(shelf: SearchFixture) -> None:
    held = HeldEngine(shelf.engine)
    app = create_app(shelf.archive, held)  # type: ignore[arg-type]
    app.state.searches = SearchLimiter(Metrics(shelf.archive).searches, at_once=2, wait=0.05)

    async def ask() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            first = [asyncio.ensure_future(client.get("/api/search")) for _ in range(2)]
            while held.came < 2:
                await asyncio.sleep(0.01)
            for path in ("/api/search", "/search", "/search?ui=ar"):
                refused = await client.get(path)
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "10"), path
            held.let_go.set()
            assert {(await one).status_code for one in first} == {200}
            assert (await client.get("/api/search")).json()["total"] > 60, "a turn is given back"

    asyncio.run(ask())
    assert held.came == 3


def test_more_requests_than_can_be_answered_are_told_when_to_come_again(shelf: SearchFixture) -> None:
    held = HeldEngine(shelf.engine)
    app = create_app(shelf.archive, held, token="key")  # type: ignore[arg-type]
    app.most_requests = 3  # type: ignore[attr-defined]

    async def ask() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"authorization": "Bearer key"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            waiting = [asyncio.ensure_future(client.get("/api/search")) for _ in range(3)]
            while held.came < 3:
                await asyncio.sleep(0.01)
            for path in (
                "/api/search",
                "/search?ui=ar",
                "/articles/x",
                "/static/arshif.css",
                "/export.csv",
                "/metrics",
            ):
                refused = await client.get(path)
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "10"), path
                assert HEADERS.items() <= dict(refused.headers).items()
                assert "no-store" in refused.headers.get("cache-control", "") or path.startswith("/static/")
            assert (await client.get("/healthz")).text == "ok\n"
            held.let_go.set()
            assert {(await one).status_code for one in waiting} == {200}
            assert (await client.get("/")).status_code == 200, "a turn is given back"

    asyncio.run(ask())


def test_other_pages_are_answered_while_many_searches_wait(shelf: SearchFixture) -> None:
    held = HeldEngine(shelf.engine)
    app = create_app(shelf.archive, held)  # type: ignore[arg-type]
    app.state.searches = SearchLimiter(Metrics(shelf.archive).searches, wait=PATIENCE)

    async def ask() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=PATIENCE) as client:
            paths = ("/api/search", "/search", "/api/search?facets=all")
            waiting = [asyncio.ensure_future(client.get(paths[n % 3])) for n in range(120)]
            while held.came < MAX_CONCURRENT_SEARCHES:
                await asyncio.sleep(0.01)
            for path in ("/healthz", "/", "/sites", "/articles/x", "/metrics"):
                assert (await client.get(path)).status_code == (404 if path == "/articles/x" else 200), path
            assert not any(one.done() for one in waiting), "they still wait, and held up none of these"
            held.let_go.set()
            assert {(await one).status_code for one in waiting} == {200}

    asyncio.run(ask())


@in_both_forms
def test_fuzzed_queries_are_answered(shelf: SearchFixture) -> None:
    """FUZZED of them, with whatever else an address may say: no fault of ours, and no answer but 200 and 400."""
    chance = random.Random(6)
    texts = ["".join(chance.choices(SIGNS, k=chance.randrange(1, 30))) for _ in range(FUZZED // 2)]
    letters = [*range(32, 127), *range(0x600, 0x700), *chance.sample(range(0xD000), 300)]
    texts += ["".join(map(chr, chance.choices(letters, k=chance.randrange(1, 60)))) for _ in range(FUZZED - len(texts))]
    found: Counter[int] = Counter()

    async def ask() -> None:
        transport = httpx.ASGITransport(create_app(shelf.archive, shelf.engine), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for text in texts:
                more = {
                    "sort": chance.choice(("relevance", "newest", "changed", "?")),
                    "limit": chance.randrange(-1, 12),
                }
                if chance.random() < 0.1:
                    more |= {"facets": "all", "histogram": "auto", "cursor": chance.choice(("", "W10", text))}
                found[(await client.get("/api/search", params={"q": text, **more})).status_code] += 1

    asyncio.run(ask())
    assert set(found) == {200, 400}
    assert found[200] > FUZZED / 2
