"""Whatever a request says, the answer is no fault of ours: every route there is, with values that nobody would type."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import pkgutil
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute, APIRouter

import index.web
from index.archive import saved_searches
from index.warc.store import WarcStore
from index.web.app import create_app
from index.web.auth import PUBLIC_PATHS
from index.web.error_handlers import NOT_CACHED
from tests.support.filled_archive import NOW, SearchFixture, article, fill, newsroom, page
from tests.support.hostile_texts import HOSTILE
from tests.support.web_client import Client, client_of

REQUESTS = 5_000
OURS = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
NUMBERS = [0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 2**200, 10**4_000]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    """The newsroom's articles, one with two versions, and a saved search."""
    edited = [article("https://asi.example/edited", body=body) for body in ("السعر مئة", "السعر مئتان")]
    filled = fill(tmp_path_factory.mktemp("shelf"), map(page, [*newsroom(), *edited]))
    filled.archive.write(lambda conn: saved_searches.add(conn, "خبز", "خبز", NOW)).result()
    yield filled
    filled.close()


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf)


def routes() -> list[APIRoute]:
    """Every route of the page and the API, from the modules that have some."""
    modules = [importlib.import_module(f"index.web.{found.name}") for found in pkgutil.iter_modules(index.web.__path__)]
    held = {id(it): it for module in modules for it in vars(module).values() if isinstance(it, APIRouter)}
    return [route for router in held.values() for route in router.routes if isinstance(route, APIRoute)]


def parameters(dependant: Any) -> list[str]:
    """The names in a query that a route and what it depends on read."""
    inner = [name for one in dependant.dependencies for name in parameters(one)]
    return [one.alias for one in dependant.query_params] + inner


def cursor(*key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).rstrip(b"=").decode()


def values(chance: random.Random, articles: list[str]) -> list[bytes]:
    """A value of each kind: what a route expects, and what it does not."""
    number = chance.choice(NUMBERS)
    sort = chance.choice(["relevance", "newest", "oldest", "changed"])
    key = [chance.choice([*NUMBERS[:9], 1.5, 1e300, float("inf"), float("nan"), "1", None, [], {}]) for _ in range(3)]
    day = f"{chance.choice(['0000', '0001', '1970', '2026', '9999'])}-{chance.choice(['00', '01', '12', '13'])}"
    nested = chance.choice(["[", "(", '{"a":', '"', "-(", "NOT ("]) * chance.choice([1, 100, 10_000])
    texts = [
        *(str(number), f"{number / 7:f}" if number < 2**64 else "1e999"),
        *(cursor(sort, *key[: chance.randrange(4)]), base64.urlsafe_b64encode(nested.encode()).decode()),
        *(day, f"{day}-{chance.choice(['00', '01', '29', '31', '32'])}", nested, sort, "all", "auto", "week", "csv"),
        *(chance.choice(articles), chance.choice(HOSTILE), f"changed:{day}", f"on:{day}-31", "bib", "", "1" * 9_000),
    ]  # fmt: skip
    return [*(text.encode("utf-8", "surrogatepass") for text in texts), bytes(chance.choices(range(256), k=9))]


def fields(route: APIRoute) -> list[str]:
    """The names in the body that a route of the API reads."""
    return [
        name for one in route.dependant.body_params for name in getattr(one.field_info.annotation, "model_fields", ())
    ]


def body(chance: random.Random, route: APIRoute, articles: list[str]) -> bytes:
    """A body for a route of the API: JSON with the names that it reads, or what is none."""
    if chance.random() < 0.1:
        return chance.choice([b"", b"{", b"\xff\xfe", b"[" * 5_000, b'{"a":' * 9_000, b"null", b"NaN"])
    odd = [*NUMBERS, 1.5, float("nan"), float("inf"), True, None, [], {}, [None], [[[]]], "\ud800", "\0", *articles[:9]]
    said = {name: chance.choice([*odd, *HOSTILE]) for name in fields(route) if chance.random() < 0.8}
    return json.dumps(chance.choice([said] * 9 + odd)).encode()


def request(chance: random.Random, route: APIRoute, articles: list[str]) -> tuple[str, str, bytes]:
    """A method, a URL and a body for this route."""

    def part(name: re.Match[str]) -> str:
        if name[0] == "{number}" and chance.random() < 0.5:
            return str(chance.choice(NUMBERS))[:9_000]
        value = chance.choice(values(chance, articles)) if chance.random() < 0.5 else chance.choice(articles).encode()
        return quote(value[:9_000], safe="")

    path = re.sub(r"\{\w+\}", part, route.path)
    names = [*parameters(route.dependant), "ui", "unknown"]
    pairs = [
        f"{chance.choice(names)}={quote(chance.choice(values(chance, articles))[:9_000], safe='')}"
        for _ in range(chance.randrange(5))
    ]
    method = chance.choice(["HEAD", *route.methods, *route.methods])
    sent = body(chance, route, articles) if path.startswith("/api/") else "&".join(pairs).encode()
    return method, path + "?" + "&".join(pairs), sent


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_answered_as_a_fault_of_ours(shelf: SearchFixture, seed: int) -> None:
    chance, ways = random.Random(seed), routes()
    assert len(ways) > 15
    with shelf.archive.read() as conn:
        articles = list(conn.exec_driver_sql("SELECT id FROM articles ORDER BY id LIMIT 20").scalars())
    found: Counter[int] = Counter()

    async def ask() -> None:
        app = create_app(shelf.archive, shelf.engine, raw=WarcStore(shelf.archive.folder / "raw"), token="key")
        app.state.live_seconds = 0  # no answer goes on
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"authorization": "Bearer key"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            for number in range(REQUESTS // 4):
                method, url, sent = request(chance, ways[number % len(ways)], articles)
                content = {"content": sent} if method not in ("GET", "HEAD") else {}
                kind = {"content-type": "application/json"} if url.startswith("/api/") else {}
                answer = await client.request(method, url, headers=OURS | kind, **content)
                found[answer.status_code] += 1
                assert answer.status_code < 500, (method, url[:2_000], answer.text[:500])
                kept = url.partition("?")[0] not in PUBLIC_PATHS and answer.headers.get("cache-control")
                assert kept in (False, NOT_CACHED), (method, url[:2_000], kept)

    asyncio.run(ask())
    assert {200, 303, 400, 404} <= set(found), "some get through to what the routes do"


@pytest.mark.parametrize(
    "number",
    [number for number in NUMBERS if not 0 < number < 2**31],
    ids=lambda number: f"{number:.0e}" if abs(number) < 2**300 else "long",
)
def test_a_number_that_no_row_can_have_is_not_found(client: Client, number: int) -> None:
    assert client.get(f"/feeds/{number}.atom").status_code in {400, 404}
    deleted = client.request("POST", f"/searches/{number}/delete", headers=OURS)
    assert deleted.status_code in {303, 400}, "as for any other search that is not there"


@pytest.mark.parametrize("deep", ["[", '{"a":', "[[],", '["newest",['])
def test_a_cursor_that_is_not_ours_is_refused(client: Client, deep: str) -> None:
    forged = base64.urlsafe_b64encode((deep * 4_000).encode()).rstrip(b"=").decode()[:24_000]
    for path in ("/search", "/api/search"):
        answer = client.get(path, params={"cursor": forged})
        assert answer.status_code == 400, path


@pytest.mark.parametrize(
    "key", [["newest", 1.5], ["relevance", 1.5, 2.5, 3], ["relevance", 1, 2, 1e300], ["newest", True]]
)
def test_a_cursor_of_other_numbers_is_refused(client: Client, key: list[Any]) -> None:
    params = {"q": "حلب", "sort": key[0], "cursor": cursor(*key)}
    assert client.get("/api/search", params=params).status_code == 400
