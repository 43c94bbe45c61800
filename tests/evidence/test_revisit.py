"""Looking again, now: at one article, or at all of a site, whenever they would be due."""

from __future__ import annotations

from pathlib import Path

from index.archive import documents
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.newspaper import Story, sentence

LIST = "http://paper.example/list.txt"
SITE = """
name: The Paper
homepage: http://paper.example/
country: UN
languages: [en]
sources: [{kind: urls, url: "http://paper.example/list.txt"}]
enabled: true
"""


def test_an_article_or_a_site_is_fetched_again_on_request(tmp_path: Path) -> None:
    stories = [Story(n, sentence(100 * n, 7)[:-1], [sentence(100 * n + at) for at in range(1, 5)]) for n in (1, 2, 3)]
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path)
        (house.config / "sites" / "test" / "paper.yaml").write_text(SITE, "utf-8")
        urls = [story.url.replace("https:", "http:") for story in stories]
        room.serve(LIST, "\n".join(urls).encode(), "text/plain")

        def publish() -> None:
            for url, story in zip(urls, stories, strict=True):
                room.serve(url, story.html().replace(b"https:", b"http:"))

        def versions() -> list[int]:
            with house.archive() as conn:
                return [len(documents.versions(conn, documents.by_url(conn, url) or "")) for url in urls]

        publish()
        house.crawl("paper")
        for story in stories:
            story.body.append(sentence(900 + story.number))
        publish()
        house.crawl("paper")
        assert versions() == [1, 1, 1], "none is due yet"
        house.crawl("--revisit", urls[0])
        assert versions() == [2, 1, 1]
        house.crawl("--revisit", "paper")
        assert versions() == [2, 2, 2]
        house.arshif("crawl", "--revisit", "http://paper.example/none", code=1)
        assert "has no article" in house.log


def test_other_ages_in_the_file_move_the_dates_that_are_set(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path)
        house.crawl("fr")
        before = {url: row.due for url, row in house.frontier("fr").items() if row.state == "stored"}
        latest = max(filter(None, before.values()))
        file = house.config / "sites" / "test" / "fr.yaml"
        file.write_text(file.read_text("utf-8") + "revisit: [400 d]\n", "utf-8")
        house.crawl("fr")
        rows = house.frontier("fr")
        for url in before:
            assert rows[url].due is not None
            assert rows[url].due > latest, "none is looked at before its four hundredth day"
