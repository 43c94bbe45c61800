"""`arshif import` of files whose records are referred to where they lie, and what the other commands say of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.consistency import Installation, articles_of, check_sound
from tests.support.file_server import Ranges, Whole, serving
from tests.support.warcs import Archived, article, warc

ADDRESS = "https://www.example.com/news/decision-number-{}-of-the-council"
PAGES = [Archived(ADDRESS.format(n), f"2020-02-{n + 1:02}T00:00:00Z", article(n)) for n in range(6)]


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder of two files of others."""
    folder = tmp_path / "others"
    folder.mkdir()
    (folder / "a.warc.gz").write_bytes(warc(PAGES[:3]))
    (folder / "b.warc.gz").write_bytes(warc(PAGES[3:]))
    return folder


def made(tmp_path: Path, outside: str, data: str = "data") -> Installation:
    """A place with an empty archive, for which files at this place are outside."""
    config = tmp_path / "config"
    config.mkdir(exist_ok=True)
    (config / "arshif.yaml").write_text(f"raw:\n  outside: [{outside}]\n" if outside else "{}\n")
    return Installation(config, {"ARSHIF_DATA": str(tmp_path / data)})


def told(house: Installation, *arguments: object) -> dict[str, Any]:
    """What a command says as JSON."""
    said = house.arshif(*map(str, arguments), "--json")
    found: dict[str, Any] = json.loads(said[said.index("{") :])  # the log is before it
    return found


def raw_files(house: Installation) -> list[Path]:
    return list((house.loaded().settings.data / "raw").rglob("*.warc.gz"))


def test_commands_tell_what_lies_outside(tmp_path: Path, others: Path) -> None:
    house = made(tmp_path, str(others))
    assert "6 records referred to where they lie (raw.outside)" in house.arshif("import", str(others))
    assert raw_files(house) == []
    check_sound(house)
    assert "6 more pages in files of others, which are not copied" in house.arshif("status")
    said = house.arshif("backup", str(tmp_path / "copy"))
    assert "2 files of others have further raw copies (raw.outside): not backed up, so keep them." in said
    assert told(house, "restore", tmp_path / "copy", "--force")["outside"] == [
        (others / name).as_uri() for name in ("a.warc.gz", "b.warc.gz")
    ]
    check_sound(house)
    said = house.arshif("forget", PAGES[0].url, "--yes")
    assert "1 raw copies, some of them in 1 file(s) of others, which stay as they are" in said
    assert (others / "a.warc.gz").as_uri() in said
    assert len(articles_of(house)) == 5
    (others / "b.warc.gz").unlink()
    ended, said = house.ended("crawler.cli", "verify", "--within", "0")
    assert ended == 1
    assert "5 raw copies checked" in said
    assert said.count(f"({(others / 'b.warc.gz').as_uri()} at ") == 3
    assert "put back those of others (raw.outside)" in house.ended("crawler.cli", "doctor")[1]


def test_a_list_at_an_address_is_referred_to_there(tmp_path: Path, others: Path) -> None:
    (others / "warc.paths").write_text("a.warc.gz\nb.warc.gz\n")
    with serving(others, Ranges) as server:
        house = made(tmp_path, server)
        report = told(house, "import", f"{server}warc.paths")
        assert (report["new"], report["referred"]) == (6, 6)
        assert raw_files(house) == []
        assert list((tmp_path / "data" / "imports" / "unpacked").glob("*")) == [], "the downloads are removed"
        check_sound(house)
        assert "0 damaged or missing" in house.arshif("verify", "--within", "0")
    ended, said = house.ended("crawler.cli", "verify", "--within", "0")
    assert (ended, "6 damaged or missing" in said) == (1, True)


def test_a_server_that_gives_whole_files_only_is_told_before_anything_is_stored(tmp_path: Path, others: Path) -> None:
    with serving(others, Whole) as server:
        house = made(tmp_path, server)
        ended, said = house.ended("crawler.cli", "import", f"{server}a.warc.gz")
        assert ended == 1
        assert "does not give parts of files: take it out of `raw.outside`, and its records are copied" in said
        assert articles_of(house) == {}
        made(tmp_path, "")
        assert told(house, "import", f"{server}a.warc.gz")["referred"] == 0
    assert len(raw_files(house)) == 1
    check_sound(house)


def test_a_place_that_is_none_is_told(tmp_path: Path) -> None:
    for wrong in ("news", "ftp://example.org/", "s3://crawls?key=1", "https://who@example.org/"):
        ended, said = made(tmp_path, f"'{wrong}'").ended("crawler.cli", "status")
        assert ended == 2, wrong
        assert "raw.outside" in said
