"""Exports: what is in the files, what no spreadsheet may run, and how much memory they take."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyarrow import parquet

from bench.synthetic_corpus import article as made_up
from index.atomic_files import new_file
from index.errors import ArshifError, FileThere
from index.export.columns import COLUMNS, MAX_CELL_CHARS, cells_too_long, harmless
from index.export.formats import open_format
from index.export.linked_data import as_script
from index.export.parquet import GROUP
from index.export.result_stream import stream
from index.export.schema_org import document_fields
from index.model.article import Image, IndexDocument
from index.model.query import Query
from tests.support.filled_archive import NOW, SearchFixture, article, fill, page
from tests.support.hostile_texts import HOSTILE
from tests.support.web_client import client_of, unreachable

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =cmd|' /C calc'!A0", "نص\n=1", 'a;=1"', "a\t+1")


def document(**fields: object) -> IndexDocument:
    return IndexDocument(article("https://asi.example/1", **fields), 1, NOW, NOW)


def written(form: str, *documents: IndexDocument) -> bytes:
    return b"".join(open_format(form).write([documents]))  # type: ignore[arg-type]


def rows(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


FULL = document(
    headline="زلزالٌ في «حلب»",
    body='فقرة أولى، "قول"\n\nفقرة ثانية; ثالثة',
    authors=("سامر", "Élodie"),
    published=datetime(2026, 11, 20, 23, 30, tzinfo=UTC),
    country="SY",
)


def test_a_csv_gives_back_arabic_quotes_and_paragraphs() -> None:
    (row,) = rows(written("csv", FULL))
    assert tuple(row) == tuple(COLUMNS)
    assert row["headline"] == FULL.article.headline
    assert row["articleBody"] == FULL.article.body
    assert row["author"] == "سامر; Élodie"
    assert (row["datePublished"], row["gone"], row["story"]) == ("2026-11-20T23:30:00Z", "false", "")


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_csv_begins_a_formula(formula: str) -> None:
    text = written("csv", document(headline=formula, body=formula, authors=("x", formula), section=formula))
    (row,) = rows(text)
    for name in ("headline", "articleBody", "author", "articleSection"):
        assert "'" in row[name]
        assert row[name].replace("'", "") == ("x; " if name == "author" else "") + formula.replace("'", "")
    # the same where semicolons, tabs and lines part cells, whatever quotes stand around them
    for cell in text.decode("utf-8-sig").replace("\t", ";").replace("\n", ";").replace("\r", ";").split(";"):
        assert not cell.strip(' "').startswith(tuple("=+-@＝")), cell


def test_a_text_that_is_no_formula_stays_as_it_is() -> None:
    for text in ("حلب - دمشق", "a = b", "1+1", "me@example.org", "", "أ;ب", "سطر\nثان"):
        assert harmless(text) == text


def test_json_lines_are_articles_as_the_api_has_them(shelf: SearchFixture) -> None:
    answer = client_of(shelf).get("/export.jsonl", params={"q": "site:observer", "sort": "oldest"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == 'attachment; filename="arshif.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) == int(answer.headers["arshif-total"]) == 10
    assert [line["datePublished"] for line in lines] == sorted(line["datePublished"] for line in lines)
    one = client_of(shelf).get(f"/api/articles/{lines[0]['archive']['id']}").json()
    for known in ("versions", "aliases"):
        del one["archive"][known]
    assert one == lines[0]


def test_parquet_has_types() -> None:
    many = [replace(FULL, number=number) for number in range(1, GROUP + 2)]
    table = parquet.read_table(io.BytesIO(written("parquet", *many)))
    assert table.num_rows == GROUP + 1
    first = table.slice(0, 1).to_pylist()[0]
    assert first["author"] == ["سامر", "Élodie"]
    assert first["datePublished"] == FULL.article.published
    assert (first["gone"], first["number"], first["isAccessibleForFree"]) == (False, 1, None)


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_hostile_texts_are_written_and_read_again(form: str) -> None:
    texts = [*HOSTILE, "half \ud800 a character"]
    data = written(form, *(document(headline=text, body=text, keywords=(text,)) for text in texts))
    if form == "jsonl":
        assert [json.loads(line)["headline"] for line in data.decode().split("\n")[:-1]] == texts
    elif form == "csv":
        assert len(rows(data)) == len(texts)
    else:
        assert parquet.read_table(io.BytesIO(data)).column("headline").to_pylist()[:-1] == texts[:-1]


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, shelf: SearchFixture) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(ArshifError, match=r"pip install 'arshif\[parquet\]'"):
        open_format("parquet")
    answer = client_of(shelf).get("/export.parquet")
    assert answer.status_code == 501
    assert "pyarrow" in answer.text


def test_mistakes_are_told_before_anything_is_written(shelf: SearchFixture) -> None:
    assert client_of(shelf).get("/export.doc").status_code == 400
    assert client_of(shelf).get("/export.csv?sort=best").status_code == 400
    away = client_of(SearchFixture(shelf.archive, unreachable()))
    for _ in range(4):  # a turn that failed is over
        assert away.get("/export.csv").status_code == 503


def test_turns_end_with_their_exports(shelf: SearchFixture) -> None:
    client = client_of(shelf)
    for _ in range(4):
        assert client.get("/export.csv?q=حلب").status_code == 200
    turns = client.app.state.exports
    assert turns.acquire(blocking=False)
    assert turns.acquire(blocking=False)
    answer = client.get("/export.csv")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


def many(number: int) -> Iterator[Sequence[IndexDocument]]:
    """So many articles, of which a page is made when it is asked for."""
    some = [made_up(n).article for n in range(50)]
    for _ in range(0, number, len(some)):
        yield [IndexDocument(replace(one, body=one.body + "."), 1, NOW, NOW) for one in some]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_ten_times_as_many_articles_take_no_more_memory(form: str) -> None:
    peaks = []
    few = 1_000 if form == "parquet" else 300  # which is written in groups of rows
    for number in (few, few, 10 * few):  # the first warms up caches
        tracemalloc.start()
        size = sum(map(len, open_format(form).write(many(number))))  # type: ignore[arg-type]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] * 1.5 + 1_000_000, peaks
    assert form == "parquet" or size > 5 * peaks[2]


def test_a_file_is_new_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(TypeError), new_file(path) as file:
        file.writelines([b"half", None])  # type: ignore[list-item]
    assert list(tmp_path.iterdir()) == []
    with new_file(path) as file:
        file.write(b"whole")
    with pytest.raises(FileThere, match="already"), new_file(path):
        pass
    assert path.read_bytes() == b"whole"


def test_earlier_versions_are_exported_where_they_are_asked_for(tmp_path: Path) -> None:
    first = article("https://asi.example/1", headline="سعر الخبز", body="السعر مئة")
    second = replace(first, body="السعر مئتان", content_hash="other")
    filled = fill(tmp_path, [page(first), page(second, NOW + timedelta(hours=1), body_hash="other")])
    found = stream(Query(versions=True), filled.engine, filled.archive, page=1)
    said = [(one.number, one.current, one.article.body) for pages in found.pages for one in pages]
    assert sorted(said) == [(1, False, "السعر مئة"), (2, True, "السعر مئتان")]
    filled.close()


def test_linked_data_has_types_and_our_own_terms_under_our_prefix() -> None:
    images = (Image("https://asi.example/1.jpg", "المرفأ", None), Image("https://asi.example/2.jpg"))
    node = document_fields(document(authors=("سامر", "Élodie"), images=images, published=NOW))
    assert node["author"] == [{"@type": "Person", "name": "سامر"}, {"@type": "Person", "name": "Élodie"}]
    assert node["image"] == [
        {"@type": "ImageObject", "url": "https://asi.example/1.jpg", "caption": "المرفأ"},
        {"@type": "ImageObject", "url": "https://asi.example/2.jpg"},
    ]
    schema, own = node["@context"]
    assert schema == "https://schema.org"
    assert own["archive"]["@id"] == "arshif:archive"
    assert own["archive"]["@context"]["@vocab"] == own["arshif"]
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"  # for UTC; other offsets are the page's own
    assert all(re.fullmatch(form, moment) for moment in (node["datePublished"], node["archive"]["firstSeen"]))


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!-- <script>", "\u202egnp.exe\u2028", "\ud800"]
)
def test_linked_data_in_a_page_ends_where_the_page_says(text: str) -> None:
    node = document_fields(document(headline=text, body=text))
    script = as_script(node)
    assert not set(script) & set("<>&\u202e\u2028\ud800")
    assert json.loads(script) == node


def test_cells_that_a_spreadsheet_cuts_off_are_counted() -> None:
    short, long = "و" * MAX_CELL_CHARS, "و" * (MAX_CELL_CHARS + 1)
    assert cells_too_long(document(headline=short, body=short)) == 0
    assert cells_too_long(document(headline=long, body=long)) == 2
    assert cells_too_long(document(keywords=("و" * 20_000,) * 2)) == 1
