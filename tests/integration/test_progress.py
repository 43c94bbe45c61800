"""Commands that can take long show how far they are, on a terminal, and end with nothing of it on the screen."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.harness import ROOT, Harness, crawled
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE
from tests.support.terminal import plain, shown

OFTEN = "from crawler.cli import progress, app; progress.INTERVAL = .001; app.main()"  # in place of half a minute


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
        (("verify", "--within", "0"), r"verify .*of \d+ raw copies; 0 damaged, 0 missing"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)


@TELLING
def test_a_command_that_can_take_long_shows_how_far_it_is(
    small: Harness, tmp_path: Path, command: tuple[str, ...], seen: str
) -> None:
    assert re.search(seen, plain(shown(small.env, *given(small, tmp_path, command))))


@TELLING
def test_where_there_is_no_terminal_it_writes_lines_from_time_to_time(
    small: Harness, tmp_path: Path, command: tuple[str, ...], seen: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", OFTEN, *given(small, tmp_path, command)],
        cwd=ROOT, env=small.env, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    step, _, _ = seen.partition(" .*")
    assert re.search(rf"^{step}: \d", ran.stderr, re.MULTILINE), ran.stderr
    assert "\x1b" not in ran.stderr


def test_an_erasure_shows_how_far_it_is(small: Harness) -> None:
    for article in small.room.articles("fa")[:2]:
        text = shown(small.env, "forget", article.url, "--yes")
        assert re.search(r"forget .*1 of 1 articles", plain(text))


def given(small: Harness, folder: Path, command: tuple[str, ...]) -> list[str]:
    """A command's words, once there is what it needs."""
    if command == ("index", "migrate"):
        (small.data / "index" / "current").unlink()
    if command[0] == "import":
        small.arshif("export", "warc", str(folder / "all.warc.gz"))
    if command[0] == "restore":
        small.arshif("backup", str(folder / "copy"))
    words = {"FOLDER": str(folder), "ARTICLE": small.room.articles("fr")[0].url}
    return [re.sub("|".join(words), lambda named: words[named[0]], word) for word in command]


def test_elsewhere_a_short_command_writes_only_what_it_did(small: Harness, tmp_path: Path) -> None:
    small.arshif("backup", str(tmp_path / "copy"))
    assert small.log == ""
