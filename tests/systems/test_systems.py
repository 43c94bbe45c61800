"""What is stored of sites as real systems make them, and what a crawl that finds nothing new asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from index.model.article import IndexDocument
from tests.integration.harness import Harness
from tests.systems.generators import GENERATORS, Generator, Pelican, StaticSite
from tests.systems.ghost import Ghost
from tests.systems.mediawiki import MediaWiki
from tests.systems.plone import Plone
from tests.systems.posts import FATES, Post, first, second
from tests.systems.wagtail import Wagtail
from tests.systems.web_server import Asked, Nginx, WebServer
from tests.systems.web_servers import SERVERS
from tests.systems.wordpress import WordPress

pytestmark = pytest.mark.systems


class Settings:
    """A configuration that lets servers on this machine be crawled; `sites add` writes the site's file."""

    def config(self, directory: Path, **settings: Any) -> Path:
        """Write `arshif.yaml`, and give back its folder."""
        directory.mkdir()
        own = {"contact": "newsroom@localhost.example", "politeness": {"delay": 0}, "schedule": {"every": 0.05}}
        own |= {"allow_networks": ["127.0.0.1/32"], **settings}
        (directory / "arshif.yaml").write_text(json.dumps(own), "utf-8")
        return directory


@dataclass
class Site:
    """A site as a system makes it, and the archive of it."""

    place: StaticSite | Wagtail | Plone | Ghost | MediaWiki | WordPress
    house: Harness
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def crawl(self) -> list[Asked]:
        """Look at all again, as if its time had come; return what was asked for, without style sheets and scripts."""
        self.house.make_due("site")
        record = self.house.crawl()["site"]
        assert record["status"] == "ok", record
        return [one for one in self.place.asked() if not re.search(r"/assets/|\.(?:css|js)\b", one.path)]

    def stored(self, posts: list[Post]) -> dict[str, IndexDocument]:
        """The stored articles by their posts' paths; each is one of these posts, and right."""
        wanted = {self.place.home + self.place.url(one): one for one in posts}
        documents = self.house.documents()
        assert documents.keys() <= wanted.keys()
        for url, document in documents.items():
            self._check(document, wanted[url])
        return {wanted[url].fate: document for url, document in documents.items()}

    def _check(self, document: IndexDocument, post: Post) -> None:
        """The fields of a stored article are those of its post, as far as the theme shows them."""
        article, shown = document.article, self.place.shows
        assert article.headline == post.headline
        assert article.body == post.text
        assert article.authors == ((post.author,) if "author" in shown else ())
        assert article.section == (post.section if "section" in shown else None)
        if self.place.to_the_minute is None:
            assert article.published is None
        elif self.place.to_the_minute:
            assert article.published == post.published
        else:
            assert article.published is not None
            assert article.published.date() == post.published.date()
        assert article.language == self.place.language
        names = [re.split(r"[.-]", one.url.rpartition("/")[2])[0] for one in article.images]  # a size may follow
        assert names == ([self.place.picture] if post.fate == "picture" else [])


# Each generator behind nginx, one of them behind the other servers too, and what makes its pages as they are asked for
PLACES: dict[str, tuple[type[Generator], type[WebServer]] | type[Wagtail | Plone | Ghost | MediaWiki] | str] = {
    **{kind.name: (kind, Nginx) for kind in GENERATORS},
    **{f"Pelican-{server.name}": (Pelican, server) for server in SERVERS},
    "Wagtail": Wagtail,
    "Plone": Plone,
    "Ghost": Ghost,
    "MediaWiki": MediaWiki,
    "WordPress": "twentytwentythree",
    "WordPress-twentytwentyone": "twentytwentyone",
}


@pytest.fixture(scope="module", params=PLACES.values(), ids=list(PLACES))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place: StaticSite | Wagtail | Plone | Ghost | MediaWiki | WordPress
    if isinstance(request.param, str):
        place = WordPress(request.param)
    elif request.param is MediaWiki:
        place = MediaWiki()
    elif request.param is Ghost:
        place = Ghost(tmp_path_factory.mktemp("ghost"))
    elif request.param in {Wagtail, Plone}:
        place = request.param(request.getfixturevalue("programs"), tmp_path_factory.mktemp("site"))
    else:
        system, server = request.param
        programs = request.getfixturevalue("programs")
        place = StaticSite(system(programs, tmp_path_factory.mktemp("system")), server())
    try:
        place.start()
        yield Site(place, Harness(Settings(), tmp_path_factory.mktemp("archive")))  # type: ignore[arg-type]
    finally:
        place.stop()


def test_a_site_from_its_first_crawl_to_its_last(site: Site) -> None:
    """One test, as each step is what the next one begins with."""
    place, left_out = site.place, {"locked"} if site.place.locks else set()
    posts = first(place.language, site.now)
    place.show(posts)
    added = site.house.told("sites", "add", f"{place.home}/", "--id", "site", "--country", "SY")
    assert added["articles"]
    place.asked()

    told = [site.crawl()]
    begun = site.stored(posts)
    assert begun.keys() == set(FATES) - {"scheduled", "backdated"} - left_out
    told.append(site.crawl())  # nothing has changed
    assert site.stored(posts) == begun
    if place.validates:
        assert all(one.status == 304 for one in told[-1] if one.conditional)
        assert sum(one.conditional for one in told[-1]) > len(begun), "each article, and a source"

    deleted = [one for one in posts if one.fate == "deleted"]
    posts = second(place.language, site.now)
    place.show(posts)
    told.append(site.crawl())
    told.append(site.crawl())  # what is missing is looked at a second time
    after = site.stored([*posts, *deleted])
    assert after.keys() == set(FATES) - left_out
    assert {fate for fate, one in after.items() if one.versions > 1} == {"edited"}
    assert {fate for fate, one in after.items() if one.gone} == ({"deleted"} if place.takes_away else set())

    told.append(site.crawl())  # what was built anew has new validators, which are kept: then nothing is sent again
    assert site.stored([*posts, *deleted]) == after
    if place.validates:
        assert sum(one.status == 304 for one in told[-1]) >= len(after)
    figures = [f"{len(one)} requests, {sum(each.status == 304 for each in one)} of them 304" for one in told]
    whole = ", ".join(sorted({one.path for one in told[1] if one.status != 304}))
    print(f"{place.name} {place.versions}: {'; '.join(figures)}; sent in full though nothing had changed: {whole}")
