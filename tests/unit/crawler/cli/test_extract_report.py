"""extract --explain: which source gave each field, what others said, and each block that was taken off, in full."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.cli.extract import extract
from crawler.errors import ArshifError
from tests.unit.crawler.extract.test_extractor import HEADLINE, TEXT, html, ld

pytestmark = pytest.mark.usefixtures("own_log")

SEO = "القمح 2018: كل ما تريد معرفته عن موسم الحصاد"
RELATED = "<div class='related-posts'><a href='/b'>عنوان خبر آخر لا صلة له بهذا الخبر ولا بمضمونه</a></div>"


@pytest.fixture
def page(tmp_path: Path) -> str:
    head = ld(headline=SEO) + f'<meta property="og:title" content="{HEADLINE}">'
    head += '<meta property="article:published_time" content="2018-06-08T18:14:05Z">'
    body = "".join(f"<p>{p}</p>" for p in TEXT * 2) + RELATED
    file = tmp_path / "page.html"
    file.write_text(html(body, head), "utf-8")
    return str(file)


def test_every_field_says_where_it_came_from_and_what_was_not_taken(
    page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    extract(page, url="", explain=True, json=False)
    told = " ".join(capsys.readouterr().out.split())
    assert f"headline {HEADLINE} [h1]" in told
    assert f"not taken: {SEO} [json-ld]" in told
    assert "section اقتصاد [json-ld]" in told
    assert "published 2018-06-08T21:14:05+03:00 [json-ld]" in told
    assert "not taken: 2018-06-08T18:14:05+00:00 [meta]" in told
    assert "paywalled yes [json-ld]" in told
    assert "alternative_headline -" in told
    assert "images http://localhost/wheat.jpg (caption: حقل قمح)" in told
    assert "structure: related: عنوان خبر آخر" in told


def test_programs_get_the_same_as_json(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    extract(page, url="", explain=True, json=True)
    told = json.loads(capsys.readouterr().out)
    assert {"name": "headline", "value": SEO, "origin": "json-ld"} in told["others"]
    assert told["archive"]["origins"]["headline"] == "h1"
    assert any(removed["reason"] == "related" for removed in told["removed"])
    extract(page, url="", explain=False, json=True)
    assert "others" not in json.loads(capsys.readouterr().out)


def test_a_page_that_is_no_article_says_all_the_same_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "video.html"
    head = f'<meta property="og:type" content="video.other"><meta property="og:title" content="{HEADLINE}">'
    head += '<meta itemprop="datePublished" content="2018-06-08">'
    file.write_text(f"<html><head><title>x</title>{head}</head><body><h1>{HEADLINE}</h1></body></html>", "utf-8")
    with pytest.raises(ArshifError, match="is not an article: video"):
        extract(str(file), url="", explain=True, json=False)
    told = " ".join(capsys.readouterr().out.split())
    assert f"headline {HEADLINE}" in told
    assert "published 2018-06-08T00:00:00+00:00" in told
    with pytest.raises(ArshifError):
        extract(str(file), url="", explain=True, json=True)
    assert json.loads(capsys.readouterr().out)["said"]["published"]["origin"] == "microdata, day only"
