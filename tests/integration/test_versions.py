"""history and diff: what `arshif` tells of an article that changed, moved and went away."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from typer.testing import CliRunner

from crawler.cli.app import app
from index.archive import Archive, articles, frontier
from index.archive.frontier import Visit
from tests.support.archive_samples import HOUR, NOW, article, page

URL = "http://www.step.example/news/1"
MOVED = "http://www.step.example/news/" + quote("افتتاح-جسر-المشاة-فوق-النهر-بعد-عامين-من-العمل")
FIRST = "افتتح الجسر يوم الاثنين بعد عامين من العمل، وعبرته رئيسة البلدية أولاً.\n\nوبلغت كلفته 412 ليرة بحسب المجلس."
SECOND = FIRST.replace("الاثنين", "الأربعاء") + "\n\nوقالت رئيسة البلدية إن جسراً ثانياً سيبنى في العام المقبل قرب السوق."
Told = Callable[..., str]


@pytest.fixture(scope="module")
def arshif(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The command, on an archive of one article."""
    folder = tmp_path_factory.mktemp("versions")
    (folder / "config" / "sites").mkdir(parents=True)
    (folder / "config" / "arshif.yaml").write_text(f"data: {folder / 'data'}\n")
    (folder / "data").mkdir()
    fill(folder / "data" / "archive.sqlite3")

    def run(*arguments: str, code: int = 0) -> str:
        env = {"ARSHIF_CONFIG": str(folder / "config"), "COLUMNS": "80", "NO_COLOR": "1"}
        done = CliRunner().invoke(app, arguments, env=env)
        if code:
            assert done.exit_code != 0
            return str(done.exception)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def fill(path: Path) -> None:
    one = article(URL, headline="افتتاح جسر المشاة", body=FIRST)
    two = replace(one, body=SECOND, content_hash="2")
    three = replace(two, headline="افتتاح الجسر", authors=("هناء", "سامر"), content_hash="3")
    with Archive(path) as archive:

        def put(*pages: Any) -> None:
            for fetched in pages:
                archive.write(lambda c, f=fetched: articles.store(c, f)).result()  # type: ignore[misc]

        put(page(one), page(two, NOW + HOUR), page(three, NOW + 2 * HOUR))
        put(page(replace(three, url=MOVED, id="other"), NOW + 3 * HOUR, url=URL, final_url=MOVED))
        archive.write(lambda c: frontier.mark_gone(c, "step", URL, Visit(NOW + 4 * HOUR, status=410))).result()
        archive.write(lambda c: frontier.mark_gone(c, "step", URL, Visit(NOW + 9 * HOUR, status=410))).result()


def test_a_history_tells_versions_moves_and_absence(arshif: Told) -> None:
    events = json.loads(arshif("history", URL, "--json"))["events"]
    assert [(e["what"], e.get("number"), e.get("kinds")) for e in events] == [
        ("new", 1, None), ("changed", 2, ["correction", "addition"]), ("changed", 3, ["headline", "authors"]),
        ("moved", None, None), ("gone", None, None),
    ]  # fmt: skip
    assert [events[3]["url"], events[4]["until"]] == [MOVED, (NOW + 9 * HOUR).isoformat().replace("+00:00", "Z")]
    table = arshif("history", MOVED)
    assert "correction, addition (-1 words, +13 words)" in table
    assert f"moved to {MOVED}" in table
    assert "افتتاح جسر المشاة" in table


@pytest.mark.parametrize("spelled", [MOVED.lower(), unquote(MOVED), f"{MOVED}?utm_source=x"], ids=["hex", "raw", "utm"])
@pytest.mark.parametrize("command", ["show", "history", "diff"])
def test_an_address_is_known_however_it_is_spelled(arshif: Told, command: str, spelled: str) -> None:
    assert "افتتاح" in arshif(command, spelled)


def test_a_diff_shows_words_and_leaves_out_what_stayed(arshif: Told) -> None:
    shown = arshif("diff", URL, "1", "2")
    assert "[-\u2068الاثنين\u2069-]{+\u2068الأربعاء\u2069+}" in shown
    assert "{+\u2068وقالت رئيسة البلدية" in shown
    assert "كلفته" not in shown
    assert "[…]" in shown


def test_a_diff_is_of_the_last_two_versions_or_of_one_and_the_newest(arshif: Told) -> None:
    last, since_first = (json.loads(arshif("diff", URL, *numbers, "--json")) for numbers in ((), ("1",)))
    assert [(found["from"], found["to"]) for found in (last, since_first)] == [(2, 3), (1, 3)]
    assert last["kinds"] == ["headline", "authors"]
    assert last["fields"]["authors"] == ["سامر", "هناء, سامر"]
    assert "".join(p["text"] for p in since_first["body"] if p["op"] != "removed") == SECOND
    assert "".join(p["text"] for p in since_first["body"] if p["op"] != "added") == FIRST


def test_what_is_not_there_is_told(arshif: Told) -> None:
    assert "has no version 7, only 1 to 3" in arshif("diff", URL, "7", code=1)
    assert "has no article" in arshif("history", "http://www.step.example/none", code=1)
