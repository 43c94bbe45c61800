"""A hundred real pages, served under their own addresses, crawled, and found by their headlines in both engines."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from crawler.urls.canonical import canonical
from index.search.query_language.lexer import QUOTES
from tests.integration.harness import Harness, elasticsearch_env
from tests.support.news_sites import Newsroom

PAGES = Path(__file__).parents[3] / "shared" / "pages" / "open"
COUNT = 100
UNREAD = {"http://www.china.com.cn/ac8037241a06"}  # on which the extractor finds no text: few signs around a picture
LIST = "http://replay.example/list.txt"
SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
SIGNS = str.maketrans(dict.fromkeys("()-:" + "".join(QUOTES) + "".join(QUOTES.values()), " "))  # of queries
MOST_WORDS = 20  # of a headline; a query has 32 terms at most

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="needs ../shared/pages/open, saved pages of others")


def chosen() -> dict[str, bytes]:
    """Pages whose title and body are known, spread over all that there are, by address; without those whose text is in
    a script only."""
    known: dict[str, tuple[Path, str]] = {}
    for file in sorted(PAGES.glob("*/*.json")):
        said = json.loads(file.read_text("utf-8"))
        url = canonical(re.sub("^https:", "http:", said["url"] or "")) if said["title"] and said["body"] else None
        if url:
            known.setdefault(url, (file.with_suffix(".html.gz"), said["body"]))
    pages: dict[str, bytes] = {}
    for url in list(known)[:: len(known) // (COUNT + 10)]:
        file, body = known[url]
        page = gzip.decompress(file.read_bytes())
        shown = SCRIPT.sub("", page.decode("utf-8", "replace"))
        if len(pages) < COUNT and body.split()[0] in shown and url not in UNREAD:
            pages[url] = page
    return pages


def words(headline: str) -> str:
    """A query that asks for all words of a headline."""
    return " ".join(headline.translate(SIGNS).lower().split()[:MOST_WORDS])


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """The pages, crawled from a list of their addresses."""
    pages = chosen()
    with Newsroom(via="proxy", only=("fr",)) as room:
        for url, page in pages.items():
            room.serve(url, page)
        room.serve(LIST, "\n".join(pages).encode(), "text/plain")
        house = Harness(room, tmp_path_factory.mktemp("replay"))
        site = {
            "name": "Replay", "homepage": "http://replay.example/", "country": "UN", "languages": ["und"],
            "sources": [{"kind": "urls", "url": LIST}], "enabled": True,
        }  # fmt: skip
        (house.config / "sites" / "test" / "replay.yaml").write_text(yaml.safe_dump(site), "utf-8")
        house.first = house.crawl("replay")
        yield house


def test_every_page_is_stored_as_an_article(replay: Harness) -> None:
    counts = replay.first["replay"]["counts"]
    refused = {url: row.reason for url, row in replay.frontier("replay").items() if row.state != "stored"}
    assert refused == {}
    assert (counts["discovered"], counts["stored"]) == (COUNT, COUNT)


def test_each_host_was_asked_for_its_robots_txt_first(replay: Harness) -> None:
    seen: set[str] = set()
    for request in replay.room.requests():
        if request.host not in seen:
            assert request.path == "/robots.txt"
            seen.add(request.host)
    assert len(seen) > COUNT // 2


def missed(house: Harness, **env: str) -> list[str]:
    """The pages that a search for their headline's words does not find."""
    articles = [document.article for document in house.documents().values()]
    with house.searching(**env) as found:
        return [article.url for article in articles if article.id not in found(words(article.headline))]


def test_each_is_found_by_its_headline_in_the_embedded_index(replay: Harness) -> None:
    assert missed(replay) == []


@pytest.mark.elasticsearch
def test_each_is_found_by_its_headline_in_elasticsearch(replay: Harness, elasticsearch_url: str) -> None:
    with elasticsearch_env(elasticsearch_url, "replay") as env:
        replay.arshif("index", "rebuild", **env)
        assert missed(replay, **env) == []
