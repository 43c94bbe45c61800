"""Commands that can take long show how far they are, on a terminal, and end with nothing of it on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.harness import Harness, crawled
from tests.support.news_sites import Newsroom
from tests.support.terminal import plain, shown


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with Newsroom(via="proxy", only=("fr", "fa")) as room:
        yield crawled(Harness(room, tmp_path_factory.mktemp("small")))


def test_a_crawl_shows_its_sites(small: Harness) -> None:
    for _ in range(3):
        small.room.publish("fr")
    text = shown(small.env, "crawl")
    assert re.search(r"crawl .*of 2 sites", text)
    assert re.search(r"\d+ found, \d+ fetched, \d+ new", text)
    assert re.search(r"index .*\d+ of \d+ documents", plain(text))
    assert re.search(r"\x1b\[\?25h\r(\x1b\[1A\x1b\[2K)+\s*$", text), "the cursor is back, the bars are gone"


@pytest.mark.parametrize(
    ("command", "seen"),
    [
        (("reextract",), r"reextract .*of \d+ articles; \d+ differ"),
        (("export", "search", "--out", "FOLDER/all.jsonl"), r"export .*of \d+ articles"),
        (("export", "warc", "FOLDER/all.warc.gz"), r"export .*of \d+ raw copies"),
        (("backup", "FOLDER/copy"), r"backup .* of [\d.]+ [kM]B"),
        (("restore", "FOLDER/copy", "--force"), r"restore .* of [\d.]+ [kM]B"),
        (("index", "rebuild"), r"index .*of \d+ documents"),
        (("index", "verify"), r"verify .*of \d+ documents"),
        (("extract", "ARTICLE"), r"extract .*of 1 pages"),
        (("sites", "check", "fr,fa"), r"check .*of \d+ sources"),
        (("index", "migrate"), r"index .*of \d+ documents"),
        (("verify", "--within", "0"), r"verify .*of \d+ raw copies; 0 damaged, 0 missing"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_command_that_can_take_long_shows_how_far_it_is(
    small: Harness, tmp_path_factory: pytest.TempPathFactory, command: tuple[str, ...], seen: str
) -> None:
    folder = Path(tmp_path_factory.getbasetemp()) / "progress"
    folder.mkdir(exist_ok=True)
    if command == ("index", "migrate"):
        (small.data / "index" / "current").unlink()
    words = {"FOLDER": str(folder), "ARTICLE": small.room.articles("fr")[0].url}
    text = shown(small.env, *(re.sub("|".join(words), lambda named: words[named[0]], word) for word in command))
    assert re.search(seen, plain(text))


def test_elsewhere_a_short_command_writes_only_what_it_did(small: Harness, tmp_path: Path) -> None:
    small.arshif("backup", str(tmp_path / "copy"))
    assert small.log == ""
