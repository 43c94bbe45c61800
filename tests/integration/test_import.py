"""`arshif import`: what others archived becomes articles and versions of its time, whatever the order, once, and also
when the import is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.storage import open_archive
from index.archive import frontier
from tests.faults.consistency import ARSHIF, Installation, articles_of, check_sound, count_versions, indexed
from tests.support.patience import wait_for
from tests.support.postgresql import Server
from tests.support.warcs import Archived, article, wacz, warc

SITE = "https://www.example.com"
ADDRESS = SITE + "/news/decision-number-{}-of-the-council"
NUMBERS = range(12)
PAGES = [Archived(ADDRESS.format(n), f"2020-02-{n + 1:02}T00:00:00Z", article(n)) for n in NUMBERS]
LATER = [Archived(ADDRESS.format(n), f"2021-02-{n + 1:02}T00:00:00Z", article(n, ", again" * (n % 2))) for n in NUMBERS]
LATEST = [
    Archived(ADDRESS.format(n), f"2022-02-{n + 1:02}T00:00:00Z", article(n, ", at last" * (n % 3 == 1)))
    for n in NUMBERS
]
NO_PAGES = [
    Archived(SITE + "/logo.png", "2020-02-01T00:00:00Z", b"\x89PNG", headers=(("Content-Type", "image/png"),)),
    Archived(SITE + "/gone-since-long-and-for-good", "2020-02-01T00:00:00Z", b"<p>gone</p>", status="404 Not Found"),
    Archived(SITE + "/tag/sea", "2020-02-01T00:00:00Z", article(99)),
]


@pytest.fixture
def house(tmp_path: Path) -> Installation:
    return made(tmp_path, "data")


def made(tmp_path: Path, name: str, server: Server | None = None) -> Installation:
    """A place with an empty archive."""
    config = tmp_path / "config"
    config.mkdir(exist_ok=True)
    (config / "arshif.yaml").write_text("{}\n")
    at = {"ARSHIF_ARCHIVE": server.empty()} if server else {}
    return Installation(config, {"ARSHIF_DATA": str(tmp_path / name), **at})


def told(house: Installation, *arguments: object) -> dict[str, Any]:
    """What an import says as JSON."""
    said = house.arshif("import", *map(str, arguments), "--json")
    found: dict[str, Any] = json.loads(said[said.index("{") :])  # the log is before it
    return found


def texts(house: Installation) -> dict[str, list[str]]:
    """The hashes of the versions of each article, oldest first, by its URL."""
    return {found["address"]: found["texts"] for found in articles_of(house).values()}


def test_pages_become_articles_with_versions_of_their_time(tmp_path: Path, house: Installation) -> None:
    (tmp_path / "a.warc.gz").write_bytes(warc([*LATER, *PAGES, *NO_PAGES]))
    wacz(tmp_path / "b.wacz", {"archive/data.warc.gz": warc(LATEST)})
    report = told(house, tmp_path / "a.warc.gz", tmp_path / "b.wacz")
    assert report["passed"] == {"media_type": 1, "status": 1, "address": 1}
    assert (report["records"], report["new"]) == (39, 12)
    changes = sum(len(versions) - 1 for versions in texts(house).values())
    assert report["changed"] == changes == 14
    events = json.loads(house.arshif("history", PAGES[1].url, "--json"))
    assert [event["at"][:10] for event in events["events"]] == ["2020-02-02", "2021-02-02", "2022-02-02"]
    check_sound(house)
    assert len(indexed(house)) == 12
    assert "quay number 3" in house.arshif("search", "quay number 3")


def test_any_order_of_imports_gives_the_same_archive(tmp_path: Path) -> None:
    files = []
    for name, pages in (("a", PAGES), ("b", LATER), ("c", LATEST)):
        files.append(tmp_path / f"{name}.warc.gz")
        files[-1].write_bytes(warc(pages))
    at_once = made(tmp_path, "at-once")
    told(at_once, *files)
    expected = articles_of(at_once)
    for order in ((0, 1, 2), (2, 1, 0), (0, 2, 1)):
        apart = made(tmp_path, "".join(map(str, order)))
        for number in order:
            told(apart, files[number])
        assert articles_of(apart) == expected, order
        assert len(indexed(apart)) == 12


def test_an_import_that_is_repeated_stores_nothing_twice(tmp_path: Path, house: Installation) -> None:
    (tmp_path / "a.warc.gz").write_bytes(warc([*PAGES, *LATER]))
    told(house, tmp_path / "a.warc.gz")
    before = articles_of(house)
    report = told(house, tmp_path / "a.warc.gz")
    assert (report["new"], report["changed"]) == (0, 0)
    assert articles_of(house) == before


@pytest.mark.parametrize(
    ("killed_at", "database_server"),
    [(1, "sqlite"), (9, "sqlite"), (20, "sqlite"), (9, "postgresql")],
    indirect=["database_server"],
)
def test_an_import_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, killed_at: int, database_server: Server | None
) -> None:
    (tmp_path / "a.warc.gz").write_bytes(warc([*LATEST, *LATER, *PAGES]))
    calm, house = made(tmp_path, "calm"), made(tmp_path, "killed", database_server)
    told(calm, tmp_path / "a.warc.gz")
    process = house.start(
        *ARSHIF, "import", str(tmp_path / "a.warc.gz"), stdout=subprocess.DEVNULL, start_new_session=True
    )
    wait_for(lambda: count_versions(house) >= killed_at or process.poll() is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    told(house, tmp_path / "a.warc.gz")
    assert articles_of(house) == articles_of(calm)
    assert indexed(house).keys() == indexed(calm).keys()
    check_sound(house)
    assert [file.name for file in (house.loaded().settings.data / "imports").iterdir()] == ["lock"]


def test_only_what_is_wanted_is_stored(tmp_path: Path, house: Installation) -> None:
    other = Archived(
        "https://other.example.org/news/decision-number-5-of-the-council", "2020-05-05T00:00:00Z", article(50)
    )
    (tmp_path / "a.warc.gz").write_bytes(warc([*PAGES, *LATER, other]))
    report = told(
        house, "--sites", "example.com", "--since", "2020-02-03", "--until", "2021-01-01", tmp_path / "a.warc.gz"
    )
    assert report["passed"] == {"time": 2 + 12, "site": 1}
    assert report["new"] == 10
    report = told(house, "--languages", "ar", tmp_path / "a.warc.gz")
    assert (report["new"], report["passed"]["language"]) == (0, 25)


def test_saved_pages_are_taken_as_of_when_they_were_saved(tmp_path: Path, house: Installation) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    page = PAGES[0].body.replace(b"<head>", f'<head><link rel="canonical" href="{PAGES[0].url}">'.encode())
    (folder / "one.html").write_bytes(page)
    (folder / "unknown.html").write_bytes(PAGES[1].body)
    os.utime(folder / "one.html", (1_600_000_000, 1_600_000_000))
    (folder / "two.html").write_bytes(PAGES[2].body)
    note = {"url": PAGES[2].url, "date_download": "2020-08-01 10:20:30"}  # as news-please writes it
    (folder / "two.html.json").write_text(json.dumps(note))
    report = told(house, folder)
    assert (report["new"], report["passed"]) == (2, {"address": 1})
    for page, at in ((PAGES[0], "2020-09-13T12:26:40"), (PAGES[2], "2020-08-01T10:20:30")):
        events = json.loads(house.arshif("history", page.url, "--json"))
        assert events["events"][0]["at"].startswith(at)


def test_damage_costs_what_it_covers_and_is_told(tmp_path: Path, house: Installation) -> None:
    data = warc(PAGES)
    (tmp_path / "a.warc.gz").write_bytes(data[: len(data) // 2] + bytes(40) + data[len(data) // 2 + 40 :])
    report = told(house, tmp_path / "a.warc.gz")
    assert report["new"] >= len(PAGES) - 2
    assert report["passed"]["damaged"] >= 1


PRESS = """\
name: Press
homepage: https://press.example.com/
country: GB
languages: [en]
sources: [{kind: feed, url: "https://press.example.com/feed"}]
"""


def test_addresses_that_others_collected_are_queued_for_their_sites(tmp_path: Path, house: Installation) -> None:
    """However long ago the list says they were published; each once, however often it is given."""
    sites = house.config / "sites.local"
    sites.mkdir()
    (sites / "press.yaml").write_text(PRESS)
    urls = [f"https://press.example.com/2019/05/05/story-{n}" for n in range(3)]
    listed = tmp_path / "mediacloud.csv"
    rows = [
        f"{n},2019-05-05,Story {n},{url}" for n, url in enumerate([*urls, urls[0], "https://other.example/a-story"])
    ]
    listed.write_text("\n".join(("id,publish_date,title,url", *rows)))
    first, again = told(house, listed), told(house, listed)
    assert (first["queued"], first["known"], first["passed"]) == (3, 0, {"not_crawled": 1})
    assert (again["queued"], again["known"]) == (0, 3)
    with open_archive(house.loaded()) as archive, archive.read() as conn:
        due = frontier.due(conn, "press", datetime.now(UTC), 10)
    assert {row.url for row in due} == set(urls)
    assert {row.title for row in due} == {f"Story {n}" for n in range(3)}


def test_a_list_without_an_address_is_told(tmp_path: Path, house: Installation) -> None:
    listed = tmp_path / "fundus.json"
    listed.write_text('{"Press": [{"title": "A headline", "body": {"summary": [], "sections": []}}]}')
    ended, said = house.ended("crawler.cli", "import", str(listed))
    assert ended == 1
    assert f"{listed}: no addresses: write one per line, or CSV or JSON Lines with a url column" in said
