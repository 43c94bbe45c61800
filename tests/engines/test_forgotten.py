"""What was forgotten is on no disk: the files of archive, raw copies, index and snapshots are read as they are."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import tantivy
from elasticsearch import Elasticsearch

from index.engines.embedded.schema import TEXTS
from tests.faults.consistency import Installation
from tests.integration.harness import elasticsearch_env
from tests.support.postgresql import Server, about_a_file
from tests.support.raw_files import says
from tests.support.requirements import missing
from tests.support.warcs import Archived, article, warc

PUBLIC = "metres"
KINDS = (  # where the archive is, which index, where the raw copies are
    ("sqlite", "embedded", "a folder"),
    ("sqlite", "elasticsearch", "a bucket"),
    ("postgresql", "elasticsearch", "a folder"),
    ("postgresql", "embedded", "a bucket"),
)
# What keeps no segment of the write-ahead log that is not needed any more: docs/scale.md
WITHOUT_LOG = ("ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()", "SELECT pg_switch_wal()", "CHECKPOINT")


def words(kind: str) -> list[str]:
    """What one article alone says, in its address, headline and text: words that compression has nothing to gain from,
    and so leaves as they are, and that no test beside this one stores on the same server."""
    chosen = random.Random(kind)
    return ["".join(chosen.sample("bcdfghjkpqvwxz", 13)) for _ in range(3)]


def pages(secret: list[str]) -> list[Archived]:
    url, headline, text = secret
    told = article(1, f", {text}").replace(b"Harbour council", headline.encode())
    others = [article(number) for number in range(2, 8)]
    return [
        Archived(f"https://www.example.com/news/{name}-decision-number-{n}", "2020-02-01T00:00:00Z", page)
        for n, (name, page) in enumerate([(url, told), *(("other", one) for one in others)])
    ]


@dataclass
class Kept:
    """An installation, with its database server if it has one, and the folders in which it and its servers keep what
    they have."""

    house: Installation
    secret: list[str]
    server: Server | None
    folders: dict[str, Path]

    def said(self, word: str) -> dict[str, list[str]]:
        """The files that have a word, by the folder; of an embedded index, whose dictionary has words in no readable
        form, whether it has the word."""
        found = {name: says(folder, word) for name, folder in self.folders.items()}
        for file in (self.folders["data"] / "index").glob("*/meta.json"):
            searcher = tantivy.Index.open(str(file.parent)).searcher()
            found.setdefault("index", []).extend(
                f"{file.parent.name}: {name}" for name in TEXTS if searcher.doc_freq(name, word)
            )
        return {name: files for name, files in found.items() if files}

    def run(self, *statements: str) -> None:
        """Run these in the archive's database."""
        for statement in statements:
            assert self.server is not None
            self.server.run(statement, self.house.settings["ARSHIF_ARCHIVE"])


@pytest.fixture(params=KINDS, ids=" ".join)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    """Some articles, of which one is to be forgotten."""
    database, engine, raw = request.param
    secret = words(" ".join(request.param))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "arshif.yaml").write_text("{}\n")
    (tmp_path / "a.warc.gz").write_bytes(warc(pages(secret)))
    settings, folders, server = {"ARSHIF_DATA": str(tmp_path / "data")}, {"data": tmp_path / "data"}, None
    with ExitStack() as stack:
        if database == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            settings["ARSHIF_ARCHIVE"] = server.empty()
            folders["postgresql"] = server.folder
        if raw == "a bucket":
            settings["ARSHIF_RAW__URL"] = url = request.getfixturevalue("bucket")
            folders["bucket"] = request.getfixturevalue("object_store").folder(url)
        if engine == "elasticsearch":
            url = request.getfixturevalue("elasticsearch_url")
            settings |= stack.enter_context(elasticsearch_env(url, "forgotten"))
            folders["elasticsearch"] = elasticsearch_folder(url)
        house = Installation(tmp_path / "config", settings)
        house.arshif("import", str(tmp_path / "a.warc.gz"))
        if server is not None:
            server.run("ANALYZE", settings["ARSHIF_ARCHIVE"])  # as autovacuum does, now and then
        yield Kept(house, secret, server, folders)


def elasticsearch_folder(url: str) -> Path:
    """Where the server has its indexes and snapshots."""
    with Elasticsearch(url) as client:
        (node,) = client.nodes.info(metric="settings")["nodes"].values()
    home = Path(node["settings"]["path"]["home"])
    if not (home / "data").is_dir():
        missing("The server of ARSHIF_TEST_ELASTICSEARCH has its data elsewhere.")
    return home


@pytest.mark.elasticsearch
@about_a_file
def test_what_is_forgotten_is_in_no_file(kept: Kept, request: pytest.FixtureRequest) -> None:
    house, secret = kept.house, kept.secret
    url = pages(secret)[0].url
    snapshots = "elasticsearch" in kept.folders
    if snapshots:
        repository = request.getfixturevalue("repository")
        old = json.loads(house.arshif("index", "snapshot", repository, "--json"))["name"]
    before = kept.said(secret[2])
    embedded = {"index"} if not snapshots else set()
    assert before.keys() | {"data"} == kept.folders.keys() | embedded, "else nothing is shown by what follows"

    told = house.arshif("forget", url, "--yes", "--json")
    erased = json.loads(told[told.index("{\n") :])  # a sentence for people is before it
    assert (erased["articles"], erased["journal_emptied"]) == (1, kept.server is None)
    house.arshif("index", "rebuild")
    if snapshots:
        request.getfixturevalue("client").snapshot.delete(repository=repository, snapshot=old)
        house.arshif("index", "snapshot", repository)
        listed = house.arshif("index", "snapshots", repository)
        assert not any(word in listed for word in secret)
    if kept.server is not None:
        stated = re.findall(r"-c '([A-Z ]+)'", erased["left"])
        assert stated
        kept.run(*stated, *WITHOUT_LOG)
    assert {word: found for word in secret if (found := kept.said(word))} == {}
    assert kept.said(PUBLIC).keys() >= before.keys(), "nothing else is forgotten"
