"""Elasticsearch with its security on: an API key of the least rights does all that Arshif does, and a wrong one is told
without being shown. A server of its own, with TLS."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from elasticsearch import ApiError, AuthorizationException, Elasticsearch

from crawler.config import load
from crawler.monitoring import doctor
from index.engines.elastic import role
from index.engines.elastic.mapping import EARLIER
from index.errors import IndexMismatch
from index.locale import translate
from tests.integration.harness import ROOT, Harness
from tests.support.elasticsearch import server
from tests.support.elasticsearch.secured import Secured, secured
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for
from tests.support.requirements import missing

pytestmark = pytest.mark.elasticsearch

WRONG = "bWFya2VyLXdyb25nLWtleTpub3QtYS1zZWNyZXQ="  # it looks like a key, and is to be seen nowhere
PREFIX = "arshif"  # as the settings have it


@pytest.fixture(scope="module")
def strict() -> Iterator[Secured]:
    try:
        with secured(lambda line: print(line, file=sys.__stderr__, flush=True)) as found:
            yield found
    except server.CannotRun as problem:
        missing(str(problem))


@pytest.fixture(scope="module")
def admin(strict: Secured) -> Iterator[Elasticsearch]:
    """Whoever may do all."""
    with Elasticsearch(
        strict.url, basic_auth=(strict.user, strict.password), ca_certs=str(strict.ca_file), request_timeout=PATIENCE
    ) as client:
        yield client


@pytest.fixture(scope="module")
def house(strict: Secured, admin: Elasticsearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A newsroom's house whose key was made by what `arshif index role` prints; the key is in a file."""
    folder = tmp_path_factory.mktemp("secured")
    with Newsroom(via="proxy", only=("english",)) as room:
        house = Harness(room, folder)
        secret = folder / "key"
        secret.write_text(_key(admin, json.loads(house.arshif("index", "role"))), "utf-8")
        house.env |= {
            "ARSHIF_INDEX__ENGINE": "elasticsearch",
            "ARSHIF_INDEX__URL": strict.url,
            "ARSHIF_INDEX__CA": str(strict.ca_file),
            "ARSHIF_INDEX__API_KEY_FILE": str(secret),
        }
        yield house


def _key(admin: Elasticsearch, body: dict[str, Any]) -> str:
    def made() -> str:
        try:
            return str(admin.security.create_api_key(**body)["encoded"])
        except ApiError as error:
            if error.status_code != 503:  # the index of keys is being made
                raise
            return ""

    return wait_for(made)


def test_a_key_of_the_least_rights_does_all(house: Harness) -> None:
    house.crawl()
    count = len(house.documents())
    assert count == len(house.room.articles("english"))
    assert house.told("index", "status")["documents"] == count
    headline = house.room.articles("english")[0].headline
    assert headline in {hit["headline"] for hit in house.told("search", f'"{headline}"')["hits"]}
    assert house.told("index", "verify")["differences"] == []
    before = house.told("index", "status")["current"]
    assert house.told("index", "migrate")["current"] == before
    assert house.told("index", "rebuild") | {"current": ""} == {
        "engine": "elasticsearch", "current": "", "documents": count,
    }  # fmt: skip
    assert house.told("index", "status")["current"] != before
    house.arshif("forget", house.room.articles("english")[0].url, "--yes")
    assert house.told("index", "verify")["differences"] == []
    assert house.told("index", "status")["documents"] == count - 1


def test_a_key_that_may_take_snapshots_restores_one(house: Harness, strict: Secured, admin: Elasticsearch) -> None:
    """Runs on what the first test has made; a key of the least rights is told what to ask for."""
    place = strict.ca_file.parent.parent / "snapshots"
    admin.snapshot.create_repository(name="shelf", repository={"type": "fs", "settings": {"location": str(place)}})
    count = house.told("index", "status")["documents"]
    house.arshif("index", "snapshot", "shelf", code=IndexMismatch.exit_code)
    assert "index role --snapshots" in house.log
    secret = Path(house.env["ARSHIF_INDEX__API_KEY_FILE"])
    before = secret.read_text("utf-8")
    secret.write_text(_key(admin, json.loads(house.arshif("index", "role", "--snapshots"))), "utf-8")
    try:
        taken = house.told("index", "snapshot", "shelf")
        admin.indices.delete(index=[taken["target"], taken["target"] + EARLIER])
        assert house.told("index", "restore", "shelf")["documents"] == count
        assert house.told("index", "verify")["differences"] == []
    finally:
        secret.write_text(before, "utf-8")


def test_it_reaches_nothing_else(house: Harness, strict: Secured, admin: Elasticsearch) -> None:
    admin.index(index="payroll", document={"salary": 1}, refresh=True)
    key = Path(house.env["ARSHIF_INDEX__API_KEY_FILE"]).read_text("utf-8")
    with Elasticsearch(strict.url, api_key=key, ca_certs=str(strict.ca_file), request_timeout=PATIENCE) as client:
        for forbidden in (
            lambda: client.search(index="payroll"),
            lambda: client.indices.delete(index="payroll"),
            lambda: client.indices.create(index="other"),
            client.nodes.info,
            lambda: client.security.create_api_key(name="more"),
        ):
            with pytest.raises(AuthorizationException):
                forbidden()
        assert client.search(index="_all")["hits"]["total"]["value"] >= 1
        assert not [hit for hit in client.search(index="_all", size=100)["hits"]["hits"] if hit["_index"] == "payroll"]


def test_doctor_tells_what_a_key_may_not(house: Harness, admin: Elasticsearch) -> None:
    less = role(PREFIX)
    (rights,) = less["role_descriptors"].values()
    rights["indices"][0]["privileges"].remove("maintenance")
    rights["cluster"].remove("manage_index_templates")
    env = house.env | {"ARSHIF_INDEX__API_KEY": _key(admin, less), "ARSHIF_INDEX__API_KEY_FILE": ""}
    verdict, told = doctor.CHECKS["index"](load(house.config, env))
    assert verdict == "fail"
    assert "manage_index_templates" in translate(told, "en")
    assert "maintenance on arshif" in translate(told, "en")
    assert doctor.CHECKS["index"](load(house.config, house.env))[0] == "ok"


def test_copies_are_as_told_if_the_key_may_change_them(house: Harness, admin: Elasticsearch) -> None:
    """Else articles are indexed all the same, and it is said what the key lacks."""
    told = {"ARSHIF_INDEX__REPLICAS": "3"}
    article = house.room.publish("english")
    house.crawl(**told)
    assert "lacks the privilege indices:admin/settings/update (or manage) on arshif-v*" in house.log
    assert article.headline in {hit["headline"] for hit in house.told("search", f'"{article.headline}"')["hits"]}
    verdict, lacking = doctor.CHECKS["index"](load(house.config, house.env | told))
    assert (verdict, "indices:admin/settings/update" in translate(lacking, "en")) == ("warning", True)

    more = {
        "ARSHIF_INDEX__API_KEY": _key(admin, json.loads(house.arshif("index", "role", **told))),
        "ARSHIF_INDEX__API_KEY_FILE": "",
    }
    house.crawl(**told, **more)
    settings = admin.indices.get_settings(index=f"{PREFIX}-v*").body.values()
    assert {one["settings"]["index"]["number_of_replicas"] for one in settings} == {"3"}
    assert doctor.CHECKS["index"](load(house.config, house.env | told | more))[0] == "ok"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ARSHIF_INDEX__API_KEY": WRONG, "ARSHIF_INDEX__API_KEY_FILE": ""}, "does not know this key or user"),
        ({"ARSHIF_INDEX__API_KEY_FILE": ""}, "wants to know who asks"),
        ({"ARSHIF_INDEX__CA": ""}, "is not trusted: check index.ca"),
    ],
)
def test_a_wrong_way_in_is_told_and_shows_no_secret(house: Harness, change: dict[str, str], told: str) -> None:
    assert told in _said(house, change, "index", "status", code=5)


def test_with_a_wrong_key_the_archive_grows_and_the_index_later(house: Harness) -> None:
    article = house.room.publish("english")
    wrong = {"ARSHIF_INDEX__API_KEY": WRONG, "ARSHIF_INDEX__API_KEY_FILE": ""}
    assert "does not know this key or user" in _said(house, wrong, "crawl", code=0)
    assert article.url in house.documents()
    house.arshif("crawl")
    assert house.told("index", "verify")["differences"] == []


def _said(house: Harness, change: dict[str, str], *arguments: str, code: int) -> str:
    """All that a command and its children say; none of it, and none of their arguments, has the key."""
    child = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", *arguments], cwd=ROOT, env=house.env | change | {"ARSHIF_LOG": "json"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines: set[str] = set()
    watch = threading.Thread(target=_watch, args=(child, lines), daemon=True)
    watch.start()
    said, _ = child.communicate(timeout=PATIENCE)
    watch.join()
    assert child.returncode == code, said
    assert any(arguments[0] in line for line in lines)
    assert arguments[0] != "crawl" or any("_crawl" in line for line in lines), lines
    for secret in (WRONG, Path(house.env["ARSHIF_INDEX__API_KEY_FILE"]).read_text("utf-8")):
        assert secret not in said
        assert not [line for line in lines if secret in line]
    return said


def _watch(child: subprocess.Popen[str], lines: set[str]) -> None:
    """Notes with which arguments a command and its children run, until it ends."""
    while child.poll() is None:
        with suppress(psutil.Error):
            command = psutil.Process(child.pid)
            for process in (command, *command.children(recursive=True)):
                with suppress(psutil.Error):
                    lines.add(" ".join(process.cmdline()))
        time.sleep(0.02)
