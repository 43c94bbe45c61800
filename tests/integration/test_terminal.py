"""The command as a person meets it: on a terminal, where bars come and go and what it has to say stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.integration.daemon_process import daemon, free_port
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.terminal import plain, shown


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=("fr",)) as room:
        room.publish("fr", published=datetime.now(UTC) - timedelta(days=45))
        yield room


@pytest.fixture(scope="module")
def house(room: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Harness:
    return Harness(room, tmp_path_factory.mktemp("house"), every=0.05)


@pytest.fixture(scope="module")
def first(house: Harness) -> str:
    """What the first crawl leaves on the terminal."""
    return left(shown(house.env, "crawl", both=True))


def left(text: str) -> str:
    """What stays on a terminal once the bars are gone: whatever follows the last of them that was taken away."""
    return plain(re.split(r"(?:\x1b\[1A\x1b\[2K)+", text)[-1]).strip()


def test_a_first_crawl_says_what_is_older_and_how_to_get_it(first: str) -> None:
    assert re.search(r"\d+ older than 7 days left out; `--since \d+d` takes (it|them)", first), first


def test_a_run_that_ended_well_is_not_called_cut_short(house: Harness, first: str) -> None:
    assert first
    told = plain(shown(house.env, "status", both=True))
    assert re.search(r"^fr +ok ", told, re.MULTILINE), told
    assert "interrupted" not in told
    assert "cut short" not in told


def test_it_tells_its_version(house: Harness) -> None:
    assert plain(shown(house.env, "--version", both=True)) == f"arshif {version('arshif')}\n"


def test_a_file_that_is_there_is_a_mistake_in_the_command(house: Harness, first: str, tmp_path: Path) -> None:
    assert first
    (tmp_path / "a.jsonl").write_text("mine", "utf-8")
    told = shown(house.env, "export", "search", "--out", str(tmp_path / "a.jsonl"), both=True, code=2)
    assert left(told).endswith("a.jsonl exists already: name a new file")
    assert (tmp_path / "a.jsonl").read_text("utf-8") == "mine"


def test_reading_stored_pages_again_says_how_fast_it_was(house: Harness, first: str) -> None:
    assert first
    told = left(shown(house.env, "reextract", both=True))
    assert re.search(r"^\d+ of \d+ articles; \d+ differ: .*, [\d.]+ a second$", told, re.MULTILINE), told


def test_with_json_an_error_is_an_object_and_nothing_else(house: Harness) -> None:
    told = json.loads(plain(shown(house.env, "crawl", "nosuch", "--json", both=True, code=2)))
    assert (told["code"], told["params"]["given"], told["exit_code"]) == ("command.no_site", "nosuch", 2)


def test_a_second_run_says_only_that_one_is_running(house: Harness, first: str) -> None:
    assert first
    with daemon(house, "--no-web") as service:
        service.says("daemon: ")
        told = left(shown(house.env, "run", "--no-web", both=True, code=3))
        assert told.count("\n") == 0, told
        assert f"process {service.process.pid}" in told
        assert service.end() == 0


def test_without_a_network_it_says_so_in_one_line(tmp_path: Path) -> None:
    with Newsroom(via="ports", only=("fr", "fa")) as room:
        house = Harness(room, tmp_path)
        for name, site in room.sites.items():
            file = house.config / "sites" / "test" / f"{name}.yaml"
            text = file.read_text("utf-8").replace(f"127.0.0.1:{site.port}", f"127.0.0.1:{free_port()}")
            file.write_text(text, "utf-8")
        told = left(shown(house.env, "crawl", both=True, code=1))
    assert [line for line in told.splitlines() if "No site could be reached" in line] == told.splitlines()[-1:]
    assert len(told.splitlines()) <= 2, told  # and which run it was
