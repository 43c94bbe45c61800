"""Ten thousand strings of what breaks parsers, through all that a text goes through: none is lost, none breaks out."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sqlite3
import unicodedata
from contextlib import closing

import pytest
from markupsafe import escape
from selectolax.lexbor import LexborHTMLParser

from crawler.console import safe
from crawler.text import block, line, tidy
from index.export.columns import cell
from index.web.templating import strip_controls

MANY = 10_000
PIECES = (
    *"<>&\"'`=+-@|;,\\/(){}[]#%\t\r\n ",
    *"\x00\x01\x07\x08\x0b\x0c\x1b\x7f\x85\x9b\xa0\xad\u061c\u2028\u2029\ufeff\ufffe\uffff\ufdd0",
    *"\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    *("\ud800", "\udfff", "\ud83d", "\U0001f600", "\U0010ffff", "\u0301", "e\u0301", "ﷺ", "ｓ", "ß", "İ"),
    *("حلب", "می\u200cرود", "漢字", "word", "1", "١", "</p>", "<p>", "<script>", "<!--", "-->", "]]>", "&lt;", "&#0;"),
    *("=1+1", "\t=x", "\n@y", '""', '","', "\\u0000", "\\ud800", "\x1b]52;c;", "\x1b[31m", "javascript:", "'; --"),
)
FORMULA = re.compile(r"[^\S\n\r\t]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r]")
LEFT = ("Cc", "Cs")  # categories of Unicode: controls, halves of characters


@pytest.fixture(scope="module")
def texts() -> list[str]:
    chance = random.Random(47)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 24))) for _ in range(MANY)]


@pytest.fixture(scope="module")
def tidied(texts: list[str]) -> list[str]:
    return [tidy(text) for text in texts]


def test_tidied_is_tidy_and_has_nothing_that_turns_or_halves(texts: list[str], tidied: list[str]) -> None:
    for text in tidied:
        assert tidy(text) == text
        assert not [c for c in text if c != "\n" and unicodedata.category(c) in LEFT], ascii(text)
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", text), ascii(text)
    for text in texts:
        assert "\n" not in line(text)
        assert "\n\n" not in block([text])


def test_json_and_a_database_give_it_back(tidied: list[str]) -> None:
    assert json.loads(json.dumps(tidied, ensure_ascii=False).encode()) == tidied
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table texts (text)")
        database.executemany("insert into texts values (?)", ((text,) for text in tidied))
        assert [text for (text,) in database.execute("select text from texts order by rowid")] == tidied


def test_a_table_gives_it_back_and_no_cell_is_a_formula(tidied: list[str]) -> None:
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([cell(text), "next"] for text in tidied)
    file.seek(0)
    rows = list(csv.reader(file))
    assert [row[1:] for row in rows] == [["next"]] * MANY
    for text, (first, _) in zip(tidied, rows, strict=True):
        assert not FORMULA.match(first), ascii(first)
        assert first.replace("'", "") == text.replace("'", "")


def test_a_page_shows_it_and_is_no_longer_for_it(texts: list[str]) -> None:
    page = "".join(f"<p>{escape(str(strip_controls(text)))}</p>" for text in texts)
    found = LexborHTMLParser(f"<!doctype html><body>{page}").css("body *")
    assert [node.tag for node in found] == ["p"] * MANY
    for text, node in zip(texts, found, strict=True):
        assert node.text() == str(strip_controls(text)).replace("\r\n", "\n").replace("\r", "\n")


def test_a_terminal_obeys_none_of_it(texts: list[str]) -> None:
    for text in texts:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", safe(text)), ascii(text)
