"""The page of runs: what is running, and how the page learns of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.archive import runs
from index.model.codes import RunStatus
from index.web import live
from index.web.app import create_app
from tests.support.filled_archive import NOW, SearchFixture, fill
from tests.support.patience import PATIENCE
from tests.support.web_client import Client, text_of, tree


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[SearchFixture]:
    """A run that is done, and one of three sites that goes on; one site has ended."""
    filled = fill(tmp_path, [])

    def begin(conn: Any) -> None:
        run = runs.start(conn, ["asi", "mina", "phare"], NOW, owner="test")
        runs.add(conn, run, "asi", discovered=7, stored=2)
        runs.end_site(conn, run, "asi", RunStatus.OK)

    filled.archive.write(begin).result()
    yield filled
    filled.close()


@pytest.fixture
def client(shelf: SearchFixture) -> Client:
    app = create_app(shelf.archive, shelf.engine)
    app.state.live_seconds = 0  # one look, and no more
    return Client(app)


@pytest.mark.parametrize(
    ("ui", "told"),
    [("en", "1 of 3 sites done · 7 found · 2 new"), ("ar", "اكتمل 1 من 3 مواقع · المكتشفة 7 · الجديدة 2")],
)
def test_what_is_running_has_a_bar(client: Client, ui: str, told: str) -> None:
    (going,) = tree(client.get(f"/runs?ui={ui}")).cssselect(".going")
    assert text_of(going) == told
    (bar,) = going.cssselect("progress")
    assert (bar.get("value"), bar.get("max")) == ("1", "3")
    assert bar.get("aria-label")


def test_the_list_comes_as_an_event_once_it_is_another(client: Client, shelf: SearchFixture) -> None:
    link = tree(client.get("/runs?ui=en")).cssselect("[data-live]")[0].get("data-live")
    quiet = client.get(link)
    assert quiet.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert quiet.text == "retry: 2000\n\n"
    shelf.archive.write(lambda conn: runs.finish(conn, 2, RunStatus.OK, NOW)).result()
    news = client.get(link).text
    data = "\n".join(re.findall(r"^data: (.*)$", news, re.MULTILINE))
    page = client.get("/runs?ui=en").text
    assert "<progress" not in data
    assert data.strip() in page  # what the page itself has now
    assert news.endswith("\n\n")


def test_an_event_is_in_the_pages_language(client: Client) -> None:
    assert "الجولة" in client.get("/runs/events?ui=ar").text


def test_one_reader_too_many_is_told_not_to_come_back(client: Client) -> None:
    client.app.state.live = live.MAX_LIVE
    assert client.get("/runs/events").status_code == 204
    client.app.state.live = 0
    assert client.get("/runs/events").status_code == 200
    assert client.app.state.live == 0


def test_a_reader_who_leaves_is_let_go(shelf: SearchFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.01)
    app = create_app(shelf.archive, shelf.engine)

    async def leave() -> None:
        sent: list[dict[str, Any]] = []
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if len(sent) > 2:  # the head, `retry` and the list
                assert app.state.live == 1
                gone.set()

        headers = [(b"host", b"localhost")]
        scope = httpx_scope("/runs/events", headers)
        await asyncio.wait_for(app(scope, receive, send), PATIENCE)
        assert app.state.live == 0

    asyncio.run(leave())


def httpx_scope(path: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """The scope of a GET request, as ASGI has it."""
    url = httpx.URL(f"http://localhost{path}")
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": url.path, "raw_path": url.raw_path, "query_string": url.query, "headers": headers, "root_path": "",
        "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
