"""What a newsroom reads Arshif's files and feeds with: newsboat, jwarc, jq, DuckDB and polars."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from index.export.formats import open_format
from index.web.atom import ATOM
from tests.integration.harness import Harness, crawled
from tests.interop.test_programs import DOCUMENT, FULL, said
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE
from tests.support.requirements import missing

pytestmark = pytest.mark.interop

JWARC = "0.33.0"  # of Maven Central, as org.netpreserve:jwarc


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """An archive after a crawl."""
    with Newsroom(via="proxy", only=("fr", "fa")) as room:
        yield crawled(Harness(room, tmp_path_factory.mktemp("house")))


def there(command: str, package: str) -> str:
    """Where a program is."""
    return shutil.which(command) or missing(f"There is no {command} on this machine: install it (Debian: {package}).")


def output(command: Sequence[str | Path], given: str = "", **env: str) -> str:
    """What a program prints of this; it must end well."""
    done = subprocess.run(
        command, input=given, env=os.environ | env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


# --- feeds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", ["feeds/1.atom", "feeds/collections/1.atom", "feeds/sites/asi.atom"])
def test_newsboat_keeps_the_articles_of_a_feed(tried_server: str, tmp_path: Path, feed: str) -> None:
    """Of Debian's version, as nobody else builds it. It knows an article by its id, and so once of all feeds."""
    newsboat, url = there("newsboat", "newsboat"), f"{tried_server}/{feed}"
    own = tmp_path / ".newsboat"
    own.mkdir()
    (own / "urls").write_text(url, "utf-8")
    output([newsboat, "-x", "reload"], HOME=str(tmp_path), LANG="C.UTF-8", no_proxy="*")
    with closing(sqlite3.connect(own / "cache.db")) as cache:
        rows = cache.execute("SELECT title, url, content FROM rss_item").fetchall()
    atom = ET.fromstring(httpx.get(url, timeout=PATIENCE, trust_env=False).content)
    entries = atom.findall("atom:entry", {"atom": ATOM})
    wanted = {
        (entry.findtext("atom:title", "", {"atom": ATOM}), link.get("href", ""))
        for entry in entries
        for link in entry.findall("atom:link[@rel='alternate']", {"atom": ATOM})
    }
    assert {(title, link) for title, link, _ in rows} == wanted
    assert len(rows) == len(entries) >= 3
    assert all(content for *_, content in rows)
    if "sites" in feed:
        assert max(len(content) for *_, content in rows) > 1_000, "with their full texts"


# --- WARC ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jwarc() -> list[str | Path]:
    """The command of jwarc, once Maven has it."""
    java, maven = there("java", "openjdk-17-jre"), there("mvn", "maven")
    get = [maven, "-q", "-B", "dependency:get", "-Dtransitive=false", f"-Dartifact=org.netpreserve:jwarc:{JWARC}"]
    done = subprocess.run(get, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        pytest.skip(f"jwarc cannot be had: {(done.stdout + done.stderr).strip()[-300:]}")
    where = Path.home() / ".m2" / "repository" / "org" / "netpreserve" / "jwarc"
    return [java, "-jar", where / JWARC / f"jwarc-{JWARC}.jar"]


def test_jwarc_finds_every_raw_copy_and_nothing_wrong(jwarc: list[str | Path], house: Harness, tmp_path: Path) -> None:
    pages = sorted(document.article.url for document in house.documents().values())
    for name in ("all.warc.gz", "all.warc"):
        house.arshif("export", "warc", str(tmp_path / name))
        output([*jwarc, "validate", tmp_path / name])
        lines = output([*jwarc, "cdx", tmp_path / name]).splitlines()
        found = {line.split()[2] for line in lines if not line.startswith(" CDX")}
        assert set(pages) <= found
        assert all(line.split()[4] == "200" for line in lines if not line.startswith(" CDX"))
    own = sorted((house.data / "raw").rglob("*.warc.gz"))
    assert own
    output([*jwarc, "validate", *own])


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_jq_reads_what_commands_and_exports_print(house: Harness, tmp_path: Path) -> None:
    jq = there("jq", "jq")
    headlines = sorted(document.article.headline for document in house.documents("fa").values())
    found = house.arshif("search", "site:fa", "--limit", "100", "--json")
    assert sorted(output([jq, "-r", ".hits[].headline"], found).splitlines()) == headlines
    exported = tmp_path / "fa.jsonl"
    house.arshif("export", "search", "site:fa", "--out", str(exported))
    assert sorted(output([jq, "-r", ".headline", exported]).splitlines()) == headlines
    assert output([jq, "-s", "map(.articleBody | length > 0) | all", exported]).strip() == "true"
    for command in (("sites", "list"), ("runs",), ("status",), ("edits",), ("show", headline_id(house)), ("verify",)):
        assert output([jq, "-e", "type"], house.arshif(*command, "--json")).strip() in {'"array"', '"object"'}, command


def headline_id(house: Harness) -> str:
    """The id of one of its articles."""
    return next(iter(house.documents("fr").values())).article.id


# --- Parquet ---------------------------------------------------------------------------------------------------------

READERS = {
    "duckdb": "import duckdb, json, sys; t = duckdb.sql(f\"from read_parquet('{sys.argv[1]}')\");"
    "print(json.dumps([dict(zip(t.columns, row)) for row in t.fetchall()], default=str))",
    "polars": "import json, polars, sys; print(json.dumps(polars.read_parquet(sys.argv[1]).to_dicts(), default=str))",
}


@pytest.mark.parametrize("code", READERS.values(), ids=READERS)
def test_a_parquet_file_is_read(python: Path, tmp_path: Path, code: str) -> None:
    (tmp_path / "a.parquet").write_bytes(b"".join(open_format("parquet").write([[DOCUMENT]])))
    (row,) = said(python, code, tmp_path / "a.parquet")  # type: ignore[misc]
    assert (row["articleBody"], row["headline"], row["author"]) == (FULL.body, FULL.headline, list(FULL.authors))
    assert row["datePublished"].startswith(f"{FULL.published:%Y-%m-%d}")


@pytest.mark.parametrize("code", READERS.values(), ids=READERS)
def test_a_dataset_is_read_as_one_table(python: Path, house: Harness, tmp_path: Path, code: str) -> None:
    house.arshif("export", "dataset", str(tmp_path / "set"))
    rows = said(python, code, f"{tmp_path / 'set'}/**/*.parquet")
    wanted = {(document.article.url, document.article.headline) for document in house.documents().values()}
    assert {(row["url"], row["headline"]) for row in rows} == wanted  # type: ignore[attr-defined]
