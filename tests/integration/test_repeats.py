"""What a site repeats: a box in a language that nobody speaks, three articles that show it, and the archive between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from index.archive import documents
from tests.integration.harness import House
from tests.support.news_sites import Draft, Newsroom

BOX = "Zorbik vel tanu menori: kalu dofi nemu santri Harbour lokabe, vissu tarnok elu pamidon."
DRAFTS = [
    Draft(
        slug=f"boats-{n}",
        headline=headline,
        body=(
            f"{headline}, the harbour office said on Monday.",
            f"The {name} had waited for {n + 2} days.",
            f"The {name} went home at noon.",
        ),
        sections=("News",),
        authors=("Mira Tallow",),
        hours=n + 1,
    )
    for n, (headline, name) in enumerate(
        [
            ("Three boats are painted blue", "painters of the northern quay"),
            ("A pilot learns to whistle", "old pilot and his dog"),
            ("The crane gets a new rope", "rope makers of two villages"),
        ]
    )
]


def test_a_box_is_learned_from_three_articles_and_makes_no_version_of_the_first_two(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("english",)) as room:
        house = House(room, tmp_path)
        for draft in DRAFTS:
            room.publish("english", replace(draft, body=(*draft.body[:2], BOX, draft.body[2])))
        house.crawl()
        _are_clean(house)
        room.edit("english", room.articles("english")[0].slug, headline="The box beside all articles has changed")
        house.make_due("english")
        house.crawl()
        _are_clean(house)
        learned = {row["text"]: row["articles"] for row in house.told("sites", "repeats", "english")}
        assert learned[BOX] == 3
        assert BOX[:40] in house.arshif("sites", "repeats", "english")
        stored = room.articles("english")[1]
        assert BOX not in house.told("extract", stored.url)["articleBody"]
        room.publish("english", replace(DRAFTS[0], slug="new", headline="A new one", body=(*DRAFTS[0].body, BOX)))
        (new,) = [article for article in room.articles("english") if article.slug == "new"]
        told = house.told("extract", new.url, "--explain")
        assert BOX not in told["articleBody"]
        assert {"site": "english", "articles": len(house.documents())}.items() <= told["learned"].items()
        assert "known to repeat on english: 1 blocks" in house.arshif("extract", new.url, "--explain")


def _are_clean(house: House) -> None:
    """Each is stored once, with its own text and no version but the first."""
    stored = [document.article for document in house.documents().values()]
    for draft in DRAFTS:
        (article,) = [a for a in stored if a.headline == draft.headline]
        assert article.body == "\n\n".join(draft.body)
        with house.archive() as conn:
            assert len(documents.versions(conn, article.id)) == 1
