"""Commands that can take long show how far they are, on a terminal, and end with nothing of it on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.harness import Harness, crawled
from tests.support import commands
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE
from tests.support.postgresql import Server
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


TELLING = pytest.mark.parametrize(
    ("command", "seen"),
    [
        (("crawl", "fr", "--revisit"), r"crawl .*of 1 sites"),
        (("archive", "ARTICLE"), r"archive .*of 1 addresses"),
        (("import", "FOLDER/all.warc.gz"), r"import .*\d+ pages"),
        (("raw", "compact"), r"compact .*\d+ files"),
        (("manifest", "write"), r"manifest .*\d+ hashes"),
        (("reextract",), r"reextract .*of \d+ articles; \d+ differ"),
        (("stories", "rebuild"), r"stories .*of \d+ articles; \d+ of another story"),
        (("export", "search", "--out", "FOLDER/all.jsonl"), r"export .*of \d+ articles"),
        (("export", "warc", "FOLDER/all.warc.gz"), r"export .*of \d+ raw copies"),
        (("backup", "FOLDER/copy"), r"backup .* of [\d.]+ [kM]B"),
        (("restore", "FOLDER/copy", "--force"), r"restore .* of [\d.]+ [kM]B"),
        (("index", "rebuild"), r"index .*of \d+ documents"),
        (("index", "verify"), r"verify .*of \d+ documents"),
        (("extract", "ARTICLE"), r"extract .*of 1 pages"),
        (("sites", "check", "fr,fa"), r"check .*of \d+ sources"),
        (("index", "migrate"), r"index .*of \d+ documents"),
        (("export", "dataset", "FOLDER/set"), r"export .*of \d+ articles"),
        (("export", "wacz", "fr", "--out", "FOLDER/fr.wacz"), r"export .*of \d+ articles"),
        (("export", "collection", "picked", "--out", "FOLDER/picked.csv"), r"export .*of 1 articles"),
        (("export", "articles", "ARTICLE", "--out", "FOLDER/one.jsonl"), r"export .*of 1 articles"),
        (("copy", "--raw", "file://FOLDER/raw"), r"copy .* of [\d.]+ [kM]B"),
        (("copy", "--to", "DATABASE"), r"copy .*of \d+ rows"),
        (("doctor",), r"doctor .*of \d+ checks"),
        (("verify", "--within", "0"), r"verify .*of \d+ raw copies; 0 damaged, 0 missing"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)


@TELLING
def test_a_command_that_can_take_long_shows_how_far_it_is(
    small: Harness, tmp_path: Path, request: pytest.FixtureRequest, command: tuple[str, ...], seen: str
) -> None:
    house, words = given(small, tmp_path, request, command)
    assert re.search(seen, plain(shown(house.env, *words)))


@TELLING
def test_where_there_is_no_terminal_it_writes_lines_from_time_to_time(
    small: Harness, tmp_path: Path, request: pytest.FixtureRequest, command: tuple[str, ...], seen: str
) -> None:
    house, words = given(small, tmp_path, request, command)
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        ended = commands.run("tests.support.telling_often", words, house.env, out, err, PATIENCE)
    told = (tmp_path / "err").read_text("utf-8")
    assert ended == 0, told
    step, _, _ = seen.partition(" .*")
    assert re.search(rf"^{step}: \d", told, re.MULTILINE), told
    assert "\x1b" not in told


def test_an_erasure_shows_how_far_it_is(small: Harness) -> None:
    for article in small.room.articles("fa")[:2]:
        text = shown(small.env, "forget", article.url, "--yes")
        assert re.search(r"forget .*1 of 1 articles", plain(text))


def given(
    small: Harness, folder: Path, request: pytest.FixtureRequest, command: tuple[str, ...]
) -> tuple[Harness, list[str]]:
    """Where to give a command, and its words, once there is what it needs; what moves an archive has one of its own."""
    words = {"FOLDER": str(folder), "ARTICLE": small.room.articles("fr")[0].url}
    if command[0] == "copy":
        small.arshif("backup", str(folder / "copy"))
        house = Harness(small.room, folder)
        house.arshif("restore", str(folder / "copy"))
    if command[-1] == "DATABASE":
        server: Server = request.getfixturevalue("postgresql_server")
        words["DATABASE"] = server.empty()
    if command[1:2] == ("collection",):
        if not small.told("collections", "list"):
            small.arshif("collections", "create", "picked")
        small.arshif("collections", "add", "picked", words["ARTICLE"])
    if command == ("index", "migrate"):
        (small.data / "index" / "current").unlink()
    if command[0] == "import":
        small.arshif("export", "warc", str(folder / "all.warc.gz"))
    if command[0] == "restore":
        small.arshif("backup", str(folder / "copy"))
    said = [re.sub("|".join(words), lambda named: words[named[0]], word) for word in command]
    return (house if command[0] == "copy" else small), said


def test_elsewhere_a_short_command_writes_only_what_it_did(small: Harness, tmp_path: Path) -> None:
    small.arshif("backup", str(tmp_path / "copy"))
    assert small.log == ""
