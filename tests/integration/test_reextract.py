"""`arshif reextract` of imported pages, of sites that nobody described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from crawler.storage import open_archive
from index.archive import documents
from tests.faults.consistency import Installation, read_worse
from tests.support.postgresql import Server
from tests.support.warcs import Archived, article, warc

ADDRESS = "https://www.{}.com/news/decision-number-{}-of-the-council"
WORSE = "subscribetoournewsletter"


def made(tmp_path: Path, server: Server | None, pages: list[Archived]) -> Installation:
    """A place with an archive of these pages, each of which was read worse."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "arshif.yaml").write_text("{}\n")
    at = {"ARSHIF_ARCHIVE": server.empty()} if server else {}
    house = Installation(config, {"ARSHIF_DATA": str(tmp_path / "data"), **at})
    (tmp_path / "a.warc.gz").write_bytes(warc(pages))
    house.arshif("import", str(tmp_path / "a.warc.gz"))
    read_worse(house, WORSE)
    assert left(house) == len(pages)
    return house


def left(house: Installation) -> int:
    """How many articles are still shown as they were read worse."""
    with open_archive(house.loaded()) as archive, archive.read() as conn:
        every = documents.documents(conn, [id_ for id_, _ in documents.ids(conn)])
    return sum(WORSE in one.article.body for one in every)


def told(house: Installation, *options: str) -> dict[str, Any]:
    said = house.arshif("reextract", *options, "--json")
    found: dict[str, Any] = json.loads(said[said.index("{") :])
    return found


def test_sites_that_nobody_described_are_read_again(tmp_path: Path) -> None:
    pages = [
        Archived(ADDRESS.format(f"press{n % 2}", n), f"2020-02-{n + 1:02}T00:00:00Z", article(n)) for n in range(4)
    ]
    house = made(tmp_path, None, pages)
    assert told(house, "--dry-run")["changed"] == 4
    ended, said = house.ended("crawler.cli", "reextract", "--site", "press2-com")
    assert ended == 2
    assert "did you mean press" in said
    assert told(house, "--site", "press1-com")["changed"] == 2
    assert told(house)["changed"] == 2
    assert left(house) == 0
