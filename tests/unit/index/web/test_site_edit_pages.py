"""Sites added and changed on the page: what a preview shows, what is asked and refused, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from crawler.config import Config, load, refreshed
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.site_desk import SiteDesk
from index.archive import erasure, runs, site_previews
from index.archive import tables as t
from index.model.message import Message
from tests.support import previews
from tests.support.filled_archive import SearchFixture, fill, newsroom, page
from tests.support.hostile_texts import HOSTILE
from tests.support.newspaper import configured
from tests.support.web_client import Client, client_of, text_of, tree
from tests.unit.index.web.test_auth import TOKEN
from tests.unit.index.web.test_security_headers import assert_inert

OURS = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    filled = fill(tmp_path_factory.mktemp("shelf"), map(page, list(newsroom())[:5]))
    yield filled
    filled.close()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configured(tmp_path)


@pytest.fixture
def client(shelf: SearchFixture, config: Config) -> Client:
    def empty(conn: Any) -> None:
        conn.execute(delete(t.site_previews))
        conn.execute(delete(t.forgotten))
        conn.execute(delete(t.sites).where(t.sites.c.id.in_(("paper", "village"))))

    shelf.archive.write(empty).result()
    return client_of(shelf, site_desk=SiteDesk(config, shelf.archive), site_files=config.site_files)


def send(client: Client, path: str, headers: dict[str, str] = OURS, **fields: str) -> httpx.Response:
    return client.request("POST", path, headers=headers, content=str(httpx.QueryParams(fields)))


def looked(client: Client, shelf: SearchFixture, **fields: Any) -> str:
    """The page of a preview that is done."""
    path = send(client, "/add-site", url="village.example").headers["location"]
    number = int(path.rpartition("/")[2])
    shelf.archive.write(lambda conn: previews.settle(conn, number, **fields)).result()
    return str(path)


def test_a_site_is_looked_at_shown_and_added(client: Client, shelf: SearchFixture, config: Config) -> None:
    assert tree(client.get("/sites?ui=en")).cssselect("a[href^='/add-site']")
    filled = tree(client.get("/add-site?ui=en&url=village.example")).cssselect("form[action='/add-site'] input")
    fields = {field.get("name"): field.get("value") for field in filled}
    assert fields == {"ui": "en", "url": "village.example"}
    path = send(client, "/add-site", **fields).headers["location"]
    number = int(path.partition("?")[0].rpartition("/")[2])
    assert "begins in a few seconds" in client.get(path).text
    live = tree(client.get(path)).cssselect("[data-live]")[0].get("data-live")

    def begin(conn: Any) -> None:
        site_previews.claim(conn, number, runs.start(conn, [], datetime.now(UTC), owner="test"))
        step = Message(ProposalMessage.REQUEST, {"n": 7, "url": previews.HOME})
        site_previews.record_step(conn, number, step)

    shelf.archive.write(begin).result()
    assert "request 7: https://village.example/" in text_of(tree(client.get(path)).cssselect("[role=status]")[0])
    shelf.archive.write(lambda conn: previews.settle(conn, number)).result()
    shown = tree(client.get(path))
    told = text_of(shown.cssselect("#preview")[0])
    for text in ("أخبار القرية", "فتح طريق القرية", "فقرة ثانية منه.", "HTTP 500", "about 3 articles a day", "repeats"):
        assert text in told, text
    client.app.state.live_seconds = 0  # one look, and no more
    assert "فتح طريق القرية" in client.get(live).text, "the page that knew less is told"
    assert client.get(shown.cssselect("[data-live]")[0].get("data-live")).status_code == 204
    (form,) = shown.cssselect("#preview form")
    sent = {field.get("name"): field.get("value") or field.text for field in form.cssselect("input, textarea")}
    assert sent.keys() == {"ui", "id", "file"}
    answer = send(client, form.get("action"), **sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sites/village?ui=en")
    assert load(config.directory).sites["village"].name == "أخبار القرية"
    site = tree(client.get("/sites/village?ui=en"))
    assert text_of(site.cssselect("h1")[0]) == "أخبار القرية"
    assert "not crawled yet" in text_of(site.cssselect(".facts-of")[0])


def test_what_is_wrong_with_a_file_is_told_and_nothing_is_lost(client: Client, shelf: SearchFixture) -> None:
    path = looked(client, shelf)
    answer = send(client, f"{path}?ui=en", id="Village", file="name: x")
    assert answer.status_code == 400
    shown = tree(answer)
    assert "'Village' is not an id" in text_of(shown.cssselect("#mistake")[0])
    assert shown.cssselect("input[name=id]")[0].get("value") == "Village"
    answer = send(client, f"{path}?ui=ar", id="village", file="# mine\nname: x\n")
    shown = tree(answer)
    assert "صحّح هذا في الملف" in text_of(shown.cssselect("#mistake")[0])
    told = text_of(shown.cssselect("#mistake")[0])
    assert "\u2068village.yaml:1\u2069: \u2068homepage\u2069: غير مكتوب: صفحته الرئيسية" in told
    assert shown.cssselect("textarea")[0].text.strip() == "# mine\nname: x"
    assert not shown.cssselect("[data-live]"), "nothing replaces what was typed"
    assert client.get("/sites/village").status_code == 404


def test_an_address_that_cannot_be_looked_at_is_told(client: Client, shelf: SearchFixture) -> None:
    for given, told in (("nowhere", "is not the address"), ("http://127.0.0.1/", "not a public address")):
        answer = send(client, "/add-site?ui=en", url=given)
        assert answer.status_code == 400
        assert told in text_of(tree(answer).cssselect("[role=alert]")[0])
        assert tree(answer).cssselect("input[name=url]")[0].get("value") == given
    assert "موجود من قبل باسم" in send(client, "/add-site?ui=ar", url="paper.example").text
    path = send(client, "/add-site", url="silent.example").headers["location"]
    number = int(path.rpartition("/")[2])
    problem = Message(ProposalMessage.HOME_STATUS, {"url": "https://silent.example/", "status": 503})
    shelf.archive.write(lambda conn: site_previews.fail(conn, number, problem, datetime.now(UTC))).result()
    assert "answered HTTP 503" in text_of(tree(client.get(f"{path}?ui=en")).cssselect("[role=alert]")[0])
    for n in range(5):
        send(client, "/add-site", url=f"site{n}.example")
    answer = send(client, "/add-site", url="more.example")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "300")


def test_a_site_is_switched_and_scheduled_on_its_page(client: Client, shelf: SearchFixture, config: Config) -> None:
    listed = tree(client.get("/sites?ui=en&find=paper")).cssselect("tbody tr")
    assert [text_of(row.cssselect("th a")[0]) for row in listed] == ["The Paper"], "though it was never crawled"
    off, schedule = tree(client.get("/sites/paper?ui=en")).cssselect("section.change form")
    assert text_of(off.cssselect("button")[0]) == "Switch off"
    assert send(client, off.get("action"), ui="en").headers["location"] == "/sites/paper?ui=en"
    assert not refreshed(config, shelf.archive).sites["paper"].enabled
    on = tree(client.get("/sites/paper?ui=en")).cssselect("section.change form")[0]
    fields = {field.get("name"): field.get("value") for field in on.cssselect("input")}
    send(client, on.get("action"), **fields)
    assert refreshed(config, shelf.archive).sites["paper"].enabled
    send(client, schedule.get("action"), kind="every", every="45", cron="ignored")
    assert refreshed(config, shelf.archive).sites["paper"].schedule.every == 45
    form = tree(client.get("/sites/paper")).cssselect("form.schedule")[0]
    assert [one.get("value") for one in form.cssselect("input[checked]")] == ["every"]
    assert form.cssselect("input[name=every]")[0].get("value") == "45"
    answer = send(client, f"{schedule.get('action')}?ui=ar", kind="cron", cron="daily")
    assert answer.status_code == 400
    assert "ليس خمس خانات crontab" in answer.text
    assert refreshed(config, shelf.archive).sites["paper"].schedule.every == 45
    assert "45" in client.get("/sites/paper").text
    assert send(client, "/sites/nosuch/switch").status_code == 400


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}], ids=str)
def test_a_page_of_another_site_changes_nothing(
    client: Client, shelf: SearchFixture, config: Config, headers: dict[str, str]
) -> None:
    path = looked(client, shelf)
    form = {"content-type": OURS["content-type"]} | headers
    for to in ("/add-site", path, "/sites/paper/switch", "/sites/paper/schedule"):
        assert send(client, to, form, url="other.example", id="a", kind="every", every="5").status_code == 403, to
    assert not (config.directory / "sites.local").exists()
    with shelf.archive.read() as conn:
        assert site_previews.next_waiting(conn) is None


def test_a_server_that_others_reach_without_a_token_changes_no_site(
    client: Client, shelf: SearchFixture, config: Config
) -> None:
    path = looked(client, shelf)
    desk = SiteDesk(config, shelf.archive)
    open_to_all = client_of(shelf, site_desk=desk, hosts=["news.example"])
    for to in ("/add-site", path, "/sites/asi/switch", "/sites/asi/schedule"):
        assert send(open_to_all, to, url="other.example").status_code == 403, to
    assert open_to_all.get(path).status_code == 403
    assert "cannot be changed on this server" in open_to_all.get("/add-site?ui=en").text
    assert not tree(open_to_all.get("/sites")).cssselect("a[href^='/add-site']")
    assert not tree(open_to_all.get("/sites/asi")).cssselect("section.change")
    held = client_of(shelf, site_desk=desk, hosts=["news.example"], token=TOKEN)
    assert send(held, "/sites/paper/switch").status_code == 401
    assert held.get("/add-site").status_code == 303
    assert not (config.directory / "sites.local").exists()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_text(client: Client, shelf: SearchFixture, text: str) -> None:
    path = looked(client, shelf, headline=text or "x", body=text, section=text, authors=(text,), description=text)
    assert_inert(client.get(path))
    assert_inert(send(client, path, id=text[:60], file=text))
    assert_inert(send(client, "/add-site", url=text))
    assert_inert(send(client, "/sites/paper/schedule", kind="cron", cron=text))


def test_what_was_erased_is_in_no_preview(client: Client, shelf: SearchFixture) -> None:
    path = looked(client, shelf)
    gone = next(newsroom())
    shelf.archive.write(
        lambda conn: erasure.refuse(conn, gone.site, [f"{previews.HOME}1"], [], datetime.now(UTC))
    ).result()
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("site", [None, "village"], ids=["an article", "its whole site"])
def test_what_is_erased_while_a_site_is_looked_at_is_not_shown(
    client: Client, shelf: SearchFixture, site: str | None
) -> None:
    path = send(client, "/add-site", url="village.example").headers["location"]
    number, now = int(path.rpartition("/")[2]), datetime.now(UTC)
    canonical = f"{previews.HOME}moved"

    def erase(conn: Any) -> None:
        if site:
            erasure.refuse_site(conn, site, now)
        else:
            erasure.refuse(conn, next(newsroom()).site, [canonical], [], now)

    shelf.archive.write(erase).result()
    shelf.archive.write(lambda conn: previews.settle(conn, number, canonical_url=canonical)).result()
    shown = client.get(path)
    assert shown.status_code == 200
    assert "فقرة أولى من الخبر" not in shown.text
    assert (f"{previews.HOME}2" in shown.text) is (site is None), "the other page that was tried"


def test_a_preview_goes_with_its_whole_site(client: Client, shelf: SearchFixture) -> None:
    path = looked(client, shelf)
    shelf.archive.write(lambda conn: erasure.refuse_site(conn, "village", datetime.now(UTC))).result()
    assert client.get(path).status_code == 404
