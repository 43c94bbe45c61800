"""Zotero's own translators, in their server, read the page: an article as one item, results as several to choose from.

The server and the translators are repositories and no packages, each at a commit that is pinned here as the server pins
its submodules; ARSHIF_TEST_ZOTERO names a checkout that is there already, whatever its commits.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.filled_archive import SITES
from tests.support.patience import PATIENCE, wait_for
from tests.support.requirements import missing

pytestmark = pytest.mark.interop

COMMITS = {  # of github.com/zotero/NAME
    "translation-server": "d88a8d5384456439962edfef129b14841b09af6d",
    "translate": "e0fe482b8a07e42cbf83545947382008ae7ddb82",
    "translators": "ee1746de4d401edc036477d5223551bafd5149a8",
    "utilities": "9c89b23153ce621ed0f1d581a5e32248704c6fb7",
    "zotero-schema": "1f5331e902ed2b765a379b9586c65d1a192c151d",
}
XPATH = "1.3.0"  # of npm's wicked-good-xpath, instead of a further repository


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server, with the translators and all that it needs from npm."""
    if there := os.environ.get("ARSHIF_TEST_ZOTERO"):
        return Path(there)
    npm = shutil.which("npm") or missing("There is no npm on this machine: install it (Debian: apt install npm).")
    folder = tmp_path_factory.mktemp("zotero") / "server"
    for name, commit in COMMITS.items():
        _clone(name, commit, folder if name == "translation-server" else folder / "modules" / name)
    package = json.loads((folder / "package.json").read_text("utf-8"))
    package["dependencies"]["wicked-good-xpath"] = XPATH
    (folder / "package.json").write_text(json.dumps(package), "utf-8")
    (folder / "package-lock.json").unlink()  # it pins that repository
    command = [npm, "install", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        pytest.skip(f"what the server needs cannot be had: {done.stderr.strip()[-300:]}")
    return folder


def _clone(name: str, commit: str, folder: Path) -> None:
    """One commit of this repository in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for command in (("init", "-q"), ("fetch", "-q", "--depth", "1", f"https://github.com/zotero/{name}", commit)):
        done = subprocess.run(
            ["git", *command], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if done.returncode:
            pytest.skip(f"{name} cannot be had: {done.stderr.strip()[-300:]}")
    subprocess.run(["git", "checkout", "-q", "FETCH_HEAD"], cwd=folder, timeout=PATIENCE, check=True)


@pytest.fixture(scope="module")
def zotero(checkout: Path) -> Iterator[httpx.Client]:
    """The server, which reads a page for whoever gives its address."""
    node = shutil.which("node") or missing("There is no node on this machine: install it (Debian: apt install nodejs).")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {"NODE_CONFIG": json.dumps({"host": "127.0.0.1", "port": port})}
    silent = subprocess.DEVNULL
    with (
        subprocess.Popen([node, "src/server.js"], cwd=checkout, env=env, stdout=silent, stderr=silent) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client,
    ):
        try:
            wait_for(lambda: _answers(client))
            yield client
        finally:
            process.kill()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/").status_code == 404
    except httpx.TransportError:
        return False


def _read(zotero: httpx.Client, url: str) -> httpx.Response:
    return zotero.post("/web", content=url, headers={"content-type": "text/plain"})


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_an_article_is_read_with_all_that_a_citation_needs(
    zotero: httpx.Client, server: tuple[str, str], ui: str
) -> None:
    told = httpx.get(f"{server[0]}/api/articles/{server[1]}", timeout=PATIENCE, trust_env=False).json()
    answer = _read(zotero, f"{server[0]}/articles/{server[1]}?ui={ui}")
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()
    assert item["itemType"] == "newspaperArticle"
    assert item["title"] == told["headline"]
    assert item["publicationTitle"] == SITES[told["archive"]["site"]][0]
    assert item["url"] == told["url"]
    assert item["date"][:10] == told["datePublished"][:10]
    assert item["language"] == told["inLanguage"]
    named = [" ".join(filter(None, (who.get("firstName"), who["lastName"]))) for who in item["creators"]]
    assert named == [author["name"] for author in told["author"]]


def test_results_are_several_to_choose_from(zotero: httpx.Client, server: tuple[str, str]) -> None:
    hits = httpx.get(f"{server[0]}/api/search?q=حلب", timeout=PATIENCE, trust_env=False).json()["hits"]
    answer = _read(zotero, f"{server[0]}/search?q=حلب")
    assert answer.status_code == 300, answer.text
    offered = answer.json()["items"].values()
    assert len(hits) > 1
    assert {hit["headline"] for hit in hits} <= set(offered)
