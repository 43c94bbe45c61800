"""The command: what it prints is for people or, with --json, for programs; its exit codes are for scripts."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from mcp import Client, StdioServerParameters

from crawler.cli import status
from crawler.urls.canonical import canonical
from index.archive import runs, site_state, source_state
from index.locale import plain, translate
from index.model.codes import RunStatus, SourceReason
from index.model.message import Message
from tests.integration.harness import ROOT, Harness, crawled
from tests.support import loopback
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for
from tests.support.postgresql import about_a_file

OSC = "\x1b]52;c;aGk=\x07"  # sets the clipboard of a terminal that obeys


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """Two small sites, crawled; one article's headline would move a terminal's cursor."""
    with Newsroom(via="proxy", only=("fr", "fa")) as room:
        body = ("Le phare du port est éteint depuis hier soir.",) * 3
        room.publish("fr", headline=f"Le phare {OSC}\u202eéteint", body=body)
        yield crawled(Harness(room, tmp_path_factory.mktemp("small")))


@pytest.mark.parametrize(
    "command",
    [
        ("search", "phare"), ("runs",), ("status",), ("sites", "list"), ("sites", "show", "fr"), ("sites", "check"),
        ("index", "status"), ("doctor",),
    ],
)  # fmt: skip
def test_it_speaks_to_people_and_to_programs(small: Harness, command: tuple[str, ...]) -> None:
    assert small.told(*command)
    assert small.arshif(*command).strip()


def test_the_status_of_sites_comes_by_pages(small: Harness) -> None:
    assert [row["site"] for row in small.told("status", "--limit", "1")] == ["fa"]
    assert small.told("status", "--limit", "1", "--after", "fa") == small.told("status", "fr")
    assert small.told("status", "--after", "fr") == []
    assert [row["site"] for row in small.told("status")] == ["fa", "fr"]
    own = small.config / "sites.local"
    own.mkdir(exist_ok=True)
    try:
        (own / "fa.yaml").write_text("enabled: false\n", "utf-8")
        (own / "zz.yaml").write_text("a mistake\n", "utf-8")
        assert [row["site"] for row in small.told("status", "--limit", "1")] == ["fr"], "which reads no other's file"
        small.arshif("status", "--limit", "2", code=2)
    finally:
        for name in ("fa", "zz"):
            (own / f"{name}.yaml").unlink()


def test_the_status_tells_what_raw_copies_cost_and_what_of_a_source_was_left(small: Harness) -> None:
    with small.open() as archive, archive.read() as conn:
        (source, *_) = source_state.states(conn, "fr")
        answer = source_state.SourceResponse(problem=Message(SourceReason.TOO_MANY, {"most": 50_000, "n": 7}))
        now = datetime.now(UTC)
        archive.write(lambda conn: source_state.polled(conn, "fr", source.url, answer, now)).result()
        archive.write(lambda conn: source_state.unchanged(conn, "fr", source.url, now)).result()
    told = {row["site"]: row["left"] for row in small.told("status")}
    assert told == {"fr": [plain({"url": source.url, "problem": answer.problem})], "fa": []}
    printed = small.arshif("status")
    assert f"fr: {source.url}: {translate(answer.problem, 'en')}" in printed
    assert "a month adds" in printed
    assert "interrupted" not in printed, "its crawl ended well"


def test_a_run_that_has_begun_is_not_called_interrupted_before_it_has_its_leases(small: Harness) -> None:
    with small.open() as archive:
        number = archive.write(lambda conn: runs.start(conn, ["fr"], datetime.now(UTC), owner="test")).result()
        (row,) = small.told("status", "fr")
        archive.write(lambda conn: runs.finish(conn, number, RunStatus.OK, datetime.now(UTC))).result()
    assert (row["next_run"], row["why_code"]) == (None, "schedule.running")


def test_a_site_that_is_switched_off_has_no_next_crawl(small: Harness) -> None:
    own = small.config / "sites.local" / "fr.yaml"
    own.parent.mkdir(exist_ok=True)
    own.write_text("enabled: false\n", "utf-8")
    (row,) = small.told("status", "fr")
    own.unlink()
    assert (row["next_run"], row["why_code"]) == (None, "schedule.off")


def test_of_many_sites_those_that_need_attention_are_shown(
    small: Harness, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(status, "MOST", 1)
    for name, value in small.env.items():
        monkeypatch.setenv(name, value)
    with small.open() as archive:
        archive.write(lambda conn: site_state.put(conn, "fr", failures=2)).result()
    status.status([], json=False)
    with small.open() as archive:
        archive.write(lambda conn: site_state.put(conn, "fr", failures=0)).result()
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()[1:2]] == ["fr"]
    assert not re.search("^fa ", printed, re.MULTILINE)
    assert "These are the first 1 of 2 sites: 1 ok, 1 failing." in printed
    status.status(["fa"], json=False)
    assert re.search("^fa ", capsys.readouterr().out, re.MULTILINE)


def test_nothing_that_a_page_wrote_reaches_the_terminal_raw(small: Harness) -> None:
    (article,) = (a for a in small.room.articles("fr") if "éteint" in a.headline)
    identifier = small.document(article).article.id
    for command in (("search", "éteint"), ("show", identifier), ("show", identifier, "--json")):
        printed = small.arshif(*command)
        assert "éteint" in printed
        assert not set(printed) & set("\x1b\x07\u202e")


def test_a_search_takes_words_that_are_not_wanted_and_goes_on_where_it_ended(small: Harness) -> None:
    every = small.told("search", "--sort", "newest", "--limit", "100")
    first = small.told("search", "--sort", "newest", "--limit", "4")
    rest = small.told("search", "--sort", "newest", "--limit", "96", "--cursor", first["cursor"])
    assert every["total"] == len(every["hits"]) > 5
    assert [hit["url"] for hit in first["hits"] + rest["hits"]] == [hit["url"] for hit in every["hits"]]
    assert f"more: --cursor {first['cursor']}" in small.arshif("search", "--sort", "newest", "--limit", "4")
    assert small.told("search", "phare")["total"] > small.told("search", "phare", "-éteint")["total"]
    assert small.told("search", "phare", "site:fa")["total"] == 0
    assert "site:nosuch: the archive has no such site" in (small.arshif("search", "phare", "site:nosuch"), small.log)[1]


def test_a_search_that_found_nothing_tells_one_that_does(small: Harness) -> None:
    assert small.told("search", "phaare")["suggestion"] == "phare"
    assert small.arshif("search", "phaare", "site:fr").endswith("Did you mean: phare site:fr\n")
    assert "suggestion" not in small.told("search", "phare")


def test_a_search_is_saved_and_removed(small: Harness) -> None:
    number = small.told("searches", "add", "Le phare", "phare", "-éteint", "site:fr")["id"]
    (saved,) = small.told("searches", "list")
    assert (saved["id"], saved["name"], saved["query"]) == (number, "Le phare", "phare -éteint site:fr")
    assert saved["feed"].endswith(f"/feeds/{number}.atom")
    assert "at once" in small.arshif("searches", "list")
    assert small.told("searches", "digest", str(number), "day") == {"id": number, "digest": "day"}
    small.arshif("searches", "digest", "999", "day", code=1)
    assert small.told("searches", "rename", str(number), " Le  grand phare") == {"id": number, "name": "Le grand phare"}
    small.arshif("searches", "rename", "999", "x", code=1)
    assert "there is no saved search 999" in small.log
    small.told("searches", "rename", str(number), "Le phare")
    small.arshif("searches", "digest", str(number), "year", code=2)
    small.arshif("searches", "add", "Weekly", "phare", "--digest", "week")
    assert [one["digest"] for one in small.told("searches", "list")] == ["week", "day"]
    assert "Le phare" in small.arshif("searches", "list")
    small.arshif("searches", "add", " ", "phare", code=1)
    small.arshif("searches", "add", "half", '"phare', code=2)
    for one in small.told("searches", "list"):
        small.arshif("searches", "remove", str(one["id"]))
    small.arshif("searches", "remove", str(number), code=1)
    assert "no saved searches yet" in small.arshif("searches", "list")


def test_articles_are_tagged_noted_and_collected(small: Harness, tmp_path: Path) -> None:
    first, second = (article.url for article in small.room.articles("fa")[:2])
    assert small.told("tags", "add", first, "eau", "à vérifier") == {"tags": ["eau", "à vérifier"]}
    assert small.told("tags", "remove", first, "eau, autre") == {"tags": ["à vérifier"]}
    assert small.told("tags", "rename", "à vérifier", "vérifié") == {"articles": 1}
    assert [one["url"] for one in small.told("tags", "show", "vérifié")] == [first]
    assert small.told("notes", "set", first, "Une note") == {"note": "Une note"}
    assert small.told("notes", "show", first)["note"] == "Une note"
    number = small.told("collections", "create", "Eau")["id"]
    assert small.told("collections", "add", "Eau", first, second)["articles"] == 2
    assert small.told("collections", "rename", str(number), "L'eau")["name"] == "L'eau"
    assert small.told("collections", "remove", "L'eau", second)["articles"] == 1
    (listed,) = small.told("collections", "list")
    assert listed["feed"].endswith(f"/feeds/collections/{number}.atom")
    shown = small.told("show", first)
    assert (shown["tags"], shown["note"], shown["collections"]) == (["vérifié"], "Une note", ["L'eau"])
    for words in (("tags", "list"), ("tags", "show", "vérifié"), ("collections", "show", "L'eau")):
        assert "vérifié" in small.arshif(*words)
    assert "note: Une note" in small.arshif("show", first)
    assert "Une note" in small.arshif("notes", "list")
    for form in ("jsonl", "csv", "parquet", "wacz"):
        out = tmp_path / f"eau.{form}"
        told = small.told("export", "collection", "L'eau", "--out", str(out))
        assert (told["articles"], told["format"]) == (1, form)
    (line,) = (tmp_path / "eau.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["archive"]["note"] == "Une note"
    with ZipFile(tmp_path / "eau.wacz") as file:
        assert json.loads(file.read("datapackage.json"))["title"] == "L'eau"
        (_, saved) = map(json.loads, file.read("pages/pages.jsonl").splitlines())
    assert saved["url"] == first
    for form in ("jsonl", "wacz"):
        out = tmp_path / f"deux.{form}"
        chosen = ("export", "articles", second, first, second, "--format", form, "--out", str(out))
        assert small.told(*chosen)["articles"] == 2
    texts = (tmp_path / "deux.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["url"] for line in texts] == [second, first]
    assert "Wrote 1 saved pages of 1 articles" in small.arshif(
        "export", "articles", first, "--out", f"{tmp_path}/a.wacz"
    )
    small.arshif("export", "articles", "nosuch", code=1)
    small.arshif("collections", "show", "Pain", code=1)
    assert "no collection Pain: `arshif collections list` shows all" in small.log
    small.arshif("collections", "create", "L'eau", code=1)
    small.arshif("tags", "show", "eau", code=1)
    small.arshif("notes", "set", "nosuch", "x", code=1)
    small.arshif("notes", "remove", first)
    small.arshif("tags", "remove", first, "vérifié")
    small.arshif("collections", "delete", str(number))
    assert "no collections yet" in small.arshif("collections", "list")
    assert "no tags yet" in small.arshif("tags", "list")
    assert "no notes yet" in small.arshif("notes", "list")


def test_a_sites_sources_are_asked_and_counted(small: Harness) -> None:
    before = small.rows()
    answers = {answer["kind"]: answer for answer in small.told("sites", "check", "fr")["sources"]}
    assert set(answers) == {"feed", "sitemap"}
    assert answers["feed"]["candidates"] == len(small.room.articles("fr"))
    assert answers["feed"]["newest"]
    assert small.rows() == before
    small.room.fail("fr", 503, only="/atom.xml")
    told = small.told("sites", "check", "fr", code=1)
    small.room.fail("fr", None)
    assert [bool(answer["problem"]) for answer in sorted(told["sources"], key=lambda a: a["kind"])] == [True, False]


def test_a_crawl_says_which_site_failed(house: Harness) -> None:
    house.room.fail("fr", 404)
    record = house.crawl("fr", "fa", code=1)
    assert (record["fa"]["status"], record["fr"]["status"]) == ("ok", "failed")
    house.arshif("crawl", "fr", code=1)
    assert "fr: failed: " in house.log
    assert "404" in house.log
    (row,) = (row for row in house.told("status") if row["site"] == "fr")
    assert row["state"] == "failing"
    assert "404" in row["detail"]
    assert house.told("runs", "--limit", "1")[0]["sites"][0]["site"] == "fr"


def test_an_index_is_built_anew(small: Harness) -> None:
    before, after = small.told("index", "status"), small.told("index", "rebuild")
    assert after["current"] != before["current"]
    assert after["documents"] == before["documents"] == small.told("index", "status")["documents"]


def test_a_configuration_of_ones_own_is_written(small: Harness, tmp_path: Path) -> None:
    assert small.told("init", str(tmp_path)) == {"config": str(tmp_path / "config")}
    own = {"ARSHIF_CONFIG": str(tmp_path / "config")}
    assert small.told("sites", "check", **own)["sites"] == len(small.told("sites", "list", **own)) > 10


def test_the_search_page_is_served_alone(small: Harness) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.listen()
        small.arshif("serve", "--port", str(port), code=1)
        assert "another program uses it" in small.log
    process = small.start("serve", "--port", str(port))
    try:
        page = wait_for(lambda: loopback.get(f"http://127.0.0.1:{port}/search?q=phare").text)
        assert "<mark>phare</mark>" in page.lower()
    finally:
        process.terminate()
    assert process.wait(PATIENCE) == 0


def test_an_article_is_shown_by_id_and_by_address(small: Harness) -> None:
    article = small.room.articles("fa")[0]
    identifier = small.document(article).article.id
    by_id, by_url = small.told("show", identifier), small.told("show", article.url)
    assert by_id == by_url
    assert by_id["headline"] == article.headline
    assert [version["number"] for version in by_id["versions"]] == [1]


def test_a_page_or_a_file_is_extracted_and_not_stored(small: Harness, tmp_path: Path) -> None:
    article = small.room.articles("fa")[0]
    before = small.rows()
    assert small.told("extract", article.url)["articleBody"] == article.text
    file = tmp_path / "page.html"
    paragraph = "The lighthouse keeper climbed the tower again before dawn and lit the lamp for the boats outside. " * 4
    file.write_text(
        f"<html lang=en><head><title>A lamp</title><meta property='og:type' content='article'></head><body><article>"
        f"<h1>A lamp for the boats</h1><p>{paragraph}</p><p>{paragraph}</p></article></body></html>",
        "utf-8",
    )
    assert small.told("extract", str(file))["headline"] == "A lamp for the boats"
    assert "A lamp for the boats" in small.arshif("extract", str(file))
    assert small.told("extract", str(file), "--url", article.url)["archive"]["site"] == "fa"
    assert small.rows() == before


@pytest.mark.parametrize(
    ("command", "code", "word"),
    [
        (("show", "nosuch"), 1, "nosuch"),
        (("extract", "nosuch.html"), 1, "no such file"),
        (("extract", "LICENSE"), 1, "LICENSE is not HTML"),
        (("extract", "README.md", "--url", "nowhere"), 1, "must be the URL"),
        (("search", '"unclosed'), 2, "is not closed"),
        (("search", "phare", "--sort", "best"), 2, "'relevance', 'newest', 'oldest'"),
        (("crawl", "nosuch"), 2, "no site 'nosuch'"),
        (("crawl", "--since", "yesterday"), 2, "2026-01-31"),
        (("nosuch",), 2, "nosuch"),
        (("search", "phare", "--bogus"), 2, "no such option: --bogus"),
        (("search", "phare", "--cursor", "x"), 2, "cursor"),
        (("search", "--limit", "0"), 2, "--limit"),
        (("sites", "show", "frr"), 2, "did you mean fr?"),
        (("init", "."), 2, "not empty"),
        (("serve", "--host", "0.0.0.0"), 1, "127.0.0.1"),
    ],
)
def test_a_mistake_has_its_exit_code_and_says_what_to_do(
    small: Harness, command: tuple[str, ...], code: int, word: str
) -> None:
    small.arshif(*command, code=code)
    assert word in small.log
    assert "Traceback" not in small.log


def test_a_mistake_in_a_sites_file_is_named_with_file_line_and_key(house: Harness) -> None:
    file = house.config / "sites" / "test" / "fr.yaml"
    file.write_text(file.read_text("utf-8").replace('"FR"', '"France"'), "utf-8")
    for command in (("sites", "check"), ("crawl",), ("doctor",)):
        printed = house.arshif(*command, code=1 if command == ("doctor",) else 2)
        assert "fr.yaml:3: country" in printed + house.log


def test_a_dataset_is_brought_up_to_date(small: Harness, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    told = small.told("export", "dataset", str(folder))
    assert told["articles"] == len(small.documents()) > 0
    assert told["months"] == told["changed"] == len(list(folder.glob("month=*"))) > 0
    assert f"{folder} has {told['articles']} articles" in small.arshif("export", "dataset", str(folder))
    assert small.told("export", "dataset", str(folder))["changed"] == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text").touch()
    small.arshif("export", "dataset", str(tmp_path / "mine"), code=2)


@pytest.mark.parametrize(
    "command",
    [
        ("export", "search", "phare", "--out"), ("export", "kibana", "--out"), ("export", "warc"),
        ("sites", "export", "--out"),
    ],
    ids=lambda command: " ".join(command[:2]),
)  # fmt: skip
def test_a_file_that_exists_is_a_mistake_in_the_command_and_stays(
    small: Harness, tmp_path: Path, command: tuple[str, ...]
) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    small.arshif(*command, str(there), code=2)
    assert f"{there} exists already: name a new file" in small.log
    told = small.told(*command, str(there), code=2)
    assert (told["code"], told["params"]) == ("error.file_there", {"path": str(there)})
    assert there.read_text() == "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["there"]


def test_a_first_crawl_says_what_is_older_and_how_to_get_it(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path, settings={"schedule": {"every": 0.05, "first_visit_days": 1}})
        day = timedelta(days=1)
        old = [room.publish("fr", published=datetime.now(UTC) - age) for age in (3 * day, 4 * day)]
        far = room.publish("fr", published=datetime.now(UTC) - 45 * day)
        first = house.told("crawl", "fr")
        (left,) = first["left_out"]
        assert (left["site"], left["code"]) == ("fr", "run.older")
        assert left["params"]["n"] >= 3
        since = left["params"]["since"]
        assert f"older than 1 day left out; `--since {since}` takes them" in left["detail"]
        stored = {document.article.url for document in house.documents("fr").values()}
        assert not stored & {canonical(article.url) for article in (*old, far)}

        assert house.told("crawl", "fr")["left_out"] == [], "only a first crawl says so"
        house.crawl("fr", since="30d")
        stored = {document.article.url for document in house.documents("fr").values()}
        assert {canonical(article.url) for article in old} <= stored
        assert canonical(far.url) not in stored
        house.crawl("fr", since=since)
        assert canonical(far.url) in {document.article.url for document in house.documents("fr").values()}


def test_looking_for_something_makes_no_archive(house: Harness) -> None:
    for command in (("search", "phare"), ("show", "http://fr.example/")):
        house.arshif(*command, code=1)
        assert "there is no archive" in house.log
    assert not house.data.exists()


@about_a_file
def test_a_damaged_archive_is_told_and_left_as_it_is(house: Harness) -> None:
    house.data.mkdir()
    file = house.data / "archive.sqlite3"
    file.write_bytes(b"no database at all" * 100)
    for command in (("crawl", "fr"), ("search", "phare"), ("status",)):
        house.arshif(*command, code=4)
        assert str(file) in house.log
    assert file.read_bytes() == b"no database at all" * 100


def test_an_index_that_is_away_is_told(small: Harness) -> None:
    away = {"ARSHIF_INDEX__ENGINE": "elasticsearch", "ARSHIF_INDEX__URL": "http://127.0.0.1:9"}
    small.arshif("search", "phare", code=5, **away)
    assert "127.0.0.1:9" in small.log


def test_a_language_model_asks_over_standard_input_and_output(small: Harness) -> None:
    """As an assistant starts it: nothing but the protocol is written to standard output."""
    command = StdioServerParameters(command=sys.executable, args=["-m", "crawler.cli", "mcp"], env=small.env, cwd=ROOT)

    async def ask() -> tuple[Any, Any]:
        async with Client(command) as client:
            found = (await client.call_tool("search", {"query": "phare", "limit": 1})).structured_content or {}
            article = found["hits"][0]["url"]
            return found, (await client.call_tool("read", {"article": article})).structured_content

    found, read = asyncio.run(ask())
    assert found["total"] == small.told("search", "phare")["total"]
    assert read["headline"] == found["hits"][0]["headline"]
    assert read["articleBody"]
