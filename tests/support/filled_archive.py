"""A filled archive with its index, for whoever looks at the page: the newsroom's made-up articles, or one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from index.archive import Archive, articles, runs, site_state
from index.archive.articles import Fetched
from index.engines import Engine, open_engine
from index.model.article import Article, Image
from index.model.codes import RunCause, RunStatus
from index.model.message import Message
from index.search import indexer
from tests.support.archive_samples import next_turns
from tests.support.news_sites import story_generator
from tests.support.news_sites.article import Draft
from tests.support.news_sites.drafts import founding, prepared
from tests.support.postgresql import place

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ZONE = timezone(timedelta(hours=3))

SITES: Mapping[str, tuple[str, str, str]] = {  # name, country, language of what is on the shelf
    "asi": ("صحيفة العاصي", "SY", "ar"),
    "daily-mail-lb": ("البريد اليومي", "LB", "ar"),
    "mina": ("الميناء", "EG", "ar"),
    "sahel": ("ساحل لايف", "AE", "ar"),
    "observer": ("The Saltmarsh Observer", "GB", "en"),
    "phare": ("Le Phare", "FR", "fr"),
    "kuh": ("خبر کوه", "IR", "fa"),
    "vestnik": ("Вестник гавани", "RU", "ru"),
}
TEXTS = {"arabic2": "daily-mail-lb", "old": "mina", "app": "sahel", "fr": "phare", "fa": "kuh", "ru": "vestnik"}


@dataclass(frozen=True)
class SearchFixture:
    """An archive and the index of all that is in it."""

    archive: Archive
    engine: Engine

    def close(self) -> None:
        self.engine.close()
        self.archive.close()


def article(url: str, *, site: str = "asi", **fields: Any) -> Article:
    """An article of that address; its id and hash follow from its fields."""
    values: dict[str, Any] = {"headline": "خبر", "body": "نص", "extractor": "test", "language": "ar"} | fields
    text = digest(str(values["headline"]), str(values["body"]))
    return Article(id=digest(site, url), site=site, url=url, content_hash=text, **values)


EVERY = Message("schedule.every", {"interval": 1_800})


def digest(*parts: str) -> str:
    """A short hash of these texts, whatever is in them."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def page(of: Article, seen: datetime = NOW, **fields: Any) -> Fetched:
    """The page of an article, fetched at that time."""
    values: dict[str, Any] = {"url": of.url, "final_url": of.url, "body_hash": digest(of.headline, of.body)} | fields
    return Fetched(site=of.site, article=of, fetched=seen, **values)


def newsroom() -> Iterator[Article]:
    """Some sixty made-up articles in five languages, and the one that Arshif began with."""
    for name, site in TEXTS.items():
        for draft in prepared(name):
            yield written(site, draft)
    for number in range(24):
        yield written("asi", story_generator.story("ar", number), hours=1 + 3 * number)
    for number in range(10):
        yield written("observer", story_generator.story("en", number), hours=2 + 5 * number)
    yield written("asi", founding())
    yield written("sahel", founding(), hours=0.5)


def written(site: str, draft: Draft, hours: float | None = None) -> Article:
    """A draft as an article of this site, published so many hours before NOW."""
    name, country, language = SITES[site]
    moment = draft.published or NOW.astimezone(ZONE) - timedelta(hours=draft.hours if hours is None else hours)
    url = f"https://{site}.example/{moment:%Y/%m}/{draft.slug}"
    return article(
        url,
        site=site,
        country=country,
        language=language,
        headline=draft.headline,
        alternative_headline=draft.alternative_headline,
        body="\n\n".join(draft.body),
        section=next(iter(draft.sections), None),
        authors=draft.authors,
        keywords=draft.keywords,
        published=moment,
        images=(Image(f"{url}.jpg", draft.caption, draft.credit or name),) if draft.caption else (),
        origins={"headline": "json-ld", "body": "body", "published": "json-ld", "language": "detected"},
    )


def fill(directory: Path, pages: Iterable[Fetched]) -> SearchFixture:
    """A new archive in this folder with these pages stored and shipped to an embedded index, and its sites and runs."""
    shelf = SearchFixture(Archive(place(directory)), open_engine("embedded", directory=directory / "index"))
    stored = list(pages)

    def store(conn: Any) -> None:
        last_runs = {site: NOW - timedelta(minutes=7 * number) for number, site in enumerate(SITES)}
        for site, (name, country, language) in SITES.items():
            last = last_runs[site]
            known = {"name": name, "country": country, "languages": (language,), "homepage": f"https://{site}.example/"}
            turn = {"last_run": last, "last_success": last}
            site_state.put(conn, site, **known, **turn)
        next_turns(conn, {site: (last + timedelta(minutes=30), EVERY) for site, last in last_runs.items()})
        run = runs.start(conn, SITES, NOW, owner="test", why=Message(RunCause.SCHEDULED))
        for one in stored:
            articles.store(conn, one)
        counts = {site: {"discovered": 9, "stored": sum(p.site == site for p in stored)} for site in SITES}
        runs.finish(conn, run, RunStatus.OK, NOW + timedelta(seconds=42), counts)

    shelf.archive.write(store).result()
    indexer.index_pending(shelf.archive, shelf.engine)
    return shelf
