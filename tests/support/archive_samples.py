"""Articles and pages for the tests of the archive: plain values, made to order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Connection, update

from index.archive import Archive, articles, turns
from index.archive import tables as t
from index.archive.articles import Fetched
from index.archive.turns import NewTurn, StoredTurn
from index.model.article import Article, Image
from index.model.message import Message

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAMASCUS = timezone(timedelta(hours=3))
BODY = "\n\n".join(f"الفقرة {n} من الخبر تقول شيئاً عن المدينة والناس والطريق إليها في هذا اليوم" for n in range(5))


def digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def article(url: str = "https://step.example/1", *, site: str = "step", **fields: Any) -> Article:
    """An article of 70 words that is published at noon in Damascus; its id and hash follow from its fields."""
    values: dict[str, Any] = {
        "headline": "معارك البوكمال تتجدد",
        "body": BODY,
        "extractor": "1",
        "country": "SY",
        "language": "ar",
        "authors": ("سامر",),
        "section": "أخبار",
        "published": datetime(2026, 11, 23, 12, 0, tzinfo=DAMASCUS),
        "keywords": ("دير الزور",),
        "images": (Image("https://step.example/1.jpg", "صورة", "وكالة"),),
        "origins": {"headline": "json-ld"},
    } | fields
    content_hash = digest(values["headline"], values["body"])
    return Article(id=digest(site, url), site=site, url=url, content_hash=content_hash, **values)


def page(of: Article, at: datetime = NOW, **fields: Any) -> Fetched:
    """The page of an article, fetched without a redirect; its bytes are told by all that it says."""
    values: dict[str, Any] = {
        "url": of.url,
        "final_url": of.url,
        "body_hash": digest(of.url, of.headline, of.body, repr((of.authors, of.section, of.published, of.modified))),
        "etag": '"1"',
        "last_modified": "Mon, 23 Nov 2026 09:00:00 GMT",
        "revisit_at": at + HOUR,
    } | fields
    return Fetched(site=of.site, article=of, fetched=at, **values)


def store(archive: Archive, numbers: range, more: str = "", hours: int = 0) -> None:
    """Store an article of a few words for each number, with `more` of them, as fetched so many hours after NOW."""
    pages = [article(f"https://step.example/{n}", headline=f"خبر {n}", body=f"حلب {n} {more}") for n in numbers]
    for one in pages:
        archive.write(lambda c, one=one: articles.store(c, page(one, NOW + hours * HOUR)))  # type: ignore[misc]
    archive.write(lambda _: None).result()


def stored_when_fetched(conn: Connection) -> None:
    """Have all raw copies count as stored when they were fetched, as by a crawl of that time."""
    conn.execute(update(t.raws).values(stored=t.raws.c.fetched))


def next_turns(conn: Connection, them: Mapping[str, tuple[datetime, Message]]) -> None:
    """Have these sites, and no others, crawled next at these times for these reasons."""
    turns.follow(conn, dict.fromkeys(them, ""), NOW)
    turns.settle(conn, [NewTurn(StoredTurn(site), at, why, "") for site, (at, why) in them.items()], NOW)
