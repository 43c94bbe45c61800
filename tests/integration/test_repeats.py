"""What a site repeats, from its pages to the commands: a box in an element of its own is learned; prose among the
paragraphs of several articles stays."""

from __future__ import annotations

from pathlib import Path

import yaml

from index.archive import documents
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.newspaper import Box, Story, sentence

BOX = "Zorbik vel tanu menori: kalu dofi nemu santri Harbour lokabe, vissu tarnok elu pamidon."
BACKGROUND = sentence(1, 20)
LIST = "http://paper.example/list.txt"


def story(number: int, *boxes: Box) -> Story:
    body = [sentence(100 * number + at) for at in range(4)]
    return Story(number, sentence(100 * number + 9, 7)[:-1], [*body[:2], BACKGROUND, *body[2:]], list(boxes))


STORIES = [story(number, Box(BOX)) for number in (1, 2, 3)]
PLAIN = [story(number) for number in range(4, 9)]
for _story in PLAIN:
    _story.body.remove(BACKGROUND)


def served(room: Newsroom, *stories: Story) -> list[str]:
    """The addresses of these stories, whose pages the newsroom serves from now on."""
    urls = [one.url.replace("https:", "http:") for one in stories]
    for url, one in zip(urls, stories, strict=True):
        room.serve(url, one.html().replace(b"https:", b"http:"))
    return urls


def test_a_box_is_learned_from_three_articles_and_makes_no_version_of_the_first_two(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("fr",)) as room:
        urls = served(room, *STORIES, *PLAIN)
        room.serve(LIST, "\n".join(urls).encode(), "text/plain")
        house = Harness(room, tmp_path)
        site = {
            "name": "The Paper", "homepage": "http://paper.example/", "country": "UN", "languages": ["en"],
            "sources": [{"kind": "urls", "url": LIST}], "enabled": True,
        }  # fmt: skip
        (house.config / "sites" / "test" / "paper.yaml").write_text(yaml.safe_dump(site), "utf-8")
        house.crawl("paper")
        _are_clean(house)
        house.make_due("paper")
        house.crawl("paper")
        _are_clean(house)
        learned = {row["text"]: row["articles"] for row in house.told("sites", "repeats", "paper")}
        assert learned == {BOX: 3}, "and not the background"
        assert BOX[:40] in house.arshif("sites", "repeats", "paper")
        (new,) = served(room, story(9, Box(BOX)))
        told = house.told("extract", new, "--explain")
        assert BOX not in told["articleBody"]
        assert BACKGROUND in told["articleBody"]
        assert {"site": "paper", "articles": len(house.documents())}.items() <= told["learned"].items()
        assert "known to repeat on paper: 1 blocks" in house.arshif("extract", new, "--explain")


def _are_clean(house: Harness) -> None:
    """Each is stored once, with its own text and no version but the first."""
    stored = {document.article.headline: document.article for document in house.documents().values()}
    for one in STORIES:
        article = stored[one.headline]
        assert article.body == "\n\n".join(one.body)
        with house.archive() as conn:
            assert len(documents.versions(conn, article.id)) == 1
