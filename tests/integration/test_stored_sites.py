"""Sites that the archive describes: loaded from files, crawled as those of files are, and taken out again."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.archive import site_documents
from tests.integration.daemon_process import daemon
from tests.integration.harness import Harness
from tests.support.archive_samples import NOW
from tests.support.news_sites import Newsroom
from tests.support.postgresql import Server, on_both

pytestmark = on_both


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=("fa", "fr")) as room:
        yield room


@pytest.fixture
def house(room: Newsroom, tmp_path: Path, database_server: Server | None) -> Harness:
    """One with a file for `fr`; that of `fa` is in a folder beside the configuration."""
    made = Harness(room, tmp_path, database_server, every=600)
    (tmp_path / "press").mkdir()
    (made.config / "sites" / "test" / "fa.yaml").rename(tmp_path / "press" / "fa.yaml")
    return made


def ids(house: Harness) -> list[str]:
    return [site["id"] for site in house.told("sites", "list")]


def described(house: Harness) -> dict[str, str]:
    with house.archive() as conn:
        return site_documents.texts(conn)


def test_they_are_loaded_crawled_saved_and_unloaded(house: Harness, tmp_path: Path) -> None:
    press, text = tmp_path / "press", (tmp_path / "press" / "fa.yaml").read_text("utf-8")
    assert ids(house) == ["fr"]
    (press / "wrong.yaml").write_text("name: X\ncountry: Syria\n", "utf-8")
    house.arshif("sites", "load", str(press), code=2)
    assert f"{press}/wrong.yaml:2: country: 'Syria' is invalid" in house.log
    assert described(house) == {}, "nothing of a folder with a mistake"
    (press / "wrong.yaml").unlink()
    assert "Stored 1 sites; 0 were there like that." in house.arshif("sites", "load", str(press))
    assert house.told("sites", "load", str(press)) == {"sites": 1, "stored": 0, "also_in_files": []}
    assert ids(house) == ["fa", "fr"]
    assert "2 sites, no mistakes" in house.arshif("sites", "check")

    assert house.crawl("fa")["fa"]["counts"]["stored"] == len(house.documents("fa")) > 0
    assert house.told("status", "fa")[0]["state"] == "ok"
    assert [row["site"] for row in house.told("status")] == ["fa", "fr"]
    assert house.crawl().keys() == {"fa", "fr"}, "with those of files"

    own = house.config / "sites.local" / "fa.yaml"
    own.parent.mkdir(exist_ok=True)
    own.write_text("enabled: false\n", "utf-8")
    assert house.told("sites", "load", str(press))["also_in_files"] == ["fa"]
    assert house.told("sites", "show", "fa")["enabled"] is False
    own.unlink()

    there = tmp_path / "saved"
    assert house.told("sites", "save", str(there))["sites"] == 1
    assert (there / "fa.yaml").read_text("utf-8") == text
    house.arshif("sites", "save", str(there))
    (there / "fa.yaml").write_text("mine\n", "utf-8")
    house.arshif("sites", "save", str(there), code=2)
    assert (there / "fa.yaml").read_text("utf-8") == "mine\n"

    house.arshif("sites", "unload", "fa", "nosuch", code=2)
    assert "the archive describes no site 'nosuch'" in house.log
    assert described(house) == {"fa": text}
    assert "Removed 1 sites" in house.arshif("sites", "unload", "fa")
    assert ids(house) == ["fr"]
    assert house.documents("fa"), "what was crawled stays"


def test_one_with_a_mistake_stops_no_crawl_of_another_and_can_be_taken_out(house: Harness, tmp_path: Path) -> None:
    """As a newer release may find one in what an older one has stored."""
    house.arshif("sites", "load", str(tmp_path / "press"))
    with house.open() as archive:
        archive.write(lambda conn: site_documents.put(conn, {"fr": "nmae: x\n"}, NOW)).result()
    assert "archive:fr.yaml:1: nmae: unknown key" in (house.arshif("sites", "check", code=2), house.log)[1]
    house.scrapy("crawl", "site", "-a", "sites=fa")
    assert house.documents("fa")
    house.arshif("sites", "unload", "fr")
    assert "2 sites, no mistakes" in house.arshif("sites", "check")


def test_new_ones_are_stored_where_machines_share_the_archive(
    house: Harness, tmp_path: Path, database_server: Server | None
) -> None:
    feeds = '<opml version="2.0"><body><outline text="Mina" xmlUrl="https://mina.example/feed"/></body></opml>'
    (tmp_path / "feeds.opml").write_text(feeds, "utf-8")
    imported = house.told("sites", "import", str(tmp_path / "feeds.opml"))
    (made,) = (site["id"] for site in imported["sites"])
    added = house.told("sites", "add", f"http://{house.room.sites['fa'].host}/", "--id", "added")
    assert ids(house) == sorted(["added", "fr", made])
    own = house.config / "sites.local"
    if database_server is None:
        assert (imported["folder"], added["file"]) == (str(own), str(own / "added.yaml"))
        assert described(house) == {}
    else:
        assert (imported["folder"], added["file"]) == (None, None)
        assert described(house).keys() == {"added", made}
        assert not own.exists()
    assert house.told("sites", "import", str(tmp_path / "feeds.opml"))["known"][0]["site"] == made
    house.arshif("sites", "add", f"http://{house.room.sites['fa'].host}/", code=2)


def test_a_running_daemon_takes_up_what_changes(house: Harness, tmp_path: Path) -> None:
    with daemon(house) as service:
        service.wait_for(lambda: service.found("site:fr"))
        house.arshif("sites", "load", str(tmp_path / "press"))
        service.says("the sites have changed: 2 are crawled")
        service.wait_for(lambda: service.found("site:fa"))
        house.arshif("sites", "unload", "fa")
        service.says("the sites have changed: 1 are crawled")
        assert service.end(signal.SIGTERM) == 0
    assert "Traceback" not in service.log
